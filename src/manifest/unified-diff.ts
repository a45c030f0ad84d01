const CONTEXT = 3;
/** Equal lines in a row after which both texts count as in step again. */
const IN_STEP = 6;
/** Changed lines of one stretch up to which the smallest difference is looked for. */
const MOST_EDITS = 500;

interface Change {
  /** Lines of the old text from `a` to `aEnd` became those of the new from `b` to `bEnd`. */
  a: number;
  aEnd: number;
  b: number;
  bEnd: number;
}

/**
 * The difference of two texts as `diff -u` prints it, with three lines of context; empty where there is none. Fast where the changes are small and
 * many (linear in the texts, quadratic only in one change); always a right difference, not always the smallest.
 * @param name the file's name, after `a/` and `b/`
 */
export function unifiedDiff(before: string, after: string, name: string): string {
  if (before === after) return '';
  const a = linesOf(before);
  const b = linesOf(after);
  const hunks = hunksOf(changesOf(a, b)).map((changes) => writeHunk(a, b, changes));
  return [`--- a/${name}\n`, `+++ b/${name}\n`, ...hunks].join('');
}

/** Lines with their line breaks. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function changesOf(a: string[], b: string[]): Change[] {
  const changes: Change[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && j < b.length && a[i] === b[j]) {
      i++;
      j++;
    }
    if (i === a.length && j === b.length) return changes;
    const stretch = stretchFrom(a, b, i, j);
    changes.push(...stretch.changes);
    i = stretch.i;
    j = stretch.j;
  }
}

/** Myers' greedy search from a place where the texts differ until they are in step again. */
function stretchFrom(a: string[], b: string[], i0: number, j0: number): { changes: Change[]; i: number; j: number } {
  const furthest: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= MOST_EDITS; edits++) {
    const next = new Map<number, number>();
    furthest.push(next);
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (reached.get(k - 1) ?? -1) < (reached.get(k + 1) ?? -1));
      let x = down ? (reached.get(k + 1) ?? 0) : (reached.get(k - 1) ?? 0) + 1;
      const from = x;
      while (i0 + x < a.length && j0 + x - k < b.length && a[i0 + x] === b[j0 + x - k]) x++;
      next.set(k, x);
      const atEnd = i0 + x === a.length && j0 + x - k === b.length;
      if (atEnd || x - from >= IN_STEP) return { changes: trace(furthest, k, i0, j0), i: i0 + x, j: j0 + x - k };
    }
    reached = next;
  }
  const { i, j } = nextInStep(a, b, i0, j0);
  return { changes: [{ a: i0, aEnd: i, b: j0, bEnd: j }], i, j };
}

/** The first place in the old text whose next lines stand somewhere in the rest of the new one; the ends where there is none. */
function nextInStep(a: string[], b: string[], i0: number, j0: number): { i: number; j: number } {
  const blocks = new Map<string, number>();
  for (let j = b.length - IN_STEP; j >= j0; j--) blocks.set(b.slice(j, j + IN_STEP).join(''), j);
  for (let i = i0; i + IN_STEP <= a.length; i++) {
    const j = blocks.get(a.slice(i, i + IN_STEP).join(''));
    if (j !== undefined) return { i, j };
  }
  return { i: a.length, j: b.length };
}

/** Walks back from the diagonal that was in step first. */
function trace(furthest: Map<number, number>[], last: number, i0: number, j0: number): Change[] {
  const changes: Change[] = [];
  let k = last;
  for (let edits = furthest.length - 1; edits > 0; edits--) {
    const reached = furthest[edits - 1]!;
    const down = k === -edits || (k !== edits && (reached.get(k - 1) ?? -1) < (reached.get(k + 1) ?? -1));
    k = down ? k + 1 : k - 1;
    const x = i0 + reached.get(k)!;
    const y = j0 + reached.get(k)! - k;
    changes.unshift(down ? { a: x, aEnd: x, b: y, bEnd: y + 1 } : { a: x, aEnd: x + 1, b: y, bEnd: y });
  }
  return changes;
}

/** Changes whose context meets belong to one hunk. */
function hunksOf(changes: Change[]): Change[][] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1);
    if (last && change.a - last.at(-1)!.aEnd <= 2 * CONTEXT) last.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function writeHunk(a: string[], b: string[], changes: Change[]): string {
  const first = changes[0]!;
  const last = changes.at(-1)!;
  const lead = Math.min(CONTEXT, first.a);
  const start = first.a - lead;
  const end = Math.min(a.length, last.aEnd + CONTEXT);
  const newStart = first.b - lead;
  const newEnd = last.bEnd + (end - last.aEnd);
  const lines = [`@@ -${rangeText(start, end)} +${rangeText(newStart, newEnd)} @@\n`];
  let at = start;
  for (const change of inOrder(changes)) {
    lines.push(...a.slice(at, change.a).map((line) => mark(' ', line)));
    lines.push(...a.slice(change.a, change.aEnd).map((line) => mark('-', line)));
    lines.push(...b.slice(change.b, change.bEnd).map((line) => mark('+', line)));
    at = change.aEnd;
  }
  return [...lines, ...a.slice(at, end).map((line) => mark(' ', line))].join('');
}

/** Changes that touch are one: what goes stands before what comes. */
function inOrder(changes: Change[]): Change[] {
  const merged: Change[] = [];
  for (const change of changes) {
    const last = merged.at(-1);
    if (last && last.aEnd === change.a && last.bEnd === change.b)
      merged[merged.length - 1] = { ...last, aEnd: change.aEnd, bEnd: change.bEnd };
    else merged.push(change);
  }
  return merged;
}

function mark(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;
}

function rangeText(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}
