import type { Resource, Subresource } from '../../kube/resources.ts';
import { SERVED, servedSubresources } from '../rest/served.ts';

interface GroupVersion {
  group: string;
  version: string;
}

/** The group versions that are served, core first. */
export function groupVersions(): GroupVersion[] {
  const seen = new Map<string, GroupVersion>();
  for (const { group, version } of SERVED) seen.set(`${group}/${version}`, { group, version });
  return [...seen.values()];
}

/** GET /api/v1 and /apis/{group}/{version}: the resources of one group version; undefined when it is not served. */
export function apiResourceList(group: string, version: string): object | undefined {
  const resources = SERVED.filter((r) => r.group === group && r.version === version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group !== '' && { apiVersion: 'v1' }),
    groupVersion: nameOf({ group, version }),
    resources: resources.flatMap((resource) => [
      plainResource(resource),
      ...servedSubresources(resource).map((sub) => plainSubresource(resource, sub)),
    ]),
  };
}

/** GET /api. */
export function apiVersions(address: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** GET /apis. */
export function apiGroupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map((group) => groupBody(group)) };
}

/** GET /apis/{group}; undefined when it is not served. */
export function apiGroup(name: string): object | undefined {
  const found = groups().find(({ group }) => group === name);
  return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(found) };
}

/** GET /api and /apis in the aggregated form: everything about all groups at once. */
export function aggregated(root: 'api' | 'apis', version: 'v2' | 'v2beta1'): object {
  const wanted = groupVersions().filter(({ group }) => (group === '') === (root === 'api'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: wanted.map(({ group, version }) => ({
      metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
      versions: [
        {
          version,
          resources: SERVED.filter((r) => r.group === group && r.version === version).map(aggregatedResource),
          freshness: 'Current',
        },
      ],
    })),
  };
}

const groups = (): GroupVersion[] => groupVersions().filter(({ group }) => group !== '');
const nameOf = ({ group, version }: GroupVersion): string => (group === '' ? version : `${group}/${version}`);

function groupBody({ group, version }: GroupVersion): object {
  const known = { groupVersion: nameOf({ group, version }), version };
  return { name: group, versions: [known], preferredVersion: known };
}

function plainResource({ resource, singular, namespaced, kind, verbs, shortNames, categories }: Resource): object {
  return {
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
}

function plainSubresource({ resource, namespaced }: Resource, sub: Subresource): object {
  return {
    name: `${resource}/${sub.name}`,
    singularName: '',
    namespaced,
    ...(sub.kindGroup !== undefined && { group: sub.kindGroup, version: sub.kindVersion }),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

function aggregatedResource(resource: Resource): object {
  const { group, version, kind, singular, namespaced, verbs, shortNames, categories } = resource;
  const subresources = servedSubresources(resource).map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.kindGroup ?? group, version: sub.kindVersion ?? version, kind: sub.kind },
    verbs: sub.verbs,
  }));
  return {
    resource: resource.resource,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
