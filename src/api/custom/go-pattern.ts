/**
 * A pattern of Go's `regexp` (RE2) as one of JavaScript's. Flags are taken at the beginning only.
 * @throws SyntaxError when JavaScript has no such pattern
 */
export function goPattern(pattern: string): RegExp {
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  const anchored = rest.replace(/\\.|\(\?P</gs, (part) => REWRITTEN[part] ?? part);
  try {
    return new RegExp(anchored, `u${flags}`);
  } catch {
    // Without `u` more escapes are allowed, such as `\-` outside a class; Go allows any escaped punctuation.
    return new RegExp(anchored, flags);
  }
}

const REWRITTEN: Readonly<Record<string, string>> = { '\\A': '(?<![\\s\\S])', '\\z': '(?![\\s\\S])', '(?P<': '(?<' };
