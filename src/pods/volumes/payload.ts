import { quote } from '../../kube/field-errors.ts';
import type {
  ConfigMap,
  ConfigMapProjection,
  Container,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  SecretProjection,
  Volume,
  VolumeProjection,
} from '../../kube/generated/objects.ts';
import { resourceField } from '../downward.ts';
import type { ObjectLookup } from '../environment.ts';
import type { MachineSize } from '../machine-size.ts';
import { allContainers, lastingContainers } from '../pod-spec.ts';

export interface PayloadFile {
  data: Buffer;
  /** Permission bits. */
  mode: number;
  /** Owner; the machine's root where nobody is named. */
  user?: number;
}

/** What a volume made of objects holds: contents by path, relative to the volume. */
export type Payload = Map<string, PayloadFile>;

export interface PayloadInput {
  pod: Pod;
  lookup: ObjectLookup;
  machine: MachineSize;
  /** A token for the Pod's service account. Absent where the node gives none. */
  token?: (audience: string | undefined, expirationSeconds: number) => string;
}

/** The kinds of volumes whose files are made from objects of the API, with the kubelet's name of the plugin that does it. */
export const FILE_PLUGINS = {
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  downwardAPI: 'kubernetes.io~downward-api',
  projected: 'kubernetes.io~projected',
} as const;

/** As the API's defaulting writes it; for objects that never went through it. */
const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3600;
/** A token is for nobody but the Pod's user, and its group where there is one (`pkg/volume/projected`). */
const TOKEN_MODE = 0o600;

/**
 * The files of a configMap, secret, downwardAPI or projected volume (`pkg/volume/configmap`, `secret`, `downwardapi`, `projected`); undefined for
 * other kinds. Of two projected sources that claim one path the later wins, as in the kubelet.
 * @throws Error in the kubelet's words for an object or key that is missing and not optional
 */
export function volumePayload(volume: Volume, input: PayloadInput): Payload | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return configMapFiles(configMap, configMap.defaultMode, input);
  if (secret) {
    const { secretName: name = '', items, optional, defaultMode } = secret;
    return secretFiles({ name, ...(items && { items }), ...(optional && { optional }) }, defaultMode, input);
  }
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode, input);
  if (!projected) return undefined;
  const sources = projected.sources ?? [];
  return new Map(sources.flatMap((source) => [...projectedFiles(source, projected.defaultMode, input)]));
}

function projectedFiles(source: VolumeProjection, defaultMode: number | undefined, input: PayloadInput): Payload {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  if (configMap) return configMapFiles(configMap, defaultMode, input);
  if (secret) return secretFiles(secret, defaultMode, input);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], defaultMode, input);
  if (clusterTrustBundle) throw new Error('ClusterTrustBundle projections are not supported by this node');
  if (!serviceAccountToken) return new Map();
  if (!input.token) throw new Error('service account tokens are not given by this node');
  const { audience, expirationSeconds = DEFAULT_TOKEN_SECONDS, path } = serviceAccountToken;
  const data = Buffer.from(input.token(audience, expirationSeconds));
  return new Map([[safe(path), { data, ...tokenOwnership(input.pod, defaultMode) }]]);
}

function tokenOwnership(pod: Pod, defaultMode = DEFAULT_MODE): Omit<PayloadFile, 'data'> {
  const user = commonUser(pod);
  if (user !== undefined) return { mode: TOKEN_MODE, user };
  return { mode: pod.spec?.securityContext?.fsGroup === undefined ? defaultMode : TOKEN_MODE };
}

/** The user that all containers of the Pod run as but ephemeral ones, where there is such a user (`pkg/volume/util`, FsUserFrom). */
function commonUser(pod: Pod): number | undefined {
  const ofPod = pod.spec?.securityContext?.runAsUser;
  const users = new Set(lastingContainers(pod).map(({ securityContext }) => securityContext?.runAsUser ?? ofPod));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}

function configMapFiles(
  { name = '', items, optional }: ConfigMapProjection,
  mode: number | undefined,
  { lookup }: PayloadInput,
): Payload {
  const configMap = lookup.configMap(name);
  if (!configMap && !optional) throw new Error(`configmap ${quote(name)} not found`);
  return chosen(configMap ? configMapData(configMap) : new Map(), items, { mode, optional, kind: 'config' });
}

function secretFiles(
  { name = '', items, optional }: SecretProjection,
  mode: number | undefined,
  { lookup }: PayloadInput,
): Payload {
  const secret = lookup.secret(name);
  if (!secret && !optional) throw new Error(`secret ${quote(name)} not found`);
  return chosen(secret ? secretData(secret) : new Map(), items, { mode, optional, kind: 'secret' });
}

function configMapData({ data = {}, binaryData = {} }: ConfigMap): Map<string, Buffer> {
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const),
  ]);
}

function secretData({ data = {} }: Secret): Map<string, Buffer> {
  return new Map(Object.entries(data).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]));
}

interface Choice {
  mode: number | undefined;
  optional: boolean | undefined;
  kind: 'config' | 'secret';
}

/** All keys as files of their names, or those that `items` names. */
function chosen(
  data: Map<string, Buffer>,
  items: KeyToPath[] | undefined,
  { mode: defaultMode = DEFAULT_MODE, optional, kind }: Choice,
): Payload {
  if (!items?.length) return new Map([...data].map(([key, bytes]) => [safe(key), { data: bytes, mode: defaultMode }]));
  const files: Payload = new Map();
  for (const { key, path, mode = defaultMode } of items) {
    const bytes = data.get(key);
    if (bytes) files.set(safe(path), { data: bytes, mode });
    else if (!optional) throw new Error(`references non-existent ${kind} key: ${key}`);
  }
  return files;
}

function downwardFiles(
  items: DownwardAPIVolumeFile[],
  defaultMode: number = DEFAULT_MODE,
  { pod, machine }: PayloadInput,
): Payload {
  return new Map(
    items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
      const text = fieldRef
        ? metadataField(pod, fieldRef.fieldPath)
        : resourceField(pod, anyContainer(pod), resourceFieldRef ?? { resource: '' }, machine);
      return [safe(path), { data: Buffer.from(text), mode }];
    }),
  );
}

/** In a volume a resourceFieldRef always names its container; nobody's own is meant. */
function anyContainer(pod: Pod): Container {
  return allContainers(pod)[0] ?? { name: '' };
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** The fields that a downwardAPI volume may hold (`pkg/fieldpath`, ExtractFieldPathAsString). */
function metadataField({ metadata = {} }: Pod, path: string): string {
  const subscript = SUBSCRIPT.exec(path);
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.labels':
    case 'metadata.annotations':
      return lines(metadata[path.slice('metadata.'.length) as 'labels' | 'annotations'] ?? {});
    case 'metadata.name':
    case 'metadata.namespace':
    case 'metadata.uid':
      return metadata[path.slice('metadata.'.length) as 'name' | 'namespace' | 'uid'] ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"`, a line each, in the order of the keys. */
function lines(map: Record<string, string>): string {
  const keys = Object.keys(map).sort();
  return keys.map((key) => `${key}=${quote(map[key] ?? '')}`).join('\n');
}

/** The API refuses such paths; this is the last fence before the disk. */
function safe(path: string): string {
  const parts = path.split('/');
  const isBad = path.startsWith('/') || path.startsWith('..') || parts.some((part) => ['', '.', '..'].includes(part));
  if (isBad || path.includes('\0')) throw new Error(`invalid path: must be relative and stay inside: ${quote(path)}`);
  return path;
}
