import type { YAMLParseError } from 'yaml';
import { TextFault } from './errors.ts';

interface Line {
  start: number;
  indent: number;
  text: string;
}

/** One fault's text and place; offsets count from the beginning of the document's text. */
type Explained = { offset: number; reason: string; code?: 'Tab' } | undefined;

const KEY = /^(?:- +)*("[^"]*"|'[^']*'|[^\s#'"[{][^#]*?):(?=\s|$) *(.*)$/;
const CONFLICT = /^(<{7}|={7}|>{7})( |$)/;

/** What the library found, in words that say what to change, and at the place where the writer must look. */
export function explainFault(text: string, base: number, error: YAMLParseError): TextFault {
  const at = Math.min(error.pos[0], text.length);
  const explained = explainForeign(text, at) ??
    explainByCode[error.code]?.(text, at, error.message) ?? { offset: at, reason: inWords(error.message) };
  return new TextFault(explained.code ?? 'InvalidYaml', base + explained.offset, explained.reason);
}

const explainByCode: Partial<Record<YAMLParseError['code'], (text: string, at: number, message: string) => Explained>> =
  {
    TAB_AS_INDENT: (text, at) => ({
      offset: tabAfter(text, at),
      reason: 'a tab indents this line; YAML takes only spaces',
      code: 'Tab',
    }),
    BLOCK_AS_IMPLICIT_KEY: explainNested,
    MULTILINE_IMPLICIT_KEY: explainKey,
    BAD_INDENT: explainIndent,
    MISSING_CHAR: explainMissing,
    BAD_SCALAR_START: (text, at) => ({
      offset: at,
      reason: `a value cannot begin with ${JSON.stringify(text.charAt(at))}; quote it`,
    }),
  };

/** Text that is not YAML yet, or no more. */
export function explainForeign(text: string, at: number): Explained {
  const line = lineAt(text, at);
  if (line.text.includes('{{')) {
    const offset = line.start + line.text.indexOf('{{');
    return { offset, reason: 'this is a template ("{{"); render it first, for example with helm template' };
  }
  if (CONFLICT.test(line.text)) return { offset: line.start, reason: 'this is the mark of a merge conflict' };
  return undefined;
}

/** `a: b` with `c: d` deeper below it, or `a: b: c`. */
function explainNested(text: string, at: number): Explained {
  const line = lineAt(text, at);
  const match = KEY.exec(line.text.slice(line.indent));
  if (!match) return undefined;
  const [, key = '', value = ''] = match;
  const below = nextLine(text, line);
  const nested = below && below.indent > line.indent ? KEY.exec(below.text.slice(below.indent)) : undefined;
  if (below && nested && !/: /.test(value)) {
    return {
      offset: below.start + below.indent,
      reason: `"${nested[1]}" is indented below "${key}", which already has the value "${value.trim()}" (line before it): give "${key}" a map or a list instead of this value, or indent "${nested[1]}" as its neighbours are`,
    };
  }
  return { offset: at, reason: `the value of "${key}" contains ": "; quote it, or write the map on lines of its own` };
}

function explainKey(text: string, at: number): Explained {
  const line = lineAt(text, at);
  const content = line.text.slice(line.indent).trimEnd();
  const offset = line.start + line.indent;
  if (KEY.test(content)) return explainNested(text, at);
  if (/^- /.test(content)) return { offset, reason: 'a list item stands where a key of a map is expected' };
  const missingSpace = /^[\w./-]+:(?=\S)/.exec(content);
  if (missingSpace) return { offset: offset + missingSpace[0].length, reason: 'a space is missing after the colon' };
  return { offset, reason: `"${content.slice(0, 40)}" stands where a key with a colon is expected` };
}

function explainIndent(text: string, at: number, message: string): Explained {
  if (!/same column/.test(message)) return undefined;
  const line = lineAt(text, at);
  const columns = openColumns(text, line.start);
  return {
    offset: line.start + line.indent,
    reason: `indented by ${line.indent} spaces, where the lines above stand at ${columns.join(', ')}`,
  };
}

function explainMissing(text: string, at: number, message: string): Explained {
  const quote = /closing (["'])/.exec(message)?.[1];
  if (quote) return { offset: openingQuote(text, quote), reason: `this ${quote} is never closed` };
  if (/map keys need/.test(message)) return explainKey(text, at);
  if (!/Sequence item/.test(message)) return undefined;
  const line = lineAt(text, at);
  return {
    offset: line.start + line.indent,
    reason: `neither an item ("- ") of the list above nor a key at the column of its neighbours (indented by ${line.indent} spaces)`,
  };
}

/** In the first line that has an odd number of them. */
function openingQuote(text: string, quote: string): number {
  let start = 0;
  for (const line of text.split('\n')) {
    const places = [...line.matchAll(quote === '"' ? /(?<!\\)"/g : /'/g)];
    if (places.length % 2 === 1) return start + places.at(-1)!.index;
    start += line.length + 1;
  }
  return 0;
}

/** The columns at which a line after `before` could stand. */
function openColumns(text: string, before: number): number[] {
  const columns: number[] = [];
  for (const line of text.slice(0, before).split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const indent = line.search(/[^ ]/);
    while (columns.length > 0 && columns.at(-1)! >= indent) columns.pop();
    columns.push(indent);
  }
  return columns;
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const found = text.indexOf('\n', start);
  const line = text.slice(start, found === -1 ? text.length : found);
  return { start, indent: Math.max(0, line.search(/[^ ]/)), text: line };
}

function nextLine(text: string, { start, text: current }: Line): Line | undefined {
  for (let next = start + current.length + 1; next < text.length; ) {
    const line = lineAt(text, next);
    if (!/^\s*(#|$)/.test(line.text)) return line;
    next = line.start + line.text.length + 1;
  }
  return undefined;
}

function tabAfter(text: string, at: number): number {
  const found = text.indexOf('\t', at);
  return found === -1 ? at : found;
}

function inWords(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
