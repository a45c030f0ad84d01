import type { KubeObject } from '../../kube/object.ts';
import { compare } from './compare.ts';
import { difference, type FieldSet, NOTHING, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import type { Conflict } from './ownership.ts';
import type { Schema } from './schema.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** All annotations of an object together (apimachinery `api/validation`), in bytes. */
const MAX_ANNOTATIONS = 256 * 1024;

/** Who takes over from client-side apply; anybody else who applies stays with what managedFields say. */
export const KUBECTL = 'kubectl';

/**
 * Conflicts without those about fields that `kubectl apply` has written from the client's side and that are still as it wrote them: its user is the
 * one who applies now (apimachinery `managedfields/internal/lastappliedmanager.go`).
 */
export function withoutOwn(schema: Schema, live: KubeObject, conflicts: readonly Conflict[]): Conflict[] {
  const own = lastAppliedFields(schema, live);
  return conflicts
    .map(({ owner, places }) => ({ owner, places: difference(places, own) }))
    .filter(({ places }) => places.self || places.children.size > 0);
}

function lastAppliedFields(schema: Schema, live: KubeObject): FieldSet {
  const text = live.metadata.annotations?.[ANNOTATION];
  if (text === undefined) return NOTHING;
  try {
    const config: unknown = JSON.parse(text);
    const { added, modified, removed } = compare(schema, config, live);
    return difference(fieldsOf(schema, config), [added, modified, removed].reduce(union));
  } catch {
    return NOTHING;
  }
}

/** An object whose annotation of client-side apply follows what is applied now, should it have one. */
export function followingLastApplied(object: KubeObject, config: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (annotations?.[ANNOTATION] === undefined) return object;
  const { [ANNOTATION]: _, ...others } = config.metadata.annotations ?? {};
  const metadata = { ...config.metadata, ...(config.metadata.annotations && { annotations: others }) };
  const text = `${JSON.stringify({ ...config, metadata })}\n`;
  if (Buffer.byteLength(text) > MAX_ANNOTATIONS) return object;
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [ANNOTATION]: text } } };
}
