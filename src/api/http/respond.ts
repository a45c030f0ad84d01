import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { StatusError } from '../../kube/errors.ts';
import { StoreError } from '../../store/store-error.ts';
import type { Form } from './accept.ts';
import type { BodyResponse, Headers } from './exchange.ts';

const compress = promisify(gzip);
/** Smaller answers are sent as they are, as kube-apiserver does. */
const GZIP_FROM_BYTES = 128 * 1024;
const NO_STORE = 'no-cache, private';

export interface Rendering {
  encoding: Form['encoding'];
  pretty: boolean;
  gzip: boolean;
}

/** An object as the body of an answer. */
export async function objectResponse(
  status: number,
  object: object,
  { encoding, pretty, gzip }: Rendering,
  headers: Headers = {},
): Promise<BodyResponse> {
  const text = encoding === 'yaml' ? await toYaml(object) : `${JSON.stringify(object, null, pretty ? 2 : undefined)}\n`;
  const all = { 'Content-Type': `application/${encoding}`, 'Cache-Control': NO_STORE, ...headers };
  const zipped = gzip && text.length >= GZIP_FROM_BYTES;
  if (!zipped) return { kind: 'body', status, headers: all, body: text };
  const body = await compress(text, { level: 1 });
  return { kind: 'body', status, headers: { ...all, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }, body };
}

/** Plain text, for health and unknown paths. */
export function textResponse(status: number, body: string): BodyResponse {
  return {
    kind: 'body',
    status,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': NO_STORE,
      'X-Content-Type-Options': 'nosniff',
    },
    body,
  };
}

export const pageNotFound = (): BodyResponse => textResponse(404, '404 page not found\n');

/** Any failure as a Status. What is not meant for clients becomes 500. */
export function statusOf(error: unknown): { code: number; status: object } {
  if (error instanceof StatusError) return { code: error.code, status: error.toStatus() };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreError && error.code === 'DiskFull') return failure(507, 'InsufficientStorage', message);
  if (error instanceof StoreError && error.code === 'Closed') return failure(503, 'ServiceUnavailable', message);
  return failure(500, 'InternalError', `Internal error occurred: ${message}`);
}

/** Whether a failure is the server's own and belongs in its log. */
export function isOwnFault(error: unknown): boolean {
  return !(error instanceof StatusError) || error.code === 500;
}

/** One header for each warning (RFC 7234 §5.5), as UTF-8 bytes. */
export function warningHeaders(warnings: readonly string[]): Headers {
  if (warnings.length === 0) return {};
  const values = [...new Set(warnings)].map((text) => {
    const quoted = text.replace(/\p{Cc}+/gu, ' ').replace(/["\\]/g, '\\$&');
    return Buffer.from(`299 - "${quoted}"`, 'utf8').toString('latin1');
  });
  return { Warning: values };
}

function failure(code: number, reason: string, message: string): { code: number; status: object } {
  return {
    code,
    status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
  };
}

async function toYaml(object: object): Promise<string> {
  const { stringify } = await import('./yaml-library.ts');
  return stringify(JSON.parse(JSON.stringify(object)), { lineWidth: 0 });
}
