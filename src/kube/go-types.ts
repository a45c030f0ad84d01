/**
 * What the JSON schema does not say of Kubernetes' Go types and clients nevertheless see: the names of types in decoding errors, and
 * which empty values disappear when an object is written back (`omitempty` on a field that is no pointer).
 */

/** The name that Go prints for a field's type, such as `[]v1.VolumeMount`; `type` is the compact notation of definitions.json. */
export function goType(definition: string, field: string, type: string): string {
  if (type.startsWith('[]')) return `[]${goType(definition, field, type.slice(2))}`;
  if (type === '{}quantity') return 'v1.ResourceList';
  if (type.startsWith('{}')) return `map[string]${goType(definition, field, type.slice(2))}`;
  if (type.startsWith('#')) return `v1.${goStruct(type.slice(1))}`;
  if (type === 'string') return NAMED_STRINGS[`${definition}.${field}`] ?? NAMED_STRINGS[field] ?? 'string';
  if (type === 'integer') return INT64.has(field) ? 'int64' : 'int32';
  return SCALARS[type] ?? type;
}

/** The Go struct of a definition. */
export function goStruct(definition: string): string {
  return definition.replace(/^EventsV1/, '');
}

/** Whether an optional field with this empty value is written back without it. */
export function isOmitted(definition: string, field: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value === '') return !POINTER_STRINGS.has(`${definition}.${field}`) && !POINTER_STRINGS.has(field);
  if (value === false) return PLAIN_BOOLEANS.has(field) && definition !== 'CSIVolumeSource';
  return value === 0 && PLAIN_INTEGERS.has(field);
}

/** Times that Kubernetes writes as null when they are not set. */
export function keepsNull(definition: string, field: string): boolean {
  if (field === 'eventTime') return true;
  return definition.endsWith('Condition') && (field === 'lastProbeTime' || field === 'lastTransitionTime');
}

const SCALARS: Record<string, string> = {
  boolean: 'bool',
  number: 'float64',
  byte: '[]uint8',
  quantity: 'resource.Quantity',
  'date-time': 'v1.Time',
  'micro-time': 'v1.MicroTime',
  'int-or-string': 'intstr.IntOrString',
};

const INT64 = new Set([
  'activeDeadlineSeconds',
  'deletionGracePeriodSeconds',
  'expirationSeconds',
  'fsGroup',
  'generation',
  'gid',
  'gracePeriodSeconds',
  'observedGeneration',
  'remainingItemCount',
  'runAsGroup',
  'runAsUser',
  'seconds',
  'sizeBytes',
  'supplementalGroups',
  'terminationGracePeriodSeconds',
  'tolerationSeconds',
  'uid',
]);

/** By field, or by definition and field where the field's name means several things. */
const NAMED_STRINGS: Record<string, string> = {
  'ObjectMeta.uid': 'types.UID',
  'OwnerReference.uid': 'types.UID',
  'ObjectReference.uid': 'types.UID',
  'Preconditions.uid': 'types.UID',
  'ManagedFieldsEntry.operation': 'v1.ManagedFieldsOperationType',
  'LabelSelectorRequirement.operator': 'v1.LabelSelectorOperator',
  propagationPolicy: 'v1.DeletionPropagation',
  'PodSpec.restartPolicy': 'v1.RestartPolicy',
  'Container.restartPolicy': 'v1.ContainerRestartPolicy',
  'EphemeralContainer.restartPolicy': 'v1.ContainerRestartPolicy',
  'ContainerResizePolicy.restartPolicy': 'v1.ResourceResizeRestartPolicy',
  'ContainerResizePolicy.resourceName': 'v1.ResourceName',
  'NamespaceSpec.finalizers': 'v1.FinalizerName',
  'Capabilities.add': 'v1.Capability',
  'Capabilities.drop': 'v1.Capability',
  'EmptyDirVolumeSource.medium': 'v1.StorageMedium',
  'HostPathVolumeSource.type': 'v1.HostPathType',
  'ImageVolumeSource.pullPolicy': 'v1.PullPolicy',
  'SeccompProfile.type': 'v1.SeccompProfileType',
  'AppArmorProfile.type': 'v1.AppArmorProfileType',
  'Toleration.operator': 'v1.TolerationOperator',
  'NodeSelectorRequirement.operator': 'v1.NodeSelectorOperator',
  'PodReadinessGate.conditionType': 'v1.PodConditionType',
  'PodCondition.type': 'v1.PodConditionType',
  'PodCondition.status': 'v1.ConditionStatus',
  'PodOS.name': 'v1.OSName',
  'PodStatus.phase': 'v1.PodPhase',
  'NamespaceStatus.phase': 'v1.NamespacePhase',
  'PersistentVolumeClaimStatus.phase': 'v1.PersistentVolumeClaimPhase',
  'Secret.type': 'v1.SecretType',
  accessModes: 'v1.PersistentVolumeAccessMode',
  dnsPolicy: 'v1.DNSPolicy',
  effect: 'v1.TaintEffect',
  fsGroupChangePolicy: 'v1.PodFSGroupChangePolicy',
  imagePullPolicy: 'v1.PullPolicy',
  mountPropagation: 'v1.MountPropagationMode',
  nodeAffinityPolicy: 'v1.NodeInclusionPolicy',
  nodeTaintsPolicy: 'v1.NodeInclusionPolicy',
  preemptionPolicy: 'v1.PreemptionPolicy',
  procMount: 'v1.ProcMountType',
  protocol: 'v1.Protocol',
  qosClass: 'v1.PodQOSClass',
  recursiveReadOnly: 'v1.RecursiveReadOnlyMode',
  scheme: 'v1.URIScheme',
  seLinuxChangePolicy: 'v1.PodSELinuxChangePolicy',
  stopSignal: 'v1.Signal',
  supplementalGroupsPolicy: 'v1.SupplementalGroupsPolicy',
  terminationMessagePolicy: 'v1.TerminationMessagePolicy',
  volumeMode: 'v1.PersistentVolumeMode',
  whenUnsatisfiable: 'v1.UnsatisfiableConstraintAction',
};

/** Optional strings that are pointers: the empty text differs from none. */
const POINTER_STRINGS = new Set([
  'storageClassName',
  'volumeAttributesClassName',
  'currentVolumeAttributesClassName',
  'HostPathVolumeSource.type',
  'GRPCAction.service',
  'CSIVolumeSource.fsType',
  'TypedLocalObjectReference.apiGroup',
  'TypedObjectReference.apiGroup',
  'TypedObjectReference.namespace',
  'ClusterTrustBundleProjection.name',
  'ClusterTrustBundleProjection.signerName',
  'PodDNSConfigOption.value',
  'Container.restartPolicy',
  'EphemeralContainer.restartPolicy',
  'PodStatus.resize',
  'fsGroupChangePolicy',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
  'gmsaCredentialSpec',
  'gmsaCredentialSpecName',
  'runAsUserName',
  'holderIdentity',
  'preferredHolder',
  'strategy',
  'localhostProfile',
  'mountPropagation',
  'recursiveReadOnly',
  'nodeAffinityPolicy',
  'nodeTaintsPolicy',
  'preemptionPolicy',
  'procMount',
  'resourceClaimName',
  'resourceClaimTemplateName',
  'runtimeClassName',
  'stopSignal',
  'volumeMode',
  'propagationPolicy',
  'Preconditions.uid',
  'Preconditions.resourceVersion',
]);

const PLAIN_BOOLEANS = new Set([
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'unschedulable',
]);

const PLAIN_INTEGERS = new Set([
  'count',
  'failureThreshold',
  'generation',
  'hostPort',
  'initialDelaySeconds',
  'observedGeneration',
  'periodSeconds',
  'signal',
  'successThreshold',
  'timeoutSeconds',
]);
