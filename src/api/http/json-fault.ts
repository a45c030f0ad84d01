/** What a scan of JSON text finds besides its value. */
export interface JsonFaults {
  /** What is wrong with the text, in the words of Go's encoding/json; absent when it is well-formed. */
  syntax?: string;
  /** Paths of fields that occur twice in one object, as `spec.containers[0].name`, in order. */
  duplicates: string[];
}

/**
 * Checks JSON text for what JSON.parse does not tell: Go's words for syntax errors, duplicate fields, nesting deeper than `maxDepth`.
 * It works without recursion, so that no text can exhaust the stack.
 */
export function findJsonFaults(text: string, maxDepth: number): JsonFaults {
  const scan = new Scan(text, maxDepth);
  try {
    scan.document();
    return { duplicates: scan.duplicates };
  } catch (error) {
    if (error instanceof SyntaxFault) return { syntax: error.message, duplicates: scan.duplicates };
    throw error;
  }
}

class SyntaxFault extends Error {}

interface Frame {
  /** Present for an object, absent for an array. */
  keys?: Set<string>;
  /** The key, or the index, that the scan is at. */
  at: string | number;
}

class Scan {
  readonly duplicates: string[] = [];
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #frames: Frame[] = [];
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): void {
    this.#value();
    while (this.#frames.length > 0) this.#next();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
  }

  /** Reads a scalar, or opens an object or array and reads up to its first value. */
  #value(): void {
    for (;;) {
      this.#space();
      const char = this.#text[this.#at];
      if (char !== '{' && char !== '[') {
        this.#scalar();
        return;
      }
      this.#at++;
      if (this.#frames.length >= this.#maxDepth) throw new SyntaxFault('exceeded max depth');
      this.#frames.push(char === '{' ? { keys: new Set(), at: '' } : { at: 0 });
      this.#space();
      if (this.#text[this.#at] === (char === '{' ? '}' : ']')) {
        this.#close();
        return;
      }
      if (char === '{') this.#key();
    }
  }

  /** After a value inside an object or array: the end of it, or a comma and the next value. */
  #next(): void {
    this.#space();
    const frame = this.#frames.at(-1)!;
    const char = this.#text[this.#at];
    if (char === (frame.keys ? '}' : ']')) {
      this.#close();
      return;
    }
    if (char !== ',') this.#fail(frame.keys ? 'after object key:value pair' : 'after array element');
    this.#at++;
    this.#space();
    if (frame.keys) this.#key();
    else frame.at = (frame.at as number) + 1;
    this.#value();
  }

  #key(): void {
    const frame = this.#frames.at(-1)!;
    if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string');
    const key = this.#string();
    frame.at = key;
    if (frame.keys!.has(key)) this.duplicates.push(this.#path());
    frame.keys!.add(key);
    this.#space();
    if (this.#text[this.#at] !== ':') this.#fail('after object key');
    this.#at++;
  }

  #close(): void {
    this.#at++;
    this.#frames.pop();
  }

  #scalar(): void {
    const char = this.#text[this.#at];
    if (char === '"') {
      this.#string();
      return;
    }
    const match = LITERAL.exec(this.#text.slice(this.#at, this.#at + 5)) ?? this.#number();
    if (!match) this.#fail('looking for beginning of value');
    this.#at += match[0].length;
  }

  #number(): RegExpExecArray | null {
    NUMBER.lastIndex = this.#at;
    return NUMBER.exec(this.#text);
  }

  #string(): string {
    const start = this.#at++;
    for (; ; this.#at++) {
      const char = this.#text[this.#at];
      if (char === undefined || char < ' ') this.#fail('in string literal');
      if (char === '"') break;
      if (char === '\\') this.#escape();
    }
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #escape(): void {
    this.#at++;
    const char = this.#text[this.#at];
    if (char === undefined || !'"\\/bfnrtu'.includes(char)) this.#fail('in string escape code');
    if (char !== 'u') return;
    for (let i = 0; i < 4; i++) {
      this.#at++;
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape');
    }
  }

  #space(): void {
    while (' \n\r\t'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #fail(where: string): never {
    const char = this.#text[this.#at];
    if (char === undefined) throw new SyntaxFault('unexpected end of JSON input');
    throw new SyntaxFault(`invalid character ${quoteChar(char)} ${where}`);
  }

  #path(): string {
    return this.#frames.map(({ at, keys }, i) => (keys ? (i === 0 ? at : `.${at}`) : `[${at}]`)).join('');
  }
}

const LITERAL = /^(?:true|false|null)/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  return char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
}
