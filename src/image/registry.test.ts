import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ociImage, ociLayout, tarOf } from './fixtures/archives.ts';
import { ImageLayout } from './layout.ts';
import { loadImages } from './load.ts';
import { type Descriptor, type Manifest, MEDIA, NAME_ANNOTATION } from './oci.ts';
import { startRegistry } from './registry.ts';

let directory: string;
let layout: ImageLayout;
let registry: Awaited<ReturnType<typeof startRegistry>>;
let manifest: Descriptor;
let layer: Descriptor;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-registry-'));
  layout = await ImageLayout.open(join(directory, 'images'));
  const { descriptor, files } = await ociImage('hello');
  const named = (name: string) => ({ ...descriptor, annotations: { [NAME_ANNOTATION]: name } });
  const archive = join(directory, 'x.tar');
  await writeFile(
    archive,
    await tarOf(ociLayout([named('motd:1'), named('motd:2'), named('quay.io/o/motd:1')], files)),
  );
  await loadImages(archive, { layout, architecture: 'amd64' });
  manifest = descriptor;
  layer = (await layout.readJson<Manifest>(descriptor.digest)).layers[0]!;
  registry = await startRegistry({ layout });
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

/** The answer, with the headers that clients of a registry look at. */
async function ask(path: string, { method = 'GET', headers = {} as Record<string, string> } = {}) {
  const answer = await fetch(registry.url + path, { method, headers });
  const looked = ['content-type', 'content-length', 'docker-content-digest', 'content-range', 'allow'];
  const found = looked.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name)]] : []));
  return { status: answer.status, headers: Object.fromEntries(found), body: Buffer.from(await answer.arrayBuffer()) };
}
const fault = (status: number, code: string) => ({
  status,
  headers: expect.objectContaining({ 'content-type': 'application/json' }),
  body: expect.toSatisfy((body: Buffer) => JSON.parse(body.toString()).errors[0].code === code),
});

test('it says that it is a registry', async () => {
  expect(await ask('/v2/')).toMatchObject({ status: 200, body: Buffer.from('{}') });
});

describe('a manifest', () => {
  const headers = () => ({
    'content-type': MEDIA.manifest,
    'content-length': String(manifest.size),
    'docker-content-digest': manifest.digest,
  });
  const content = async () => Buffer.concat(await layout.readBlob(manifest.digest).toArray());

  test.each([
    ['by its tag', () => '/v2/library/motd/manifests/1?ns=docker.io'],
    ['by its tag, without ns', () => '/v2/library/motd/manifests/2'],
    ['of another registry', () => '/v2/o/motd/manifests/1?ns=quay.io'],
    ['by its digest', () => `/v2/library/motd/manifests/${manifest.digest}?ns=docker.io`],
  ])('%s', async (_what, path) => {
    expect(await ask(path())).toEqual({ status: 200, headers: headers(), body: await content() });
    expect(await ask(path(), { method: 'HEAD' })).toEqual({ status: 200, headers: headers(), body: Buffer.alloc(0) });
  });

  test.each([
    ['of an unknown tag', () => '/v2/library/motd/manifests/3?ns=docker.io'],
    ['of an unknown repository', () => '/v2/library/other/manifests/1?ns=docker.io'],
    ['of the same name in another registry', () => '/v2/library/motd/manifests/1?ns=ghcr.io'],
    ['of an unknown digest', () => `/v2/library/motd/manifests/sha256:${'0'.repeat(64)}`],
    ['of a digest that is a layer', () => `/v2/library/motd/manifests/${layer.digest}`],
  ])('%s is unknown', async (_what, path) => {
    expect(await ask(path())).toEqual(fault(404, 'MANIFEST_UNKNOWN'));
    expect(await ask(path(), { method: 'HEAD' })).toMatchObject({ status: 404, body: Buffer.alloc(0) });
  });
});

describe('a blob', () => {
  const path = () => `/v2/library/motd/blobs/${layer.digest}?ns=docker.io`;
  const content = async () => Buffer.concat(await layout.readBlob(layer.digest).toArray());

  test('whole', async () => {
    expect(await ask(path())).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(layer.size),
        'docker-content-digest': layer.digest,
      },
      body: await content(),
    });
    expect(await ask(path(), { method: 'HEAD' })).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });

  test('a part of it, to go on with a pull that broke off', async () => {
    expect(await ask(path(), { headers: { range: 'bytes=10-' } })).toMatchObject({
      status: 206,
      headers: {
        'content-range': `bytes 10-${layer.size - 1}/${layer.size}`,
        'content-length': String(layer.size - 10),
      },
      body: (await content()).subarray(10),
    });
    expect(await ask(path(), { headers: { range: `bytes=${layer.size}-` } })).toEqual({
      ...fault(416, 'SIZE_INVALID'),
      headers: expect.objectContaining({ 'content-range': `bytes */${layer.size}` }),
    });
  });

  test.each([
    [`sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
    ['sha256:..%2f..%2findex.json', 404, 'NAME_INVALID'],
    ['sha256:abc', 400, 'DIGEST_INVALID'],
    ['index.json', 400, 'DIGEST_INVALID'],
  ])('%s is none', async (digest, status, code) => {
    expect(await ask(`/v2/library/motd/blobs/${digest}`)).toEqual(fault(status, code));
  });

  test('a client that goes away in the middle does no harm', async () => {
    await new Promise<void>((resolve) => {
      const asked = request(registry.url + path(), (answer) => {
        answer.destroy();
        asked.destroy();
        resolve();
      });
      asked.end();
    });
    expect((await ask('/v2/')).status).toBe(200);
  });
});

test('the tags of a repository', async () => {
  expect((await ask('/v2/library/motd/tags/list?ns=docker.io')).body.toString()).toBe(
    '{"name":"library/motd","tags":["1","2"]}',
  );
  expect(await ask('/v2/library/other/tags/list')).toEqual(fault(404, 'NAME_UNKNOWN'));
});

test.each([
  ['PUT', '/v2/library/motd/manifests/1', 405, 'UNSUPPORTED'],
  ['POST', '/v2/library/motd/blobs/uploads/', 405, 'UNSUPPORTED'],
  ['DELETE', '/v2/library/motd/manifests/1', 405, 'UNSUPPORTED'],
  ['GET', '/v2/_catalog', 404, 'NAME_INVALID'],
  ['GET', '/%ff', 404, 'NAME_INVALID'],
])('%s %s is not served', async (method, path, status, code) => {
  expect(await ask(path, { method })).toEqual(fault(status, code));
});

test('what is loaded or removed later is served or gone at once', async () => {
  await layout.remove('quay.io/o/motd:1');
  expect((await ask('/v2/o/motd/manifests/1?ns=quay.io')).status).toBe(404);
  expect((await ask('/v2/library/motd/manifests/1')).status).toBe(200);
});

test('a damaged layout is an error of the server, not a missing image', async () => {
  const broken = await ImageLayout.open(join(directory, 'broken'));
  const other = await startRegistry({ layout: broken });
  await writeFile(join(broken.path, 'index.json'), '{');
  const answer = await fetch(`${other.url}/v2/library/x/manifests/1`);
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('index.json cannot be read')]);
  await other.close();
});

test('a port that is taken', async () => {
  const port = Number(new URL(registry.url).port);
  await expect(startRegistry({ layout, port })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining(`the registry cannot listen on 127.0.0.1:${port}`),
  });
});
