import type { KubeObject } from '../kube/object.ts';
import { decodeKey } from './key.ts';
import { ObjectTable } from './object-table.ts';
import { FORMAT, parseState, recordChecksum, replaceChecksum, STATE_KEY, type StateRecord } from './record.ts';
import { StoreError } from './store-error.ts';

/**
 * The objects and the state that the records of a store hold. No record at all is a new, empty store at revision 1 (Kubernetes clients take a
 * resourceVersion of 0 for "any").
 * @throws StoreError NewerVersion, or Corrupt when it is not exactly what was written
 */
export function readRecords(
  records: Iterable<[key: string, value: string]>,
  seal: (object: KubeObject) => KubeObject,
): { table: ObjectTable; state: StateRecord } {
  const all = [...records];
  const stateText = all.find(([key]) => key === STATE_KEY)?.[1];
  if (all.length === 0)
    return { table: new ObjectTable(), state: { format: FORMAT, revision: 1, objects: 0, checksum: 0 } };
  const state = requireState(stateText);
  const table = new ObjectTable();
  let checksum = 0;
  for (const [key, value] of all) {
    if (key === STATE_KEY) continue;
    const entry = { object: seal(parseObject(key, value)), checksum: recordChecksum(key, value), size: value.length };
    table.set(key, entry);
    checksum = replaceChecksum(checksum, undefined, entry.checksum);
  }
  if (table.size !== state.objects || checksum !== state.checksum) {
    throw corrupt(`it holds ${table.size} objects that do not match the ${state.objects} that were written`);
  }
  return { table, state };
}

function requireState(text: string | undefined): StateRecord {
  const state = text === undefined ? undefined : parseState(text);
  if (!state) throw corrupt('its state record is missing or unreadable');
  if (state.format > FORMAT) {
    throw new StoreError(
      'NewerVersion',
      `the store was written by a newer Outfit (format ${state.format}, this one reads up to ${FORMAT}); use that Outfit, or another state directory`,
    );
  }
  return state;
}

function parseObject(key: string, value: string): KubeObject {
  if (!decodeKey(key)) throw corrupt(`the key ${JSON.stringify(key)} is none of an object`);
  try {
    return JSON.parse(value) as KubeObject;
  } catch (cause) {
    throw corrupt(`the object at ${JSON.stringify(key)} is not JSON`, cause);
  }
}

function corrupt(what: string, cause?: unknown): StoreError {
  return new StoreError('Corrupt', `the store is damaged: ${what}`, { cause });
}
