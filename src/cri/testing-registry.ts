import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface TestRegistry {
  url: string;
  /** Requests so far, as `GET /v2/…`. */
  requests: string[];
  close(): void;
}

/**
 * For e2e tests: a registry in this process with images made of Debian's static busybox: `outfit.local/pause:1`,
 * `docker.io/library/busybox`, `example.com/tools/busybox:2`, `example.com/tools/slow:1` whose layer takes a second. Every other image is 404.
 * With a user, nobody else gets anything.
 */
export async function startTestRegistry(user?: { name: string; password: string }): Promise<TestRegistry> {
  const tar = await busyboxLayer();
  const blobs = new Map<string, Buffer>();
  const images = new Map([
    ['pause:1', addImage(blobs, tar, { Entrypoint: ['/bin/sleep', '2147483647'] })],
    ['library/busybox:latest', addImage(blobs, tar, { Cmd: ['sh'], Env: ['PATH=/bin'] })],
    ['tools/busybox:2', addImage(blobs, tar, { Cmd: ['sh'], Env: ['PATH=/bin', 'V=2'] })],
    ['tools/slow:1', addImage(blobs, await slowLayer(), {})],
  ]);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (user && request.headers.authorization !== basic(user))
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    answer(request, response, images, blobs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, close: () => void server.close() };
}

function basic({ name, password }: { name: string; password: string }): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** More than busybox's layer. */
const SLOW_BYTES = 2 << 20;
const APPLETS = ['sh', 'sleep', 'echo', 'cat', 'true', 'nc', 'httpd', 'wget', 'head', 'seq', 'dd', 'tail', 'id', 'ip'];

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  images: Map<string, Buffer>,
  blobs: Map<string, Buffer>,
): void {
  const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^?]+)/.exec(request.url ?? '') ?? [];
  const body =
    kind === 'manifests' ? (images.get(`${name}:${reference}`) ?? blobs.get(reference)) : blobs.get(reference);
  if (!body) return void response.writeHead(404).end();
  const type = kind === 'manifests' ? MANIFEST : 'application/octet-stream';
  response.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'docker-content-digest': digest(body),
  });
  if (request.method === 'HEAD') response.end();
  else if (body.length < SLOW_BYTES) response.end(body);
  else void inPieces(response, body);
}

async function inPieces(response: ServerResponse, body: Buffer): Promise<void> {
  const size = Math.ceil(body.length / 10);
  for (let at = 0; at < body.length; at += size) {
    response.write(body.subarray(at, at + size));
    await sleep(100);
  }
  response.end();
}

function addImage(blobs: Map<string, Buffer>, tar: Buffer, config: object): Buffer {
  const add = (bytes: Buffer, mediaType: string) => {
    blobs.set(digest(bytes), bytes);
    return { mediaType, digest: digest(bytes), size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const rootfs = { type: 'layers', diff_ids: [digest(tar)] };
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: add(
      json({ architecture: 'amd64', os: 'linux', config, rootfs }),
      'application/vnd.oci.image.config.v1+json',
    ),
    layers: [add(gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip')],
  });
  add(manifest, MANIFEST);
  return manifest;
}

async function busyboxLayer(): Promise<Buffer> {
  const tar = pack();
  for (const name of ['bin/', 'tmp/', 'etc/', 'var/', 'var/log/']) tar.entry({ name, type: 'directory', mode: 0o755 });
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(await busybox()));
  for (const name of APPLETS) tar.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
  tar.finalize();
  return buffer(tar);
}

async function slowLayer(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'slow' }, randomBytes(SLOW_BYTES));
  tar.finalize();
  return buffer(tar);
}

/** Debian's package, fetched once and kept in the temporary folder. */
async function busybox(): Promise<string> {
  const folder = join(tmpdir(), 'outfit-test-busybox');
  const program = join(folder, 'bin', 'busybox');
  if (existsSync(program)) return program;
  const run = promisify(execFile);
  mkdirSync(folder, { recursive: true });
  await run('apt-get', ['-q', 'download', 'busybox-static'], { cwd: folder });
  const file = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  await run('dpkg-deb', ['-x', join(folder, file), folder]);
  return program;
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
