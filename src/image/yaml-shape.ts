import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';

/** Something to tell about a place in a YAML file. */
interface Problem {
  offset: number;
  message: string;
}

/** Reads a node as a T, or reports problems and returns undefined. `path` says where in the document it is: `files[2].mode`. */
export type Shape<T> = (node: Node | null | undefined, path: string, report: Report) => T | undefined;
type Report = (node: Node | null | undefined, message: string) => void;

/**
 * Reads a YAML document of a fixed shape. Unknown and repeated fields are problems, as is everything that the shape does not take.
 * Each problem is a line of its own: `file:line:column: message`.
 */
export function readYaml<T>(text: string, file: string, shape: Shape<T>): { value: T } | { problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: Problem[] = document.errors.map(({ pos: [offset], message }) => ({ offset, message }));
  let value: T | undefined;
  if (problems.length === 0) {
    const report: Report = (node, message) => problems.push({ offset: node?.range?.[0] ?? 0, message });
    value = shape(document.contents, '', report);
  }
  if (problems.length === 0 && value !== undefined) return { value };
  const texts = problems.map(({ offset, message }) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: ${message}`;
  });
  return { problems: texts };
}

/** A text that `check` has nothing against; numbers and booleans must be quoted. */
export function text(check: (value: string) => string | undefined = () => undefined): Shape<string> {
  return (node, path, report) => {
    if (!isScalar(node) || typeof node.value !== 'string') return wrong(node, path, 'a text', report);
    const fault = check(node.value);
    if (fault) report(node, `${path}: ${fault}`);
    return node.value;
  };
}

export function integer({ min, max }: { min: number; max: number }): Shape<number> {
  return (node, path, report) => {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    return wrong(node, path, `a whole number from ${min} to ${max}`, report);
  };
}

/** A file mode as people write it: 0755, 1777. YAML itself would read a decimal number. */
export const fileMode: Shape<number> = (node, path, report) => {
  const source = isScalar(node) ? String(node.source ?? node.value) : '';
  if (/^(0o?)?[0-7]{3,4}$/.test(source)) return Number.parseInt(source.replace('o', ''), 8);
  return wrong(node, path, 'a file mode such as 0755', report);
};

export function list<T>(item: Shape<T>): Shape<T[]> {
  return (node, path, report) => {
    if (!isSeq(node)) return wrong(node, path, 'a list', report);
    return node.items
      .map((child, i) => item(child as Node, `${path}[${i}]`, report))
      .filter((read) => read !== undefined);
  };
}

export function mapOf<T>(item: Shape<T>): Shape<Record<string, T>> {
  return (node, path, report) => {
    if (!isMap(node)) return wrong(node, path, 'a mapping', report);
    const entries = node.items.flatMap(({ key, value }) => {
      const name = String(isScalar(key) ? key.value : key);
      const read = item(value as Node, join(path, name), report);
      return read === undefined ? [] : [[name, read] as const];
    });
    return Object.fromEntries(entries);
  };
}

/** A field that may be left out, and what it then is. */
interface Optional<T> {
  shape: Shape<T>;
  fallback: T;
}

export const optional = <T>(shape: Shape<T>, fallback: T): Optional<T> => ({ shape, fallback });

type Fields<T> = { [K in keyof T]: Shape<Exclude<T[K], undefined>> | Optional<T[K]> };

/** A mapping with exactly these fields. `check` looks at the whole once its fields are right. */
export function object<T extends object>(
  fields: Fields<T>,
  check: (value: T) => string | undefined = () => undefined,
): Shape<T> {
  return (node, path, report) => {
    if (!isMap(node)) return wrong(node, path, 'a mapping', report);
    const known = Object.keys(fields);
    for (const { key } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (!known.includes(name))
        report(key as Node, `unknown field "${join(path, name)}" (known: ${known.join(', ')})`);
    }
    let complete = true;
    const entries = Object.entries<Shape<unknown> | Optional<unknown>>(fields).map(([name, field]) => {
      const read = readField(node, name, field, path, report);
      if (read === MISTAKE) complete = false;
      return [name, read];
    });
    const value = Object.fromEntries(entries) as T;
    const fault = complete ? check(value) : undefined;
    if (fault) report(node, path ? `${path}: ${fault}` : fault);
    return complete ? value : undefined;
  };
}

const MISTAKE = Symbol('mistake');

function readField(
  parent: YAMLMap,
  name: string,
  field: Shape<unknown> | Optional<unknown>,
  path: string,
  report: Report,
): unknown {
  const node = parent.get(name, true) as Node | undefined;
  if (node === undefined && typeof field !== 'function') return field.fallback;
  if (node === undefined) {
    report(parent, `${join(path, name)}: is missing`);
    return MISTAKE;
  }
  const read = (typeof field === 'function' ? field : field.shape)(node, join(path, name), report);
  return read === undefined ? MISTAKE : read;
}

function wrong(node: Node | null | undefined, path: string, expected: string, report: Report): undefined {
  report(node, path ? `${path}: must be ${expected}` : `must be ${expected}`);
  return undefined;
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
