import type { GroupResource } from './errors.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** One resource of the API: what discovery says of it, how its body is decoded and where its objects are kept. */
export interface Resource {
  /** '' for core. */
  group: string;
  version: string;
  /** Plural, lower case: the word in the URL. */
  resource: string;
  singular: string;
  kind: string;
  /** Kind of a collection, such as PodList. */
  listKind: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  verbs: readonly Verb[];
  /** Name in generated/definitions.json of the object's type; of a custom resource in the OpenAPI documents only. */
  definition: string;
  /** As a CustomResourceDefinition's: whoever starts the API server brings its schema and its rules. */
  custom?: true;
  /** Whose objects they are in the store: resources of two API groups may be two views of one. */
  storage: GroupResource;
  subresources: readonly Subresource[];
}

/** A path below an object, such as pods/log. */
export interface Subresource {
  name: string;
  kind: string;
  /** Group and version of `kind` where they are not the resource's own. */
  kindGroup?: string;
  kindVersion?: string;
  verbs: readonly Verb[];
  /** Name in generated/definitions.json of the body's type; absent where the body is no object (log, exec …). */
  definition?: string;
}

const ALL: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const CHANGE: readonly Verb[] = ['get', 'patch', 'update'];

/**
 * The resources that the node serves, as the discovery of Kubernetes v1.33 describes them. `binding`s is create only.
 * Later groups (apps, batch) are appended by whoever adds their kinds.
 */
export const RESOURCES: readonly Resource[] = [
  core('bindings', 'Binding', { singular: 'binding', verbs: ['create'] }),
  core('configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  core('events', 'Event', { shortNames: ['ev'] }),
  core('namespaces', 'Namespace', {
    shortNames: ['ns'],
    namespaced: false,
    verbs: ALL.filter((verb) => verb !== 'deletecollection'),
    subresources: [own('finalize', 'Namespace', ['update']), own('status', 'Namespace', CHANGE)],
  }),
  core('nodes', 'Node', {
    shortNames: ['no'],
    namespaced: false,
    subresources: [
      { name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
      own('status', 'Node', CHANGE),
    ],
  }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', {
    shortNames: ['pvc'],
    subresources: [own('status', 'PersistentVolumeClaim', CHANGE)],
  }),
  core('pods', 'Pod', {
    shortNames: ['po'],
    categories: ['all'],
    subresources: [
      { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
      own('binding', 'Binding', ['create']),
      own('ephemeralcontainers', 'Pod', CHANGE),
      { ...own('eviction', 'Eviction', ['create']), kindGroup: 'policy', kindVersion: 'v1' },
      { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
      { name: 'log', kind: 'Pod', verbs: ['get'] },
      { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
      { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
      own('status', 'Pod', CHANGE),
    ],
  }),
  core('podtemplates', 'PodTemplate'),
  core('secrets', 'Secret'),
  core('serviceaccounts', 'ServiceAccount', {
    shortNames: ['sa'],
    subresources: [
      { ...own('token', 'TokenRequest', ['create']), kindGroup: 'authentication.k8s.io', kindVersion: 'v1' },
    ],
  }),
  review('authentication.k8s.io', 'SelfSubjectReview'),
  review('authentication.k8s.io', 'TokenReview'),
  review('authorization.k8s.io', 'LocalSubjectAccessReview', true),
  review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  review('authorization.k8s.io', 'SubjectAccessReview'),
  served('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  served('events.k8s.io', 'v1', 'events', 'Event', {
    shortNames: ['ev'],
    definition: 'EventsV1Event',
    storage: { group: '', resource: 'events' },
  }),
  outfit('sidecars', 'Sidecar', true),
  outfit('clustersidecars', 'ClusterSidecar', false),
];

/** The resource of a URL, or undefined when the node does not serve it. */
export function findResource(group: string, version: string, resource: string): Resource | undefined {
  return RESOURCES.find((r) => r.group === group && r.version === version && r.resource === resource);
}

/** The resource whose objects have this `apiVersion` and `kind`. */
export function findKind(apiVersion: string, kind: string): Resource | undefined {
  return RESOURCES.find((r) => apiVersionOf(r) === apiVersion && r.kind === kind);
}

/**
 * The resource that a user means by a word on the command line: plural, singular, short name or kind, in any case, with or without
 * `.group` (`po`, `Pod`, `pods`, `leases.coordination.k8s.io`). The first in the table wins, as the core group does in kubectl.
 */
export function resourceByWord(word: string): Resource | undefined {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const group = rest.join('.');
  return RESOURCES.find(
    (r) =>
      (group === '' || r.group === group) &&
      [r.resource, r.singular, r.kind.toLowerCase(), ...r.shortNames].includes(name) &&
      r.verbs.includes('get'),
  );
}

/** `v1`, `coordination.k8s.io/v1`: what objects of the resource say in `apiVersion`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

function own(name: string, kind: string, verbs: readonly Verb[]): Subresource {
  return { name, kind, verbs, definition: kind };
}

/** Questions that are posted and answered, and not kept. */
function review(group: string, kind: string, namespaced = false): Resource {
  return served(group, 'v1', `${kind.toLowerCase()}s`, kind, { namespaced, verbs: ['create'] });
}

/** Outfit's own, as their CustomResourceDefinitions say (`src/sidecar/crds.ts`). */
function outfit(resource: string, kind: string, namespaced: boolean): Resource {
  return served('outfit.dev', 'v1alpha1', resource, kind, {
    custom: true,
    namespaced,
    categories: ['outfit'],
    subresources: [own('status', kind, CHANGE)],
  });
}

function core(resource: string, kind: string, rest: Partial<Resource> = {}): Resource {
  return served('', 'v1', resource, kind, rest);
}

function served(
  group: string,
  version: string,
  resource: string,
  kind: string,
  rest: Partial<Resource> = {},
): Resource {
  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ALL,
    definition: kind,
    storage: { group, resource },
    subresources: [],
    ...rest,
  };
}
