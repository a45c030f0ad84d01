import { resolvePlain } from './resolve-scalar.ts';
import type { ScalarStyle, ScalarValue } from './tree.ts';

/** A first character that an unquoted scalar may have everywhere; `-` where no space follows. */
const PLAIN_START = /^(?:[A-Za-z0-9_./$(+^;\\\u00a1-\ud7ff\ue000-\ufefe\uff00-\ufffd]|-[^\s-])/;
/** What an unquoted scalar may not hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_PLAIN = /[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]|: | #|[: ]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_SINGLE = /[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_LITERAL = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]/;
const FLOW_INDICATOR = /[,[\]{}]/;
/** What other readers of YAML 1.1 take for a time or a number to the base of sixty. */
const TIME = /^[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?$|^\d{4}-\d\d?-\d\d?/;

/** A scalar in one line: unquoted where that is safe everywhere, else in the quotes wished for, else in the quotes that read best. */
export function writeScalar(value: ScalarValue, wish: ScalarStyle | undefined, inFlow: boolean): string {
  if (typeof value !== 'string') return String(value);
  if (wish === 'double') return doubleQuoted(value);
  if (wish === 'single' && !NOT_SINGLE.test(value)) return singleQuoted(value);
  if (isPlain(value, inFlow)) return value;
  return /["\\]/.test(value) && !NOT_SINGLE.test(value) ? singleQuoted(value) : doubleQuoted(value);
}

/** A key of a map, never over 1024 characters by Kubernetes' rules. */
export function writeKey(key: string, inFlow: boolean): string {
  return isPlain(key, inFlow) ? key : writeScalar(key, undefined, inFlow);
}

/**
 * The lines of a literal block without indentation, its header first; undefined for a text that a literal block cannot hold or that is clearer in
 * quotes: of one line, with control characters, beginning with a space or a tab, ending in several line breaks.
 */
export function writeLiteral(value: string): string[] | undefined {
  if (!value.includes('\n') || NOT_LITERAL.test(value) || /^[\s]|\n\n$|(^|\n)[ ]+(\n|$)/.test(value)) return undefined;
  const clipped = value.endsWith('\n');
  return [clipped ? '|' : '|-', ...(clipped ? value.slice(0, -1) : value).split('\n')];
}

function isPlain(text: string, inFlow: boolean): boolean {
  return (
    PLAIN_START.test(text) &&
    !NOT_PLAIN.test(text) &&
    !(inFlow && FLOW_INDICATOR.test(text)) &&
    !text.startsWith('...') &&
    !TIME.test(text) &&
    resolvePlain(text) === text
  );
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
