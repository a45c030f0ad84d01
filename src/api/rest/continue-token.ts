import { badRequest } from '../../kube/errors.ts';

/** Where the next page of a list begins. Clients get it as an opaque text. */
export interface ContinueToken {
  /** The revision that all pages show; -1 for whatever is there when the page is read. */
  revision: number;
  /** The last item of the page before. */
  after: { namespace: string; name: string };
}

export function encodeContinue({ revision, after }: ContinueToken): string {
  const token = { v: 'outfit/v1', rv: revision, after: [after.namespace, after.name] };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws StatusError BadRequest */
export function decodeContinue(text: string): ContinueToken {
  const token = parse(text);
  if (typeof token !== 'object' || token === null) throw notValid();
  const { v, rv, after } = token as { v?: unknown; rv?: unknown; after?: unknown };
  if (v !== 'outfit/v1' || !Number.isSafeInteger(rv) || !Array.isArray(after) || after.length !== 2) throw notValid();
  const [namespace, name] = after as unknown[];
  if (typeof namespace !== 'string' || typeof name !== 'string') throw notValid();
  return { revision: rv as number, after: { namespace, name } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw notValid();
  }
}

const notValid = () => badRequest('continue key is not valid: it must come from the metadata of an earlier list');
