import { decodeText } from '../../manifest/decode-text.ts';
import { ManifestError } from '../../manifest/errors.ts';

/**
 * Bytes as text while they arrive, never cutting a character in two. A byte order mark is kept.
 * @throws ManifestError NotText with the line and column of the first byte that is no UTF-8
 */
export async function* decode(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<string> {
  let line = 1;
  let column = 1;
  let rest: Uint8Array = new Uint8Array();
  const text = (bytes: Uint8Array): string => {
    try {
      const decoded = decodeText(bytes, file);
      const breaks = decoded.split('\n').length - 1;
      column = breaks === 0 ? column + decoded.length : decoded.length - decoded.lastIndexOf('\n');
      line += breaks;
      return decoded;
    } catch (error) {
      throw error instanceof ManifestError ? moved(error, line, column) : error;
    }
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - cutOff(bytes);
    rest = bytes.subarray(whole);
    if (whole > 0) yield text(bytes.subarray(0, whole));
  }
  if (rest.length > 0) yield text(rest);
}

/** How many bytes at the end are the beginning of a character that is not whole yet: up to three. */
function cutOff(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < lengthOf(byte) ? back : 0;
  }
  return 0;
}

function lengthOf(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

function moved({ code, file, line, column, reason }: ManifestError, lines: number, columns: number): ManifestError {
  const place = { file, line: lines + line - 1, column: line === 1 ? columns + column - 1 : column };
  return new ManifestError(code, place, reason);
}
