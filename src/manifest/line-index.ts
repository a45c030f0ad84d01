import type { Position } from './errors.ts';

/** Offsets of a text as lines and columns; the lines are counted when first asked for. */
export class LineIndex {
  private readonly text: string;
  private readonly firstLine: number;
  private starts: number[] | undefined;

  constructor(text: string, firstLine = 1) {
    this.text = text;
    this.firstLine = firstLine;
  }

  positionOf(offset: number): Position {
    const starts = this.lineStarts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const bom = low === 0 && this.text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return { line: low + this.firstLine, column: Math.max(1, offset - starts[low]! - bom + 1) };
  }

  sameLine(a: number, b: number): boolean {
    const found = this.text.indexOf('\n', a);
    return found === -1 || found >= b;
  }

  private lineStarts(): number[] {
    if (this.starts) return this.starts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.starts = starts;
    return starts;
  }
}
