import { crc32 } from 'node:zlib';

/** The version of what is written on disk. A change that an older Outfit would misread raises it. */
export const FORMAT = 1;

/** The key of the record that describes all others. No encoded key looks like it. */
export const STATE_KEY = 'state';

/**
 * Written along with every change. `objects` and `checksum` (the sum of all records' checksums, 32 bits) tell at the next start whether what is
 * there is what was written: LevelDB itself skips log records that it cannot read.
 */
export interface StateRecord {
  format: number;
  revision: number;
  objects: number;
  checksum: number;
}

/** CRC-32 of a record, key included. */
export function recordChecksum(key: string, value: string): number {
  return crc32(value, crc32(key));
}

/** The sum of checksums, where `remove` and `add` may be missing. */
export function replaceChecksum(sum: number, remove: number | undefined, add: number | undefined): number {
  return (sum - (remove ?? 0) + (add ?? 0)) >>> 0;
}

/** Reads a state record, or undefined when the text is none. A newer format is recognised by `format` alone. */
export function parseState(text: string): StateRecord | undefined {
  const state = parseJson(text) as Partial<StateRecord> | undefined;
  if (!Number.isSafeInteger(state?.format)) return undefined;
  if (state!.format! > FORMAT) return { format: state!.format!, revision: 0, objects: 0, checksum: 0 };
  const complete = [state!.revision, state!.objects, state!.checksum].every(Number.isSafeInteger);
  return complete ? (state as StateRecord) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
