/** One document's text within a stream, with its own markers: the pieces of a text, joined, are the text. */
export interface Piece {
  start: number;
  /** After the `---` line. */
  bodyStart: number;
  /** Before the `...` line. */
  bodyEnd: number;
  end: number;
  /** The marker's line holds nothing but a comment, and no directive stands before it. */
  plain: boolean;
}

const MARKER = /(?:^\uFEFF?|\n)(---|\.\.\.)(?=[ \t\r\n]|$)/g;
const ONLY_DIRECTIVES = /^(?:[ \t]*(?:#[^\n]*)?\n|%[^\n]*\n)*$/;

/** Finds the documents of a text by their markers alone: linear, and faults inside one document do not reach the next. */
export function splitText(text: string): Piece[] {
  const pieces: Piece[] = [];
  let piece = open(text.charCodeAt(0) === 0xfeff ? 1 : 0);
  const close = (bodyEnd: number, end: number) => {
    if (end > piece.start || pieces.length === 0) pieces.push({ ...piece, bodyEnd, end });
  };
  MARKER.lastIndex = 0;
  for (let match = nextMarker(text, piece.start); match; match = nextMarker(text, match.lineEnd)) {
    if (match.mark === '...' && !isBare(match.rest)) {
      piece = { ...piece, plain: false };
      continue;
    }
    if (match.mark === '...') {
      close(match.start, match.lineEnd);
      piece = open(match.lineEnd);
      continue;
    }
    if (hasDirectives(text.slice(piece.start, match.start))) {
      piece = { ...piece, plain: false };
      continue;
    }
    if (match.start > piece.start) close(match.start, match.start);
    piece = { ...open(match.start), bodyStart: match.lineEnd, plain: isBare(match.rest) };
  }
  if (piece.start < text.length || pieces.length === 0) close(text.length, text.length);
  return pieces;
}

/**
 * Splits a stream into the texts of its documents as they arrive, so that memory holds one document at a time.
 * Joined, the texts are the stream. Each can be given to `parseManifests` with its `firstLine`.
 * @throws RangeError once a single document exceeds `characters` (UTF-16 units)
 */
export async function* splitDocuments(
  chunks: AsyncIterable<string> | Iterable<string>,
  characters = 32 * 1024 * 1024,
): AsyncGenerator<{ text: string; firstLine: number }> {
  let lines: string[] = [];
  let tail = '';
  let size = 0;
  let firstLine = 1;
  for await (const chunk of chunks) {
    size += chunk.length;
    // The last line may be a marker that is not whole yet.
    const whole = chunk.lastIndexOf('\n') + 1;
    if (whole === 0) tail += chunk;
    else {
      const block = tail + chunk.slice(0, whole);
      tail = chunk.slice(whole);
      lines.push(block);
      if (hasMarker(block)) {
        const documents = cut(lines.join(''));
        lines = [documents.pop()!];
        size = lines[0]!.length + tail.length;
        for (const text of documents) {
          yield { text, firstLine };
          firstLine += countBreaks(text);
        }
      }
    }
    if (size > characters) throw new RangeError(`a document is larger than ${characters} characters`);
  }
  for (const text of cut(lines.join('') + tail)) {
    yield { text, firstLine };
    firstLine += countBreaks(text);
  }
}

/** The pieces' texts; a byte order mark belongs to the first. At least one. */
function cut(text: string): string[] {
  return splitText(text).map(({ start, end }, index) => text.slice(index === 0 ? 0 : start, end));
}

function hasMarker(text: string): boolean {
  MARKER.lastIndex = 0;
  return MARKER.test(text);
}

function open(start: number): Piece {
  return { start, bodyStart: start, bodyEnd: start, end: start, plain: true };
}

function nextMarker(
  text: string,
  from: number,
): { mark: string; start: number; lineEnd: number; rest: string } | undefined {
  MARKER.lastIndex = Math.max(0, from - 1);
  const match = MARKER.exec(text);
  if (!match) return undefined;
  const start = match.index + match[0].length - 3;
  const found = text.indexOf('\n', start);
  const lineEnd = found === -1 ? text.length : found + 1;
  return { mark: match[1]!, start, lineEnd, rest: text.slice(start + 3, lineEnd) };
}

/** Nothing but a comment follows the marker. */
function isBare(rest: string): boolean {
  return /^[ \t\r\n]*$|^[ \t]+#/.test(rest);
}

function hasDirectives(text: string): boolean {
  return text.includes('%') && /(^|\n)%/.test(text) && ONLY_DIRECTIVES.test(text);
}

function countBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
