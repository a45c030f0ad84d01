/** Keys and indices from an object's root to a field. */
export type FieldPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;
const STEP = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]/y;

/** `spec.containers[0].image`, `metadata.annotations[a.b/c]`: as Kubernetes writes fields in its errors. */
export function formatFieldPath(path: FieldPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number' || !PLAIN_KEY.test(step)) return `[${step}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/**
 * The inverse of `formatFieldPath`; also takes `["a key"]`. A number in brackets is an index.
 * @throws RangeError where the text is not a path
 */
export function parseFieldPath(text: string): FieldPath {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(text);
    if (!match || match[0] === '')
      throw new RangeError(`${JSON.stringify(text)} is not a field path: column ${at + 1}`);
    const [, key, index, quoted, bare] = match;
    if (index !== undefined) path.push(Number(index));
    else path.push(key ?? (quoted === undefined ? bare! : (JSON.parse(quoted) as string)));
  }
  return path;
}

/** The value at a path, undefined where there is none. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** A copy with another value at a path; everything beside the path is shared. */
export function withValueAt(value: unknown, path: FieldPath, next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (Array.isArray(value)) return value.with(Number(step), withValueAt(value[Number(step)], rest, next));
  const map = value as Record<string, unknown>;
  return { ...map, [step]: withValueAt(map[step], rest, next) };
}
