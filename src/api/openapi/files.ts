import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { StatusError } from '../../kube/errors.ts';
import { parseAccept } from '../http/accept.ts';
import type { ApiRequest, BodyResponse } from '../http/exchange.ts';

const decompress = promisify(gunzip);

/** What scripts/generate-openapi.mjs has made of each document. */
interface IndexEntry {
  file: string;
  hash: string;
}

interface Index {
  /** Of /openapi/v3, by `api/v1` and the like. */
  v3: Record<string, IndexEntry>;
  /** In protobuf, the little that kubectl 1.27 and 1.28 look for. */
  v2: IndexEntry;
  v2Json: IndexEntry;
}

const JSON_TYPES = ['application/json', 'application/*', '*/*'];
const FOR_EVER = 'public, immutable';

/**
 * Serves the OpenAPI documents as the build has made them, gzipped. They are read from disk for each request: clients keep them, and the node
 * need not. Without a directory there are none.
 */
export class OpenApiFiles {
  readonly #directory: string | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Answers paths below /openapi; undefined for other paths and unknown documents. */
  async answer(path: string, request: ApiRequest): Promise<BodyResponse | undefined> {
    if (!path.startsWith('/openapi/')) return undefined;
    const index = await this.#index();
    if (!index) return undefined;
    if (path === '/openapi/v3') return root(index);
    if (path === '/openapi/v2') return this.#v2(index, request);
    const entry = path.startsWith('/openapi/v3/') ? index.v3[path.slice('/openapi/v3/'.length)] : undefined;
    return entry && this.#document(entry, request, 'application/json');
  }

  /** JSON, or protobuf for kubectl 1.27 and 1.28; the type of that answer has a dot where the request's has an @. @throws StatusError NotAcceptable */
  async #v2({ v2, v2Json }: Index, request: ApiRequest): Promise<BodyResponse> {
    for (const { type } of parseAccept(request.headers.accept)) {
      if (type.includes('proto-openapi.spec.v2'))
        return this.#document(v2, request, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
      if (JSON_TYPES.includes(type)) return this.#document(v2Json, request, 'application/json');
    }
    throw new StatusError(
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    );
  }

  async #document({ file, hash }: IndexEntry, { headers, url }: ApiRequest, type: string): Promise<BodyResponse> {
    const etag = `"${hash}"`;
    const current = new URLSearchParams(url.split('?')[1]).get('hash') === hash;
    const common = {
      ETag: etag,
      Vary: 'Accept-Encoding, Accept',
      'Cache-Control': current ? FOR_EVER : 'no-cache, private',
    };
    if (headers['if-none-match'] === etag) return { kind: 'body', status: 304, headers: common, body: '' };
    const zipped = await readFile(join(this.#directory!, file));
    const all = { ...common, 'Content-Type': type };
    if (/\bgzip\b/.test(headers['accept-encoding'] ?? ''))
      return { kind: 'body', status: 200, headers: { ...all, 'Content-Encoding': 'gzip' }, body: zipped };
    return { kind: 'body', status: 200, headers: all, body: await decompress(zipped) };
  }

  async #index(): Promise<Index | undefined> {
    if (this.#directory === undefined) return undefined;
    try {
      return JSON.parse(await readFile(join(this.#directory, 'index.json'), 'utf8')) as Index;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function root({ v3 }: Index): BodyResponse {
  const paths = Object.entries(v3).map(([name, { hash }]) => [
    name,
    { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` },
  ]);
  const body = JSON.stringify({ paths: Object.fromEntries(paths) });
  return {
    kind: 'body',
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' },
    body,
  };
}
