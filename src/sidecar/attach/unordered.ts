import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { defaultPod } from '../../kube/defaults/pod-spec.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import { canonicalJson, sameValue } from '../canonical.ts';
import { hasKeys } from '../keys.ts';
import { ATTACHED } from '../sidecar.ts';
import type { Template } from '../target.ts';

/** The same but for the order of elements that have keys: containers, volumes, mounts, variables … */
export function sameButForOrder(a: unknown, b: unknown): boolean {
  return sameValue(a, b) || canonicalJson(sorted(a, '')) === canonicalJson(sorted(b, ''));
}

/**
 * The same but for order, defaults and the spelling of amounts, and the same parts attached. Decoding drops unknown fields; those of the
 * Pod are in both, and those of sidecars count in the fingerprints of their parts.
 */
export function sameAsStored(a: Template, b: Template): boolean {
  if (a.metadata?.annotations?.[ATTACHED] !== b.metadata?.annotations?.[ATTACHED]) return false;
  try {
    return sameButForOrder(asStored(a), asStored(b));
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

function asStored({ metadata, spec }: Template): unknown {
  const { value } = decodeValue('PodTemplateSpec', { metadata: metadata ?? {}, spec: spec ?? {} });
  defaultPod(value as Pod);
  return value;
}

function sorted(value: unknown, field: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item, ''));
    return hasKeys(field) ? items.map((item) => canonicalJson(item)).sort() : items;
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item, key)]));
}
