/**
 * What this node does with a field of a PodSpec. `honoured`: what Kubernetes says. `noEffect`: nothing, which is right on a single Linux
 * machine, for the reason given. `warn`: less than Kubernetes says; the text tells the user what happens instead, or is undefined where the value
 * asks for nothing special.
 */
export type Support = 'honoured' | { noEffect: string } | { warn: string | Judge; unless?: keyof MachineAbilities };

/** What some machines can do: a row that names one in `unless` warns where it is missing. */
export interface MachineAbilities {
  appArmor: boolean;
  recursiveReadOnly: boolean;
  seLinux: boolean;
  supplementalGroupsPolicy: boolean;
  userNamespaces: boolean;
}

/** Looks at a value; `key` is the last part of its path, `parent` the object that holds it. */
type Judge = (value: unknown, at: { key: string; parent: Record<string, unknown> }) => string | undefined;

const YET = 'not honoured by this node yet';
const RUNTIME_CANNOT = "this node's container runtime cannot do it (containerd can since 2.0)";
const REFUSED = 'the API server refuses it here';
const NO_SELINUX = "this machine's kernel has no SELinux: containers run without a label";
const ONLY_NODE = 'there is one node, so there is nothing to prefer';
const NEIGHBOURS = `${YET}: the pod is bound whatever other pods are there`;

const UNSUPPORTED_VOLUME: Support = {
  warn: 'volumes of this kind are not supported by this node yet: the pod will wait in ContainerCreating',
};

const VOLUME_KINDS_TO_COME = ['csi', 'image'];
/** What a volume made of objects says of them: the same for a volume of its own and for a projected source. */
const CHOSEN_KEYS = ['items[].key', 'items[].mode', 'items[].path', 'optional'];
const DOWNWARD_FILES = [
  'items[].fieldRef.apiVersion',
  'items[].fieldRef.fieldPath',
  'items[].mode',
  'items[].path',
  'items[].resourceFieldRef.containerName',
  'items[].resourceFieldRef.divisor',
  'items[].resourceFieldRef.resource',
];
const PROJECTED = 'volumes[].projected.sources[]';
/** Storage of clouds and storage systems, most of it gone from Kubernetes itself. */
const VOLUME_KINDS_OF_CLUSTERS = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];

/** What probes and hooks can do alike. */
const HANDLERS = [
  'exec.command[]',
  'httpGet.host',
  'httpGet.httpHeaders[].name',
  'httpGet.httpHeaders[].value',
  'httpGet.path',
  'httpGet.port',
  'httpGet.scheme',
];

/** Fields of containers and init containers, relative to the container. */
const CONTAINER: Record<string, Support> = {
  ...honoured(
    'args[]',
    'command[]',
    'env[].name',
    'env[].value',
    'env[].valueFrom.configMapKeyRef.key',
    'env[].valueFrom.configMapKeyRef.name',
    'env[].valueFrom.configMapKeyRef.optional',
    'env[].valueFrom.fieldRef.apiVersion',
    'env[].valueFrom.fieldRef.fieldPath',
    'env[].valueFrom.resourceFieldRef.containerName',
    'env[].valueFrom.resourceFieldRef.divisor',
    'env[].valueFrom.resourceFieldRef.resource',
    'env[].valueFrom.secretKeyRef.key',
    'env[].valueFrom.secretKeyRef.name',
    'env[].valueFrom.secretKeyRef.optional',
    'envFrom[].configMapRef.name',
    'envFrom[].configMapRef.optional',
    'envFrom[].prefix',
    'envFrom[].secretRef.name',
    'envFrom[].secretRef.optional',
    'image',
    'imagePullPolicy',
    'name',
    'ports[].containerPort',
    'ports[].hostIP',
    'ports[].hostPort',
    'ports[].name',
    'ports[].protocol',
    'resources.requests{}',
    'restartPolicy',
    'securityContext.allowPrivilegeEscalation',
    'securityContext.capabilities.add[]',
    'securityContext.capabilities.drop[]',
    'securityContext.privileged',
    'securityContext.procMount',
    'securityContext.readOnlyRootFilesystem',
    'securityContext.runAsGroup',
    'securityContext.runAsNonRoot',
    'securityContext.runAsUser',
    'securityContext.seccompProfile.localhostProfile',
    'securityContext.seccompProfile.type',
    'stdin',
    'stdinOnce',
    'terminationMessagePath',
    'terminationMessagePolicy',
    'tty',
    'volumeMounts[].mountPath',
    'volumeMounts[].mountPropagation',
    'volumeMounts[].name',
    'volumeMounts[].readOnly',
    'volumeMounts[].subPath',
    'volumeMounts[].subPathExpr',
    'workingDir',
  ),
  ...hook('lifecycle.postStart'),
  ...hook('lifecycle.preStop'),
  'lifecycle.stopSignal': {
    warn: 'not honoured, as in a cluster of v1.33 (feature gate ContainerStopSignals is off): the container gets the stop signal of its image',
  },
  ...probe('livenessProbe'),
  ...probe('readinessProbe'),
  ...probe('startupProbe'),
  resizePolicy: { noEffect: 'containers are not resized in place, so there is no policy to follow' },
  'resources.claims': { warn: `${YET}: the container gets no devices` },
  'resources.limits{}': { warn: unknownLimit },
  'securityContext.appArmorProfile': { warn: appArmor, unless: 'appArmor' },
  'securityContext.seLinuxOptions': { warn: NO_SELINUX, unless: 'seLinux' },
  'securityContext.windowsOptions': { noEffect: 'this is a Linux machine' },
  volumeDevices: { warn: `${YET}: the container does not get the device` },
  'volumeMounts[].recursiveReadOnly': { warn: recursiveReadOnly, unless: 'recursiveReadOnly' },
};

/** What the API server refuses in ephemeral containers: no value of it ever comes here. */
const NEVER_EPHEMERAL = [
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'resizePolicy',
  'resources',
  'restartPolicy',
  'startupProbe',
];

/** Fields of ephemeral containers, relative to the container. */
const EPHEMERAL: Record<string, Support> = {
  ...Object.fromEntries(
    Object.entries(CONTAINER).filter(([path]) => !NEVER_EPHEMERAL.includes(path.split(/[.[]/)[0] ?? '')),
  ),
  ...Object.fromEntries(NEVER_EPHEMERAL.map((path) => [path, { noEffect: REFUSED }])),
  ...honoured('targetContainerName'),
};

const CLAIM_PENDS = `${YET}: the claim will stay Pending, and the pod with it`;

/** What the claim of an ephemeral volume is made from; claims themselves have their warnings in `claims/claim-rules.ts`. */
const CLAIM_TEMPLATE: Record<string, Support> = {
  ...honoured('metadata.annotations{}', 'metadata.labels{}', 'spec.accessModes[]'),
  metadata: { noEffect: 'only labels and annotations of a template are used' },
  'spec.dataSource': { warn: CLAIM_PENDS },
  'spec.dataSourceRef': { warn: CLAIM_PENDS },
  'spec.resources': { warn: 'not enforced by this node: the volume may grow as large as the disk' },
  'spec.selector': { warn: CLAIM_PENDS },
  'spec.storageClassName': {
    warn: (value) =>
      value === '' ? CLAIM_PENDS : 'there are no storage classes here: the volume is a directory of this node',
  },
  'spec.volumeAttributesClassName': { noEffect: 'volumes have no attributes here' },
  'spec.volumeMode': { warn: (value) => (value === 'Block' ? CLAIM_PENDS : undefined) },
  'spec.volumeName': { warn: CLAIM_PENDS },
};

/** Fields of a PodSpec, relative to it: `[]` stands for any item, `{}` for any key. A row that is no leaf covers all below it. */
export const FIELD_SUPPORT: Readonly<Record<string, Support>> = {
  ...below('containers[]', CONTAINER),
  ...below('initContainers[]', CONTAINER),
  ...below('ephemeralContainers[]', EPHEMERAL),
  ...honoured(
    'activeDeadlineSeconds',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchExpressions[].key',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchExpressions[].operator',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchExpressions[].values[]',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchFields[].key',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchFields[].operator',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchFields[].values[]',
    'automountServiceAccountToken',
    'dnsConfig.nameservers[]',
    'dnsConfig.options[].name',
    'dnsConfig.options[].value',
    'dnsConfig.searches[]',
    'dnsPolicy',
    'hostAliases[].hostnames[]',
    'hostAliases[].ip',
    'hostIPC',
    'hostNetwork',
    'hostPID',
    'hostname',
    'imagePullSecrets[].name',
    'nodeName',
    'nodeSelector{}',
    'os.name',
    'readinessGates[].conditionType',
    'restartPolicy',
    'schedulerName',
    'schedulingGates[].name',
    'securityContext.fsGroup',
    'securityContext.fsGroupChangePolicy',
    'securityContext.runAsGroup',
    'securityContext.runAsNonRoot',
    'securityContext.runAsUser',
    'securityContext.seccompProfile.localhostProfile',
    'securityContext.seccompProfile.type',
    'securityContext.supplementalGroups[]',
    'securityContext.sysctls[].name',
    'securityContext.sysctls[].value',
    'serviceAccountName',
    'setHostnameAsFQDN',
    'shareProcessNamespace',
    'subdomain',
    'terminationGracePeriodSeconds',
    'tolerations[].effect',
    'tolerations[].key',
    'tolerations[].operator',
    'tolerations[].tolerationSeconds',
    'tolerations[].value',
    'volumes[].configMap.defaultMode',
    'volumes[].configMap.name',
    'volumes[].downwardAPI.defaultMode',
    'volumes[].emptyDir.sizeLimit',
    'volumes[].hostPath.path',
    'volumes[].hostPath.type',
    'volumes[].name',
    'volumes[].persistentVolumeClaim.claimName',
    'volumes[].persistentVolumeClaim.readOnly',
    'volumes[].projected.defaultMode',
    'volumes[].secret.defaultMode',
    'volumes[].secret.secretName',
    `${PROJECTED}.configMap.name`,
    `${PROJECTED}.secret.name`,
    `${PROJECTED}.serviceAccountToken.audience`,
    `${PROJECTED}.serviceAccountToken.expirationSeconds`,
    `${PROJECTED}.serviceAccountToken.path`,
    ...['volumes[].configMap', 'volumes[].secret', `${PROJECTED}.configMap`, `${PROJECTED}.secret`].flatMap((source) =>
      CHOSEN_KEYS.map((field) => `${source}.${field}`),
    ),
    ...['volumes[].downwardAPI', `${PROJECTED}.downwardAPI`].flatMap((source) =>
      DOWNWARD_FILES.map((field) => `${source}.${field}`),
    ),
  ),
  [`${PROJECTED}.clusterTrustBundle`]: UNSUPPORTED_VOLUME,
  'affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution': { noEffect: ONLY_NODE },
  'affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution': { noEffect: ONLY_NODE },
  'affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution': { warn: NEIGHBOURS },
  'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution': { noEffect: ONLY_NODE },
  'affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution': { warn: NEIGHBOURS },
  enableServiceLinks: { noEffect: 'there are no Services to link to' },
  hostUsers: { warn: hostUsers, unless: 'userNamespaces' },
  overhead: { noEffect: REFUSED },
  preemptionPolicy: { noEffect: 'no pod makes room for another here' },
  priority: { noEffect: 'no pod makes room for another here' },
  priorityClassName: { noEffect: 'no pod makes room for another here' },
  resourceClaims: { warn: `${YET}: the pod gets no devices` },
  resources: { warn: `${YET}: only the resources of the containers count` },
  runtimeClassName: { noEffect: REFUSED },
  'securityContext.appArmorProfile': { warn: appArmor, unless: 'appArmor' },
  'securityContext.seLinuxChangePolicy': {
    noEffect:
      'volumes are labelled file by file, as in a cluster those of all drivers that do not say that they can be mounted with a label',
  },
  'securityContext.seLinuxOptions': { warn: NO_SELINUX, unless: 'seLinux' },
  'securityContext.supplementalGroupsPolicy': {
    warn: (value) => (value === 'Strict' ? `${RUNTIME_CANNOT}: the pod will fail` : undefined),
    unless: 'supplementalGroupsPolicy',
  },
  'securityContext.windowsOptions': { noEffect: 'this is a Linux machine' },
  serviceAccount: { noEffect: 'an old name of serviceAccountName' },
  topologySpreadConstraints: { warn: `${YET}: there is one node, nothing is spread` },
  'volumes[].emptyDir.medium': { warn: medium },
  ...below('volumes[].ephemeral.volumeClaimTemplate', CLAIM_TEMPLATE),
  ...Object.fromEntries(
    [...VOLUME_KINDS_TO_COME, ...VOLUME_KINDS_OF_CLUSTERS].map((kind) => [`volumes[].${kind}`, UNSUPPORTED_VOLUME]),
  ),
};

function honoured(...paths: string[]): Record<string, Support> {
  return Object.fromEntries(paths.map((path) => [path, 'honoured' as const]));
}

function below(prefix: string, rows: Record<string, Support>): Record<string, Support> {
  return Object.fromEntries(Object.entries(rows).map(([path, support]) => [`${prefix}.${path}`, support]));
}

function probe(field: string): Record<string, Support> {
  const own = ['failureThreshold', 'initialDelaySeconds', 'periodSeconds', 'successThreshold', 'timeoutSeconds'];
  const tcpSocket = ['tcpSocket.host', 'tcpSocket.port'];
  const all = [...own, ...HANDLERS, ...tcpSocket, 'grpc.port', 'grpc.service'];
  const rows = below(field, honoured(...all));
  // The API server does not allow it for readiness.
  return { ...rows, ...honoured(`${field}.terminationGracePeriodSeconds`) };
}

function hook(field: string): Record<string, Support> {
  const tcpSocket: Support = { warn: 'no cluster can run this hook: it fails when its time comes' };
  return { ...below(field, honoured(...HANDLERS, 'sleep.seconds')), [`${field}.tcpSocket`]: tcpSocket };
}

function unknownLimit(_: unknown, { key }: { key: string }): string | undefined {
  if (['cpu', 'memory', 'ephemeral-storage'].includes(key)) return undefined;
  return `${YET}: this node has no such resource to give`;
}

function appArmor(profile: unknown): string | undefined {
  if ((profile as { type?: string }).type === 'Unconfined') return undefined;
  return "this machine's kernel does not enforce AppArmor: containers run without a profile";
}

function recursiveReadOnly(mode: unknown): string | undefined {
  if (mode === 'Enabled') return `${RUNTIME_CANNOT}: the container will wait with CreateContainerConfigError`;
  return mode === 'IfPossible' ? `${RUNTIME_CANNOT}: mounts below this one stay writable` : undefined;
}

function hostUsers(value: unknown): string | undefined {
  return value === false ? `${RUNTIME_CANNOT}: the pod will wait in ContainerCreating` : undefined;
}

function medium(value: unknown): string | undefined {
  return value === '' || value === 'Memory' ? undefined : `${YET}: the pod will wait in ContainerCreating`;
}
