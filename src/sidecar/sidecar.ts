import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  LabelSelector,
  ObjectMeta,
  PodSpec,
  VolumeDevice,
  VolumeMount,
} from '../kube/generated/objects.ts';

export const GROUP = 'outfit.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
/** On a Pod template or a namespace: "false", "true", or the names of the sidecars that are asked for. */
export const INJECT = 'outfit.dev/inject';
/** On a Pod template: what is attached, written by `attach` and read by `detach`. */
export const ATTACHED = 'outfit.dev/attached';
const OWN_DOMAIN = '.sidecar.outfit.dev/';

/** The annotation by which a Pod template speaks to one sidecar: a parameter, or the word `inject`. */
export function annotationFor(sidecar: string, word: string): string {
  return `${sidecar}${OWN_DOMAIN}${word}`;
}

/** `hello.sidecar.outfit.dev/interval` → hello, interval; undefined for any other annotation. */
export function readAnnotationKey(key: string): { sidecar: string; word: string } | undefined {
  const at = key.indexOf(OWN_DOMAIN);
  return at <= 0 ? undefined : { sidecar: key.slice(0, at), word: key.slice(at + OWN_DOMAIN.length) };
}

/** One definition of what is added to Pods. Any string below `template`, `mainContainers` and `share` may hold `${…}` in CEL. */
export interface Sidecar {
  apiVersion: string;
  kind: 'Sidecar' | 'ClusterSidecar';
  metadata: ObjectMeta;
  spec: SidecarSpec;
  status?: Record<string, unknown>;
}

export interface SidecarSpec {
  selector?: SidecarSelector;
  joins?: 'Always' | 'OnRequest';
  parameters?: SidecarParameter[];
  template?: SidecarTemplate;
  mainContainers?: MainContainerAdditions[];
  share?: Share[];
  order?: { before?: string[]; after?: string[] };
  onConflict?: ConflictAnswer | Partial<Record<ConflictKind, ConflictAnswer>>;
  failurePolicy?: 'Fail' | 'Ignore';
}

/** Everything that is given must hold. */
export interface SidecarSelector extends LabelSelector {
  matchAll?: boolean;
  names?: string[];
  kinds?: string[];
  namespaceSelector?: LabelSelector;
  condition?: string;
}

export type ParameterType = 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'duration';
export type Scalar = string | number | boolean;

export interface SidecarParameter {
  name: string;
  type: ParameterType;
  default?: Scalar;
  minimum?: Scalar;
  maximum?: Scalar;
  enum?: Scalar[];
  /** A whole match, for strings. */
  pattern?: string;
  description?: string;
}

/** The part of a PodTemplateSpec that a sidecar may bring. */
export interface SidecarTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: Partial<Pick<PodSpec, BroughtField>>;
}

type BroughtField =
  | 'containers'
  | 'initContainers'
  | 'volumes'
  | 'imagePullSecrets'
  | 'hostAliases'
  | 'shareProcessNamespace'
  | 'securityContext';

/** Which of the Pod's own containers: all that is given must hold; nothing given means all of them. */
export interface ContainerChoice {
  names?: string[];
  ports?: (number | string)[];
  images?: string[];
  first?: boolean;
}

export interface MainContainerAdditions {
  select?: ContainerChoice;
  volumeMounts?: VolumeMount[];
  env?: EnvVar[];
  envFrom?: EnvFromSource[];
  ports?: ContainerPort[];
  volumeDevices?: VolumeDevice[];
}

export interface Share {
  from?: ContainerChoice;
  to?: string[];
  volumeMountsAt?: (string | SharedPath)[];
  env?: string[];
}

export interface SharedPath {
  path: string;
  mountPath?: string;
  readOnly?: boolean;
}

export const CONFLICT_KINDS = ['containers', 'volumes', 'volumeMounts', 'env', 'ports', 'metadata', 'podSpec'] as const;
export type ConflictKind = (typeof CONFLICT_KINDS)[number];
export type ConflictAnswer = 'Error' | 'Keep' | 'Replace' | 'Rename';

/** Only things with a name of their own can be renamed. */
export const RENAMED_KINDS: readonly ConflictKind[] = ['containers', 'volumes', 'ports'];

/** What the author answers to a conflict of a kind. `Rename` for all kinds means those that have names. */
export function answerTo({ onConflict = 'Error' }: SidecarSpec, kind: ConflictKind): ConflictAnswer {
  if (typeof onConflict !== 'string') return onConflict[kind] ?? 'Error';
  return onConflict === 'Rename' && !RENAMED_KINDS.includes(kind) ? 'Error' : onConflict;
}

/** An init container that keeps running beside the main containers (KEP-753). */
export function isNative({ restartPolicy }: Pick<Container, 'restartPolicy'>): boolean {
  return restartPolicy === 'Always';
}
