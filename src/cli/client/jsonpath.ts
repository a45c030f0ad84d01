/** One step of a path: takes the nodes so far to the nodes after it. */
type Step = (nodes: unknown[], root: unknown) => unknown[];
type Part = { text: string } | { path: Step[] } | { range: Step[]; body: Part[] };

/** The template is wrong; the message says where. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

/**
 * kubectl's JSONPath templates (kubernetes.io/docs/reference/kubectl/jsonpath): text with `{…}` in it, `{range …}{end}`, quoted text,
 * fields, indexes, slices, wildcards, unions, recursive descent and filters.
 * @returns a function that fills the template from an object. A missing field gives nothing, as `kubectl get` does.
 * @throws JsonPathError
 */
export function jsonPathTemplate(template: string): (value: unknown) => string {
  const parts = parseTemplate(template);
  return (value) => render(parts, value, value);
}

/** The values that one path finds: `{.status.phase}`, or `.status.phase` as people type it. @throws JsonPathError */
export function jsonPathValues(expression: string): (value: unknown) => unknown[] {
  const trimmed = expression.trim();
  const inner = trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1) : trimmed;
  const path = new PathParser(
    inner.startsWith('.') || inner.startsWith('[') || /^[$@]/.test(inner) ? inner : `.${inner}`,
  ).path();
  return (value) => follow(path, value, value);
}

function parseTemplate(template: string): Part[] {
  const stack: { parts: Part[]; range?: Step[] }[] = [{ parts: [] }];
  for (const { text, expression } of splitTemplate(template)) {
    const top = stack.at(-1)!;
    if (text !== undefined) top.parts.push({ text });
    else if (/^range\s/.test(expression!))
      stack.push({ parts: [], range: new PathParser(expression!.slice(6).trim()).path() });
    else if (expression === 'end') {
      if (!top.range) throw new JsonPathError('{end} without {range}');
      stack.pop();
      stack.at(-1)!.parts.push({ range: top.range, body: top.parts });
    } else if (/^["']/.test(expression!)) top.parts.push({ text: unquote(expression!) });
    else top.parts.push({ path: new PathParser(expression!).path() });
  }
  if (stack.length > 1) throw new JsonPathError('{range} without {end}');
  return stack[0]!.parts;
}

/** Cuts a template at its braces; braces in quotes do not count. */
function splitTemplate(template: string): { text?: string; expression?: string }[] {
  const pieces: { text?: string; expression?: string }[] = [];
  let position = 0;
  while (position < template.length) {
    const open = template.indexOf('{', position);
    if (open < 0) return [...pieces, { text: template.slice(position) }];
    if (open > position) pieces.push({ text: template.slice(position, open) });
    const close = closingBrace(template, open);
    pieces.push({ expression: template.slice(open + 1, close).trim() });
    position = close + 1;
  }
  return pieces;
}

function closingBrace(template: string, open: number): number {
  let quote = '';
  for (let i = open + 1; i < template.length; i++) {
    const c = template[i]!;
    if (c === '\\') i++;
    else if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === '}') return i;
  }
  throw new JsonPathError(`unclosed action: ${template.slice(open)}`);
}

function unquote(quoted: string): string {
  if (quoted.length < 2 || !quoted.endsWith(quoted[0]!))
    throw new JsonPathError(`unterminated quoted string: ${quoted}`);
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, c: string) => escapes[c] ?? c);
}

/** Reads one path by descent; what stands in brackets becomes steps. */
class PathParser {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  path(): Step[] {
    const steps: Step[] = [];
    if (this.#text[this.#at] === '$') {
      this.#at++;
      steps.push((_, root) => [root]);
    } else if (this.#text[this.#at] === '@') this.#at++;
    while (this.#at < this.#text.length) steps.push(this.#step());
    return steps;
  }

  #step(): Step {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('..')) {
      this.#at += this.#text[this.#at + 2] === '[' ? 2 : 1;
      return (nodes) => nodes.flatMap(descendants);
    }
    if (rest.startsWith('[')) return this.#bracket();
    const name = /^\.?((?:\\.|[^.[\]{}()\s=!<>,|&])+)/.exec(rest);
    if (name?.[1]) {
      this.#at += name[0].length;
      const field = name[1].replace(/\\(.)/g, '$1');
      return field === '*' ? (nodes) => nodes.flatMap(children) : (nodes) => nodes.flatMap((n) => fieldOf(n, field));
    }
    if (rest === '.') {
      this.#at++;
      return (nodes) => nodes;
    }
    throw new JsonPathError(`unrecognized character in path: ${rest[0]} in ${this.#text}`);
  }

  #bracket(): Step {
    const close = this.#closingBracket();
    const inner = this.#text.slice(this.#at + 1, close).trim();
    this.#at = close + 1;
    if (inner.startsWith('?(') && inner.endsWith(')')) return filterStep(inner.slice(2, -1).trim());
    const members = splitOutsideQuotes(inner).map(memberStep);
    return (nodes, root) => nodes.flatMap((node) => members.flatMap((member) => member([node], root)));
  }

  #closingBracket(): number {
    let depth = 0;
    let quote = '';
    for (let i = this.#at; i < this.#text.length; i++) {
      const c = this.#text[i]!;
      if (quote) quote = c === quote ? '' : quote;
      else if (c === '"' || c === "'") quote = c;
      else if (c === '[') depth++;
      else if (c === ']' && --depth === 0) return i;
    }
    throw new JsonPathError(`unterminated array: ${this.#text.slice(this.#at)}`);
  }
}

function memberStep(member: string): Step {
  if (member === '*') return (nodes) => nodes.flatMap(children);
  if (/^["']/.test(member)) {
    const field = unquote(member);
    return (nodes) => nodes.flatMap((n) => fieldOf(n, field));
  }
  const slice = /^(-?\d*)(?::(-?\d*))?(?::(\d*))?$/.exec(member);
  if (!slice || member === '') throw new JsonPathError(`invalid array index ${member}`);
  if (!member.includes(':'))
    return (nodes) =>
      nodes.flatMap((n) => (Array.isArray(n) ? n.slice(+member, +member === -1 ? undefined : +member + 1) : []));
  const [, from, to, by] = slice;
  return (nodes) =>
    nodes.flatMap((n) =>
      Array.isArray(n) ? n.slice(+(from || 0), to ? +to : undefined).filter((_, i) => i % (+(by || 1) || 1) === 0) : [],
    );
}

const COMPARE: Record<string, (a: unknown, b: unknown) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => (a as number) < (b as number),
  '<=': (a, b) => (a as number) <= (b as number),
  '>': (a, b) => (a as number) > (b as number),
  '>=': (a, b) => (a as number) >= (b as number),
};

function filterStep(condition: string): Step {
  const operator = /^((?:[^"'=!<>]|"[^"]*"|'[^']*')+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/.exec(condition);
  const left = operand(operator ? operator[1]! : condition);
  const right = operator ? operand(operator[3]!) : undefined;
  const holds = (item: unknown, root: unknown): boolean => {
    const a = left(item, root);
    if (!operator || !right) return a.length > 0;
    const b = right(item, root);
    return a.length > 0 && b.length > 0 && COMPARE[operator[2]!]!(a[0], b[0]);
  };
  return (nodes, root) => nodes.flatMap((n) => children(n).filter((item) => holds(item, root)));
}

function operand(text: string): (item: unknown, root: unknown) => unknown[] {
  const trimmed = text.trim();
  if (/^["']/.test(trimmed)) return () => [unquote(trimmed)];
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return () => [Number(trimmed)];
  if (trimmed === 'true' || trimmed === 'false') return () => [trimmed === 'true'];
  const path = new PathParser(trimmed).path();
  return (item, root) => follow(path, item, root);
}

function splitOutsideQuotes(text: string): string[] {
  return (text.match(/(?:[^,"']|"[^"]*"|'[^']*')+/g) ?? ['']).map((p) => p.trim());
}

const children = (node: unknown): unknown[] =>
  Array.isArray(node) ? node : node !== null && typeof node === 'object' ? Object.values(node) : [];
const descendants = (node: unknown): unknown[] => [node, ...children(node).flatMap(descendants)];
const fieldOf = (node: unknown, field: string): unknown[] =>
  node !== null && typeof node === 'object' && !Array.isArray(node) && Object.hasOwn(node, field)
    ? [(node as Record<string, unknown>)[field]]
    : [];
const follow = (path: Step[], value: unknown, root: unknown): unknown[] =>
  path.reduce<unknown[]>((nodes, step) => step(nodes, root), [value]);

function render(parts: Part[], value: unknown, root: unknown): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      if ('path' in part) return follow(part.path, value, root).map(valueText).join(' ');
      return follow(part.range, value, root)
        .map((item) => render(part.body, item, root))
        .join('');
    })
    .join('');
}

/** A found value as kubectl prints it: text as it is, everything else as JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
