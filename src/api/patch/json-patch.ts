/** One operation of a JSON patch (RFC 6902). */
export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/** An operation that the document does not allow; a failed `test` too. */
class JsonPatchFailure extends Error {
  override readonly name = 'JsonPatchFailure';
}

/** The JSON that all copies of a patch may come to, in characters: copies of copies would grow without bound (apiserver `pkg/server/config.go`). */
const MAX_COPIED = 3 * 1024 * 1024;

/**
 * Carries out the operations one after the other; all or none. As in kube-apiserver, `replace` of a field that is not there adds it.
 * Written here rather than taken from a library because of that, and because a field may be called `constructor` or `__proto__`.
 * The document is not altered.
 * @throws JsonPatchFailure
 */
export function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const root: Parent = { '': structuredClone(document) };
  let copied = 0;
  for (const operation of operations) {
    if (operation.op === 'copy') copied += sizeAt(root, operation.from ?? '');
    if (copied > MAX_COPIED) throw new JsonPatchFailure(`copies come to more than ${MAX_COPIED} characters`);
    apply(root, operation);
  }
  return root[''];
}

type Parent = Record<string, unknown> | unknown[];

function apply(root: Parent, { op, path, from = '', value }: JsonPatchOperation): void {
  switch (op) {
    case 'add':
      add(root, path, structuredClone(value));
      break;
    case 'remove':
      remove(root, path);
      break;
    case 'replace':
      replace(root, path, structuredClone(value));
      break;
    case 'move':
      if (path.startsWith(`${from}/`)) throw new JsonPatchFailure('cannot move a value into itself');
      add(root, path, remove(root, from));
      break;
    case 'copy':
      add(root, path, structuredClone(read(root, from)));
      break;
    case 'test':
      if (!isEqual(read(root, path, true), value ?? null)) throw new JsonPatchFailure(`testing value ${path} failed`);
  }
}

const sizeAt = (root: Parent, path: string): number => JSON.stringify(read(root, path)).length;

function add(root: Parent, path: string, value: unknown): void {
  const { parent, key } = locate(root, path);
  if (!Array.isArray(parent)) set(parent, key, value);
  else if (key === '-') parent.push(value);
  else parent.splice(indexOf(key, parent.length + 1, path), 0, value);
}

function replace(root: Parent, path: string, value: unknown): void {
  const { parent, key } = locate(root, path);
  if (Array.isArray(parent)) parent[indexOf(key, parent.length, path)] = value;
  else set(parent, key, value);
}

function remove(root: Parent, path: string): unknown {
  const { parent, key } = locate(root, path);
  if (Array.isArray(parent)) return parent.splice(indexOf(key, parent.length, path), 1)[0];
  if (!Object.hasOwn(parent, key)) throw missing(path);
  const value = parent[key];
  delete parent[key];
  return value;
}

function read(root: Parent, path: string, absentIsNull = false): unknown {
  const { parent, key } = locate(root, path);
  if (Array.isArray(parent)) return parent[indexOf(key, parent.length, path)];
  if (Object.hasOwn(parent, key)) return parent[key];
  if (absentIsNull) return null;
  throw missing(path);
}

/** The object or list that holds what a pointer names. The whole document is field '' of `root`. */
function locate(root: Parent, path: string): { parent: Parent; key: string } {
  if (path !== '' && !path.startsWith('/')) throw missing(path);
  const keys = path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = keys.pop()!;
  let parent: unknown = root;
  for (const step of keys) parent = child(parent, step, path);
  if (!isParent(parent)) throw missing(path);
  return { parent, key };
}

function child(parent: unknown, key: string, path: string): unknown {
  if (Array.isArray(parent)) return parent[indexOf(key, parent.length, path)];
  if (!isParent(parent) || !Object.hasOwn(parent, key)) throw missing(path);
  return (parent as Record<string, unknown>)[key];
}

function indexOf(key: string, length: number, path: string): number {
  const index = /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : length;
  if (index >= length) throw new JsonPatchFailure(`invalid array index in ${path}`);
  return index;
}

/** Assignment would take `__proto__` for something else. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isParent(a) || !isParent(b) || Array.isArray(a) || Array.isArray(b)) return a === b;
  const fields = Object.keys(a);
  return fields.length === Object.keys(b).length && fields.every((f) => Object.hasOwn(b, f) && isEqual(a[f], b[f]));
}

const isParent = (value: unknown): value is Parent => typeof value === 'object' && value !== null;
const missing = (path: string): JsonPatchFailure => new JsonPatchFailure(`the path ${path} does not exist`);
