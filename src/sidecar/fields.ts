import { CONFLICT_KINDS } from './sidecar.ts';

/**
 * One field of the Sidecar object. `type` is written as in `kube/generated/definitions.json`, whose definitions may be named too; besides:
 * `scalar` (string, number or boolean), `port` (number or name), `conflict-answers` and `shared-path` (a text or an object).
 */
export interface Field {
  type: string;
  description: string;
  required?: true;
  /** Of the value itself, or of each element of a list. */
  enum?: readonly string[];
  minItems?: number;
  default?: unknown;
}

const ANSWERS = ['Error', 'Keep', 'Replace', 'Rename'];

/** The one table: structure check, JSON Schema and CRDs are all read from it. Kubernetes' own types are not repeated. */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Sidecar: {
    apiVersion: { type: 'string', required: true, description: 'outfit.dev/v1alpha1' },
    kind: {
      type: 'string',
      required: true,
      description: 'Sidecar joins Pods of its own namespace, ClusterSidecar of all.',
    },
    metadata: { type: '#ObjectMeta', required: true, description: 'Name, and for a Sidecar its namespace.' },
    spec: { type: '#SidecarSpec', required: true, description: 'Whom it joins and what it brings.' },
    status: { type: '#SidecarStatus', description: 'Written by a node or a cluster.' },
  },
  SidecarSpec: {
    selector: { type: '#SidecarSelector', required: true, description: 'Whom it joins: everything given must hold.' },
    joins: {
      type: 'string',
      enum: ['Always', 'OnRequest'],
      default: 'Always',
      description: 'Always, or only templates that ask for it by annotation.',
    },
    parameters: { type: '[]#SidecarParameter', description: 'What a Pod may set by annotation.' },
    template: { type: '#SidecarTemplate', description: 'What it brings: a part of a PodTemplateSpec.' },
    mainContainers: { type: '[]#MainContainerAdditions', description: "What the Pod's own containers get." },
    share: { type: '[]#Share', description: 'What its containers take over from a main container.' },
    order: { type: '#Order', description: 'Where it stands among other sidecars and init containers.' },
    onConflict: { type: 'conflict-answers', default: 'Error', description: 'What to do where the Pod has its own.' },
    failurePolicy: {
      type: 'string',
      enum: ['Fail', 'Ignore'],
      default: 'Fail',
      description: 'In a cluster: whether a Pod is refused when attaching fails.',
    },
  },
  SidecarSelector: {
    matchAll: { type: 'boolean', description: 'Joins every Pod, unless something else here says no.' },
    matchLabels: { type: '{}string', description: "Over the Pod template's labels." },
    matchExpressions: { type: '[]#LabelSelectorRequirement', description: "Over the Pod template's labels." },
    names: {
      type: '[]string',
      minItems: 1,
      description: 'Globs over the name of the Pod or of the workload that owns it.',
    },
    kinds: {
      type: '[]string',
      minItems: 1,
      description: 'Kinds that carry the template: Deployment, or Rollout.argoproj.io.',
    },
    namespaceSelector: {
      type: '#LabelSelector',
      description: 'ClusterSidecar only: over the labels of the namespace.',
    },
    condition: { type: 'string', description: 'CEL over pod, workload and namespace.' },
  },
  SidecarParameter: {
    name: { type: 'string', required: true, description: 'The last part of its annotation, and its name in params.' },
    type: {
      type: 'string',
      required: true,
      enum: ['string', 'integer', 'number', 'boolean', 'quantity', 'duration'],
      description: 'How its text is read.',
    },
    default: { type: 'scalar', description: 'Without one, every Pod has to set it.' },
    minimum: { type: 'scalar', description: 'The least value that is accepted.' },
    maximum: { type: 'scalar', description: 'The greatest value that is accepted.' },
    enum: { type: '[]scalar', minItems: 1, description: 'The only values that are accepted.' },
    pattern: { type: 'string', description: 'A regular expression that the whole text matches.' },
    description: { type: 'string', description: 'For those who set it.' },
  },
  SidecarTemplate: {
    metadata: { type: '#SidecarTemplateMetadata', description: 'Labels and annotations for the Pod.' },
    spec: { type: '#SidecarPodSpec', description: 'Containers, volumes and small changes to the Pod.' },
  },
  SidecarTemplateMetadata: {
    labels: { type: '{}string', description: 'Labels for the Pod.' },
    annotations: { type: '{}string', description: 'Annotations for the Pod.' },
  },
  SidecarPodSpec: {
    containers: { type: '[]#Container', description: 'Containers beside the main containers.' },
    initContainers: {
      type: '[]#Container',
      description: 'With restartPolicy Always a native sidecar, else an init container.',
    },
    volumes: { type: '[]#Volume', description: 'Volumes that its containers or the main containers mount.' },
    imagePullSecrets: { type: '[]#LocalObjectReference', description: 'Secrets to pull its images with.' },
    hostAliases: { type: '[]#HostAlias', description: 'Lines of /etc/hosts.' },
    shareProcessNamespace: { type: 'boolean', description: 'Whether the containers see each other’s processes.' },
    securityContext: { type: '#PodSecurityContext', description: 'Fields that are added to the Pod’s own.' },
  },
  MainContainerAdditions: {
    select: { type: '#ContainerChoice', description: 'Which main containers; all when nothing is given.' },
    volumeMounts: { type: '[]#VolumeMount', description: 'Mounts that they get.' },
    env: { type: '[]#EnvVar', description: 'Variables that they get.' },
    envFrom: { type: '[]#EnvFromSource', description: 'Sources of variables that they get.' },
    ports: { type: '[]#ContainerPort', description: 'Ports that they get.' },
    volumeDevices: { type: '[]#VolumeDevice', description: 'Block devices that they get.' },
  },
  Share: {
    from: { type: '#ContainerChoice', description: 'Which main containers; all when nothing is given.' },
    to: { type: '[]string', minItems: 1, description: 'Its own containers; all when nothing is given.' },
    volumeMountsAt: {
      type: '[]shared-path',
      description: 'The mount that covers this path, under the same path; {path, mountPath, readOnly} to choose.',
    },
    env: { type: '[]string', description: 'Names of variables.' },
  },
  SharedPath: {
    path: { type: 'string', required: true, description: 'A path in the main container.' },
    mountPath: { type: 'string', description: 'Where it is seen in the sidecar.' },
    readOnly: { type: 'boolean', description: 'Whether the sidecar may only read.' },
  },
  ContainerChoice: {
    names: { type: '[]string', minItems: 1, description: 'Globs over names.' },
    ports: { type: '[]port', minItems: 1, description: 'Container ports, by number or name.' },
    images: { type: '[]string', minItems: 1, description: 'Globs over images.' },
    first: { type: 'boolean', description: 'Only the first of those that the other fields choose.' },
  },
  Order: {
    before: { type: '[]string', description: 'Globs over names of sidecars and init containers; * is all of them.' },
    after: { type: '[]string', description: 'Globs over names of sidecars and init containers; * is all of them.' },
  },
  ConflictAnswers: Object.fromEntries(
    CONFLICT_KINDS.map((kind) => [
      kind,
      { type: 'string', enum: ANSWERS, default: 'Error', description: `For ${kind}.` },
    ]),
  ),
  SidecarStatus: {
    observedGeneration: { type: 'integer', description: 'The generation that the rest is about.' },
    joined: { type: 'integer', description: 'How many Pods it has joined.' },
    conditions: { type: '[]#Condition', description: 'Accepted, with reason and message.' },
  },
  Condition: {
    type: { type: 'string', required: true, description: 'Accepted.' },
    status: { type: 'string', required: true, enum: ['True', 'False', 'Unknown'], description: 'Whether it holds.' },
    observedGeneration: { type: 'integer', description: 'The generation that it is about.' },
    lastTransitionTime: { type: 'date-time', required: true, description: 'When status changed.' },
    reason: { type: 'string', required: true, description: 'One word.' },
    message: { type: 'string', required: true, description: 'A sentence.' },
  },
};

export const CONFLICT_ANSWERS: readonly string[] = ANSWERS;
