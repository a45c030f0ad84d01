import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { isDigest } from './digest.ts';
import { ImageError } from './image-error.ts';
import type { ImageLayout } from './layout.ts';
import { type Descriptor, type Index, type Manifest, MEDIA } from './oci.ts';
import { parseRange, parseRegistryPath, pulledName } from './registry-request.ts';

export interface RegistryOptions {
  layout: Pick<ImageLayout, 'find' | 'names' | 'blobSize' | 'readBlob' | 'readJson'>;
  /** Default: any free one. */
  port?: number;
  host?: string;
  log?: Logger;
}

/**
 * Serves a layout's images to container runtimes: the pull side of the distribution specification, over plain HTTP, on this machine only.
 * There is nothing to push to and nothing to log in to.
 * @throws ImageError Unavailable when the address is taken
 */
export async function startRegistry(options: RegistryOptions): Promise<{ url: string; close: () => Promise<void> }> {
  const { layout, port = 0, host = '127.0.0.1', log } = options;
  const server = createServer((request, response) => void answer({ layout, log, request, response }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ImageError('Unavailable', `the registry cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  log?.debug({ url }, 'registry: listening');
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  layout: RegistryOptions['layout'];
  log: Logger | undefined;
  request: IncomingMessage;
  response: ServerResponse;
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, log } = exchange;
  try {
    await route(exchange);
  } catch (error) {
    const gone = response.destroyed || response.writableEnded;
    if (!gone) log?.error({ err: error, path: request.url }, 'registry: request failed');
    if (response.headersSent) response.destroy();
    else if (!gone) fail(response, 500, 'UNKNOWN', error instanceof Error ? error.message : String(error));
  }
  log?.debug({ method: request.method, path: request.url, status: response.statusCode }, 'registry: request');
}

async function route(exchange: Exchange): Promise<void> {
  const { request, response, layout } = exchange;
  const url = new URL(request.url ?? '/', 'http://registry');
  const asked = parseRegistryPath(safeDecode(url.pathname));
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return fail(response, 405, 'UNSUPPORTED', 'this registry can only be pulled from');
  }
  if (!asked) return fail(response, 404, 'NAME_INVALID', `there is nothing at ${url.pathname}`);
  const ns = url.searchParams.get('ns');
  if (asked.kind === 'base') return sendJson(exchange, {});
  if (asked.kind === 'blob') return sendBlob(exchange, asked.digest);
  if (asked.kind === 'tags') return sendTags(exchange, ns, asked.repository);
  const found = isDigest(asked.reference)
    ? await describeManifest(layout, asked.reference)
    : await layout.find(pulledName(ns, asked.repository, asked.reference));
  if (!found)
    return fail(response, 404, 'MANIFEST_UNKNOWN', `there is no ${asked.repository} with ${asked.reference} here`);
  response.setHeader('Docker-Content-Digest', found.digest);
  await sendContent(exchange, found.digest, found.mediaType);
}

function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** A manifest or index that is asked for by its digest: its media type stands in it, or follows from its shape. */
async function describeManifest(layout: RegistryOptions['layout'], digest: string): Promise<Descriptor | undefined> {
  try {
    const document = await layout.readJson<Partial<Manifest & Index>>(digest);
    const mediaType = document.mediaType ?? (document.manifests ? MEDIA.index : document.config && MEDIA.manifest);
    return mediaType ? { mediaType, digest, size: await layout.blobSize(digest) } : undefined;
  } catch (error) {
    if (error instanceof ImageError) return undefined; // no such blob, or one that is no document
    throw error;
  }
}

async function sendBlob(exchange: Exchange, digest: string): Promise<void> {
  if (!isDigest(digest)) return fail(exchange.response, 400, 'DIGEST_INVALID', `${digest} is no sha256 digest`);
  exchange.response.setHeader('Docker-Content-Digest', digest);
  await sendContent(exchange, digest, 'application/octet-stream');
}

async function sendContent({ layout, request, response }: Exchange, digest: string, mediaType: string): Promise<void> {
  const size = await layout.blobSize(digest).catch((error: unknown) => {
    if (error instanceof ImageError && error.code === 'NotFound') return undefined;
    throw error;
  });
  if (size === undefined) return fail(response, 404, 'BLOB_UNKNOWN', `there is no ${digest} here`);
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${size}`);
    return fail(response, 416, 'SIZE_INVALID', `${digest} has ${size} bytes`);
  }
  response.statusCode = range ? 206 : 200;
  if (range) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
  response.setHeader('Content-Type', mediaType);
  response.setHeader('Content-Length', range ? range.end - range.start + 1 : size);
  response.setHeader('Accept-Ranges', 'bytes');
  if (request.method === 'HEAD') response.end();
  else await pipeline(layout.readBlob(digest, range), response);
}

async function sendTags(exchange: Exchange, ns: string | null, repository: string): Promise<void> {
  const prefix = pulledName(ns, repository, '');
  const names = [...(await exchange.layout.names()).keys()].filter((name) => name.startsWith(prefix));
  if (names.length === 0) return fail(exchange.response, 404, 'NAME_UNKNOWN', `there is no ${repository} here`);
  sendJson(exchange, { name: repository, tags: names.map((name) => name.slice(prefix.length)) });
}

function sendJson({ request, response }: Exchange, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Docker-Distribution-Api-Version': 'registry/2.0',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** The error body of the specification ("Error Codes"). */
function fail(response: ServerResponse, status: number, code: string, message: string): void {
  const text = JSON.stringify({ errors: [{ code, message, detail: null }] });
  for (const header of ['Docker-Content-Digest', 'Accept-Ranges']) response.removeHeader(header);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
