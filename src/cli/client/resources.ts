import { Failure } from '../command.ts';
import type { Cluster } from './cluster.ts';

/** A resource as the API serves it. */
export interface Resource {
  /** '' for the core group. */
  group: string;
  version: string;
  /** Plural, lower case. */
  name: string;
  kind: string;
  namespaced: boolean;
  /** Singular and short names, for what people type. */
  aliases: string[];
}

const core = (name: string, kind: string, aliases: string[], namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  name,
  kind,
  namespaced,
  aliases,
});

/** The core kinds that every Kubernetes serves: naming them costs no round trip. */
const WELL_KNOWN: Resource[] = [
  core('pods', 'Pod', ['pod', 'po']),
  core('configmaps', 'ConfigMap', ['configmap', 'cm']),
  core('secrets', 'Secret', ['secret']),
  core('events', 'Event', ['event', 'ev']),
  core('serviceaccounts', 'ServiceAccount', ['serviceaccount', 'sa']),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', ['persistentvolumeclaim', 'pvc']),
  core('namespaces', 'Namespace', ['namespace', 'ns'], false),
  core('nodes', 'Node', ['node', 'no'], false),
];

/** What the user typed: `po`, `pods`, `deployments.apps`. @throws Failure in kubectl's words */
export async function resourceNamed(cluster: Cluster, typed: string): Promise<Resource> {
  const word = typed.toLowerCase();
  const known = WELL_KNOWN.find((r) => r.name === word || r.aliases.includes(word));
  if (known) return known;
  const [name, ...group] = word.split('.');
  const candidates = (await discover(cluster)).filter((r) => r.name === name || r.aliases.includes(name!));
  const found = candidates.find((r) => group.length === 0 || r.group === group.join('.'));
  if (!found) throw new Failure(`the server doesn't have a resource type "${typed}"`);
  return found;
}

/** The resource that serves objects of a kind. @throws Failure in kubectl's words */
export async function resourceOfKind(cluster: Cluster, apiVersion: string, kind: string): Promise<Resource> {
  const [version, group] = apiVersion.split('/').reverse() as [string, string | undefined];
  const matches = (r: Resource): boolean => r.kind === kind && r.version === version && r.group === (group ?? '');
  const found = WELL_KNOWN.find(matches) ?? (await discover(cluster)).find(matches);
  if (!found) throw new Failure(`no matches for kind "${kind}" in version "${apiVersion}"`);
  return found;
}

/** Path of a collection or, with a name, of one object. */
export function pathOf(
  resource: Resource,
  place: { namespace?: string | undefined; name?: string | undefined },
): string {
  const prefix = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace =
    resource.namespaced && place.namespace !== undefined ? `/namespaces/${encodeURIComponent(place.namespace)}` : '';
  return `${prefix}${namespace}/${resource.name}${place.name === undefined ? '' : `/${encodeURIComponent(place.name)}`}`;
}

/** `pod`, `deployment.apps`: how kubectl names a kind before the slash. */
export function typeName(resource: Resource): string {
  const singular = resource.kind.toLowerCase();
  return resource.group === '' ? singular : `${singular}.${resource.group}`;
}

/** `pods`, `deployments.apps`. */
export function pluralName(resource: Resource): string {
  return resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean; singularName?: string; shortNames?: string[] }[];
}

/** Everything that the API serves. */
export async function discover(cluster: Cluster): Promise<Resource[]> {
  const groups = await cluster.request<{ groups: { name: string; versions: { version: string }[] }[] }>({
    path: '/apis',
  });
  const versions = groups.groups.flatMap((g) => g.versions.map((v) => ({ group: g.name, version: v.version })));
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...versions].map(async ({ group, version }) => {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      const list = await cluster.request<ResourceList>({ path });
      return list.resources
        .filter((r) => !r.name.includes('/'))
        .map(({ name, kind, namespaced, singularName, shortNames = [] }) => ({
          group,
          version,
          name,
          kind,
          namespaced,
          aliases: [singularName || kind.toLowerCase(), ...shortNames],
        }));
    }),
  );
  return lists.flat();
}
