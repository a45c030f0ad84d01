import { TextFault } from './errors.ts';
import type { ReadLimits } from './tree.ts';

/** Thrown where the quick reader meets what it does not know: the library then reads the document. One object, for speed. */
export const UNUSUAL = new Error('not for the quick reader');

export const NEWLINE = 10;
export const RETURN = 13;
export const SPACE = 32;
export const TAB = 9;
export const HASH = 35;
export const DASH = 45;

/** The quick reader's place in one document's text. */
export class Cursor {
  readonly text: string;
  readonly end: number;
  private readonly limits: ReadLimits;
  private values = 0;
  pos: number;
  /** Spaces before `pos` in its line after `toContent`; -1 at the end. */
  indent = 0;
  depth = 0;

  constructor(text: string, start: number, end: number, limits: ReadLimits) {
    this.text = text;
    this.pos = start;
    this.end = end;
    this.limits = limits;
  }

  /** The char code at an offset, NaN past the end. */
  at(offset: number): number {
    return offset < this.end ? this.text.charCodeAt(offset) : Number.NaN;
  }

  /** Where the line break (or CR LF) after `offset` begins; the end of the text where there is none. */
  lineEnd(offset: number): number {
    const found = this.text.indexOf('\n', offset);
    if (found === -1 || found >= this.end) return this.end;
    return found > offset && this.text.charCodeAt(found - 1) === RETURN ? found - 1 : found;
  }

  /** From the end of a value in its line: only a comment may follow. Goes on to the next line with content. */
  finishLine(): void {
    const from = this.pos;
    this.skipSpaces();
    const code = this.at(this.pos);
    if (code === HASH && this.pos > from) this.pos = this.lineEnd(this.pos);
    else if (!this.isBreak(this.pos)) throw UNUSUAL;
    this.passBreak();
    this.toContent();
  }

  /** From the beginning of a line to the first character of the next line that is not blank and not a comment. */
  toContent(): void {
    for (;;) {
      const lineStart = this.pos;
      this.skipSpaces();
      const code = this.at(this.pos);
      if (Number.isNaN(code)) {
        this.indent = -1;
        return;
      }
      if (code === HASH) this.pos = this.lineEnd(this.pos);
      else if (!this.isBreak(this.pos)) {
        if (code === TAB) throw UNUSUAL;
        this.indent = this.pos - lineStart;
        return;
      }
      this.passBreak();
    }
  }

  skipSpaces(): void {
    while (this.at(this.pos) === SPACE) this.pos++;
  }

  /** A line break, or the end of the text. */
  isBreak(offset: number): boolean {
    const code = this.at(offset);
    return code === NEWLINE || Number.isNaN(code) || (code === RETURN && this.at(offset + 1) === NEWLINE);
  }

  passBreak(): void {
    if (this.at(this.pos) === RETURN) this.pos++;
    if (this.at(this.pos) === NEWLINE) this.pos++;
  }

  enter(): void {
    if (++this.depth > this.limits.depth) throw tooDeep(this.limits.depth, this.pos);
  }

  /** One more field or item. */
  count(): void {
    if (++this.values > this.limits.values) throw tooManyValues(this.limits.values, this.pos);
  }

  leave(): void {
    this.depth--;
  }
}

function tooManyValues(limit: number, offset: number): TextFault {
  return new TextFault('TooLarge', offset, `this document holds more than ${limit} values`);
}

export function tooDeep(limit: number, offset: number): TextFault {
  return new TextFault('TooDeep', offset, `nested deeper than ${limit} levels`);
}
