/** A piece of a string: literal text, or an expression with the place where it begins. */
export type Piece = string | { expression: string; at: number };

/** Text between `${` and no `}`. */
export class UnclosedExpression extends Error {
  override readonly name = 'UnclosedExpression';
}

/**
 * `${…}` is an expression, `$${` a literal `${`, and everything else itself (`$(VAR)` is Kubernetes' own). Braces inside an expression and
 * inside its strings do not end it.
 * @throws UnclosedExpression
 */
export function readPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = closingBrace(text, at + 2);
      if (literal !== '') pieces.push(literal);
      literal = '';
      pieces.push({ expression: text.slice(at + 2, end), at: at + 2 });
      at = end + 1;
    } else literal += text[at++];
  }
  return literal === '' && pieces.length > 0 ? pieces : [...pieces, literal];
}

/** Whether a string has to be looked at more closely. */
export function mayHoldExpression(text: string): boolean {
  return text.includes('${');
}

function closingBrace(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"' || c === "'") at = closingQuote(text, at, c);
    else if (c === '{') depth++;
    else if (c === '}' && depth-- === 0) return at;
  }
  throw new UnclosedExpression('"${" without its "}"; write "$${" for the characters themselves');
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  throw new UnclosedExpression('a string inside "${" has no end; write "$${" for the characters themselves');
}
