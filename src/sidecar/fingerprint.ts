import { decodeValue } from '../kube/decode.ts';
import { defaultPod } from '../kube/defaults/pod-spec.ts';
import type { PodSpec, VolumeMount } from '../kube/generated/objects.ts';
import { isRecord } from '../kube/json.ts';
import { canonicalJson, sameValue } from './canonical.ts';
import { hasKeys, keyOf } from './keys.ts';
import { sha256 } from './sha256.ts';

/** Fingerprints that were made before, by the value itself: what a sidecar brings is the same object for every Pod. */
export type Fingerprints = WeakMap<object, string>;

/**
 * Eight hex digits over one part of a template: an element of the list in `field`, or any value. What the API server fills in by itself
 * (defaults, canonical quantities, the service account's token) changes nothing, so a part is known again in a Pod that comes from a cluster.
 */
export function fingerprint(field: string, value: unknown, known?: Fingerprints): string {
  const before = isRecord(value) ? known?.get(value) : undefined;
  if (before !== undefined) return before;
  const made = sha256(canonicalJson(normalize(field, value))).slice(0, 8);
  if (isRecord(value) && Object.isFrozen(value)) known?.set(value, made);
  return made;
}

/** The same part but for defaults and spelling. */
export function samePart(field: string, a: unknown, b: unknown): boolean {
  return sameValue(a, b) || sameValue(normalize(field, a), normalize(field, b));
}

/** `part` has everything that `wanted` has, and perhaps more: others may have added to it. */
export function covers(field: string, part: unknown, wanted: unknown): boolean {
  return within(normalize(field, wanted), normalize(field, part), field);
}

function within(wanted: unknown, found: unknown, field: string): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return false;
    if (!hasKeys(field)) return sameValue(wanted, found);
    return wanted.every((item) =>
      found.some((other) => keyOf(field, other) === keyOf(field, item) && within(item, other, '')),
    );
  }
  if (!isRecord(wanted)) return Object.is(wanted, found);
  return isRecord(found) && Object.entries(wanted).every(([key, item]) => within(item, found[key], key));
}

const OF_POD = ['containers', 'initContainers', 'volumes', 'imagePullSecrets', 'hostAliases'];
const CONTAINERS = ['containers', 'initContainers'];
const OF_CONTAINER = ['volumeMounts', 'env', 'envFrom', 'ports', 'volumeDevices'];

/** As the API server keeps it; with its unknown fields, which the API server would drop. What cannot be decoded stays as it is. */
function normalize(field: string, given: unknown): unknown {
  const ofPod = OF_POD.includes(field);
  if (!isRecord(given) || !(ofPod || OF_CONTAINER.includes(field))) return given;
  const value = CONTAINERS.includes(field) ? withoutToken(given) : given;
  try {
    const spec = ofPod ? { [field]: [value] } : { containers: [{ name: 'x', image: 'x', [field]: [value] }] };
    const { value: decoded, strictErrors } = decodeValue('PodSpec', spec);
    defaultPod({ spec: decoded as unknown as PodSpec });
    const holder = ofPod ? decoded : (decoded.containers as Record<string, unknown>[])[0];
    const [part] = (holder?.[field] ?? []) as unknown[];
    return strictErrors.length === 0 ? part : { ...(part as object), ...unknownFields(value, part) };
  } catch {
    return value;
  }
}

/** Without the mount that a cluster's admission adds to every container (`plugin/pkg/admission/serviceaccount`). */
function withoutToken(container: Record<string, unknown>): Record<string, unknown> {
  const { volumeMounts, ...rest } = container;
  if (!Array.isArray(volumeMounts) || !volumeMounts.some(isTokenMount)) return container;
  const own = volumeMounts.filter((mount) => !isTokenMount(mount));
  return own.length > 0 ? { ...rest, volumeMounts: own } : rest;
}

function isTokenMount(mount: unknown): boolean {
  const { name, mountPath } = (mount ?? {}) as Partial<VolumeMount>;
  return mountPath === '/var/run/secrets/kubernetes.io/serviceaccount' && String(name).startsWith('kube-api-access-');
}

function unknownFields(value: Record<string, unknown>, part: unknown): Record<string, unknown> {
  const known = isRecord(part) ? part : {};
  return {
    'unknown fields': Object.fromEntries(Object.entries(value).filter(([key, item]) => !sameValue(item, known[key]))),
  };
}
