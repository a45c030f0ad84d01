/** How one list or object field takes part in merging. */
export interface MergeRule {
  /** Strategic merge patch: `merge` joins lists, `retainKeys` drops the object's other fields. Absent: the patch's value replaces all. */
  patchStrategy?: 'merge' | 'retainKeys' | 'merge,retainKeys';
  /** Strategic merge patch: the field by which elements of a merged list are one and the same. Absent for lists of scalars. */
  patchMergeKey?: string;
  /** Server-side apply: elements are owned one by one by their keys, as a set, or the list as a whole. */
  listType?: 'map' | 'set' | 'atomic';
  listMapKeys?: readonly string[];
  /** Server-side apply: an object or map that is owned as a whole. */
  mapType?: 'atomic';
}

/** The rule of a field, by the definition it stands in. A field without one is replaced (lists) or merged deeply (objects and maps). */
export function mergeRule(definition: string, field: string): MergeRule | undefined {
  const fields = Object.hasOwn(RULES, definition) ? RULES[definition] : undefined;
  return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
}

/** Whether a whole type is owned as one piece in server-side apply. */
export function isAtomicType(definition: string): boolean {
  return ATOMIC_TYPES.has(definition);
}

/** The OpenAPI extensions of a field (`x-kubernetes-patch-strategy` and so on), as kube-apiserver publishes them. */
export function openApiExtensions(definition: string, field: string): Record<string, unknown> {
  const rule = mergeRule(definition, field) ?? {};
  return {
    ...(rule.listMapKeys && { 'x-kubernetes-list-map-keys': rule.listMapKeys }),
    ...(rule.listType && { 'x-kubernetes-list-type': rule.listType }),
    ...(rule.mapType && { 'x-kubernetes-map-type': rule.mapType }),
    ...(rule.patchMergeKey && { 'x-kubernetes-patch-merge-key': rule.patchMergeKey }),
    ...(rule.patchStrategy && { 'x-kubernetes-patch-strategy': rule.patchStrategy }),
  };
}

const ATOMIC: MergeRule = { listType: 'atomic' };
const ATOMIC_MAP: MergeRule = { mapType: 'atomic' };
const SET: MergeRule = { listType: 'set', patchStrategy: 'merge' };

/** Elements are told apart by `keys`; the first one is the key of strategic merge patch. */
function by(...keys: [string, ...string[]]): MergeRule {
  return { listType: 'map', listMapKeys: keys, patchStrategy: 'merge', patchMergeKey: keys[0] };
}

function retaining(key: string): MergeRule {
  return { ...by(key), patchStrategy: 'merge,retainKeys' };
}

const CONTAINER: Record<string, MergeRule> = {
  args: ATOMIC,
  command: ATOMIC,
  env: by('name'),
  envFrom: ATOMIC,
  ports: by('containerPort', 'protocol'),
  resizePolicy: ATOMIC,
  volumeDevices: by('devicePath'),
  volumeMounts: by('mountPath'),
};

/** The tags of core/v1 and meta/v1 `types.go` in v1.33, for the kinds that are served. */
const RULES: Record<string, Record<string, MergeRule>> = {
  ObjectMeta: { finalizers: SET, ownerReferences: by('uid') },
  PodSpec: {
    containers: by('name'),
    ephemeralContainers: by('name'),
    hostAliases: by('ip'),
    imagePullSecrets: by('name'),
    initContainers: by('name'),
    nodeSelector: ATOMIC_MAP,
    readinessGates: ATOMIC,
    resourceClaims: retaining('name'),
    schedulingGates: by('name'),
    tolerations: ATOMIC,
    topologySpreadConstraints: by('topologyKey', 'whenUnsatisfiable'),
    volumes: retaining('name'),
  },
  Container: CONTAINER,
  EphemeralContainer: CONTAINER,
  PodStatus: {
    conditions: by('type'),
    containerStatuses: ATOMIC,
    ephemeralContainerStatuses: ATOMIC,
    hostIPs: { ...ATOMIC, patchStrategy: 'merge', patchMergeKey: 'ip' },
    initContainerStatuses: ATOMIC,
    podIPs: by('ip'),
    resourceClaimStatuses: retaining('name'),
  },
  ContainerStatus: { allocatedResourcesStatus: by('name'), volumeMounts: by('mountPath') },
  Capabilities: { add: ATOMIC, drop: ATOMIC },
  ConfigMapProjection: { items: ATOMIC },
  ConfigMapVolumeSource: { items: ATOMIC },
  DownwardAPIProjection: { items: ATOMIC },
  DownwardAPIVolumeSource: { items: ATOMIC },
  ExecAction: { command: ATOMIC },
  HTTPGetAction: { httpHeaders: ATOMIC },
  HostAlias: { hostnames: ATOMIC },
  LabelSelector: { matchExpressions: ATOMIC },
  // The tag sits on the key of the requirement itself; kube-apiserver publishes it and nothing uses it.
  LabelSelectorRequirement: { values: ATOMIC },
  NamespaceSpec: { finalizers: ATOMIC },
  NamespaceStatus: { conditions: by('type') },
  NodeSpec: { podCIDRs: SET, taints: ATOMIC },
  NodeStatus: {
    addresses: by('type'),
    conditions: by('type'),
    images: ATOMIC,
    volumesAttached: ATOMIC,
    volumesInUse: ATOMIC,
  },
  PersistentVolumeClaimSpec: { accessModes: ATOMIC },
  PersistentVolumeClaimStatus: {
    accessModes: ATOMIC,
    allocatedResourceStatuses: { mapType: 'atomic' },
    conditions: by('type'),
  },
  PodDNSConfig: { nameservers: ATOMIC, options: ATOMIC, searches: ATOMIC },
  PodSecurityContext: { supplementalGroups: ATOMIC, sysctls: ATOMIC },
  ProjectedVolumeSource: { sources: ATOMIC },
  ResourceRequirements: { claims: { listType: 'map', listMapKeys: ['name'] } },
  SecretProjection: { items: ATOMIC },
  SecretVolumeSource: { items: ATOMIC },
  ServiceAccount: { imagePullSecrets: ATOMIC, secrets: by('name') },
  TopologySpreadConstraint: { matchLabelKeys: ATOMIC },
};

const ATOMIC_TYPES = new Set([
  'ConfigMapKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'ResourceFieldSelector',
  'SecretKeySelector',
  'TypedLocalObjectReference',
]);
