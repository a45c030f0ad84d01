import { ManifestError } from './errors.ts';

/**
 * A file's bytes as text: UTF-8, with its byte order mark kept, so that writing the text gives the bytes back.
 * @throws ManifestError NotText with the place of the first byte that is no UTF-8, or saying that the file is UTF-16
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new ManifestError('NotText', { file, line: 1, column: 1 }, 'the file is UTF-16; save it as UTF-8');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const readable = readableStart(bytes);
    const lines = readable.split('\n');
    const place = { file, line: lines.length, column: lines.at(-1)!.length + 1 };
    throw new ManifestError('NotText', place, 'the file is not text: a byte here is not UTF-8');
  }
}

/** What stands before the first byte that is no UTF-8. */
function readableStart(bytes: Uint8Array): string {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (decodes(bytes.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, low)).replace(/\ufffd$/, '');
}

/** A character that is cut off at the end is not held against it. */
function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
