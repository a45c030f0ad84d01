import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { type Listening, type ListenOptions, listen } from '../../src/api/http/node-server.ts';
import { type Fixture, MAPS, startApi } from '../../src/api/rest/fixture.ts';

const PEER = { commonName: 'outfit-admin', organizations: ['system:masters'] };
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

interface Served {
  f: Fixture;
  server: Listening;
  /** What the server has logged as its own fault. */
  faults: string[];
}

/** A server whose clients are all the admin, so that whatever is taken for a request is carried out. */
async function serve(options: Partial<ListenOptions> = {}): Promise<Served> {
  const faults: string[] = [];
  const log = pino({ level: 'error' }, { write: (line) => faults.push(line) });
  const f = await startApi({ log });
  await f.post(MAPS, { metadata: { name: 'victim' } });
  const handle: typeof f.api.handle = (request) => f.api.handle({ ...request, peer: PEER });
  const server = await listen({ handle, upgrade: async () => {} }, { host: '127.0.0.1', port: 0, ...options });
  undo.push(() => server.close());
  return { f, server, faults };
}

/** Sends bytes as they are; all that is answered until the server closes, or until `finish` is true of it. */
async function send({ port }: Listening, bytes: string | Buffer, finish = (_: string) => false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  undo.push(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => {
    text += part;
    if (finish(text)) socket.destroy();
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');
const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
const answered = (text: string): boolean => /^0\r\n\r\n$/m.test(text) || /\r\n\r\n[\s\S]*\n$/.test(text);

describe('slow clients', () => {
  const deadlines = { headers: 200, request: 400, check: 50 };

  test('that never end their headers are cut off, and hold nobody up', async () => {
    const { server } = await serve({ deadlines });
    const slow = Array.from({ length: 50 }, () => send(server, 'GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: '));
    expect((await fetch(`${server.url}/version`)).status).toBe(200);
    for (const text of await Promise.all(slow)) expect([[], [408]]).toContainEqual(statuses(text));
  });

  test('that never end their body are cut off, and nothing comes of it', async () => {
    const { f, server, faults } = await serve({ deadlines });
    const head = lines(
      `POST ${MAPS} HTTP/1.1`,
      'Host: x',
      'Content-Type: application/json',
      'Content-Length: 1000',
      '',
    );
    const before = f.store.revision;
    await send(server, `${head}{"metadata":{"name":"slow"},`);
    expect(f.store.revision).toBe(before);
    expect(faults).toEqual([]);
  });

  test('that wait for an answer that goes on are not slow', async () => {
    const { f, server } = await serve({ deadlines });
    const text = send(server, lines(`GET ${MAPS}?watch=true HTTP/1.1`, 'Host: x', ''), (all) => all.includes('"late"'));
    await new Promise((resolve) => setTimeout(resolve, 3 * deadlines.request));
    await f.post(MAPS, { metadata: { name: 'late' } });
    expect(await text).toContain('"ADDED"');
  });
});

describe('a request in a request', () => {
  const inner = `DELETE ${MAPS}/victim HTTP/1.1\r\nHost: x\r\n\r\n`;
  const post = (...headers: string[]): string => lines(`POST ${MAPS} HTTP/1.1`, 'Host: x', ...headers, '');

  test.each([
    ['two lengths', post('Content-Length: 0', `Content-Length: ${inner.length}`) + inner],
    ['a length and chunks', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${inner}`],
    ['chunks by another name', `${post('Transfer-Encoding: xchunked', 'Content-Length: 5')}0\r\n\r\n${inner}`],
    ['chunks that are not last', `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n${inner}`],
    ['a blank before the colon', post('Content-Length : 0') + inner],
    ['a length with a sign', post('Content-Length: +0') + inner],
    ['a length in hexadecimal', post('Content-Length: 0x0') + inner],
    ['a header that goes on in the next line', post('X-A: b', ' Content-Length: 0', 'Content-Length: 1') + inner],
    ['a line that ends with CR alone', `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nX: y\rContent-Length: 0\r\n\r\n${inner}`],
    ['a NUL in a header', post('X-A: \0') + inner],
    ['a chunk with a wrong size', `${post('Transfer-Encoding: chunked')}zz\r\n${inner}`],
    ['a chunk with an extension that ends in LF', `${post('Transfer-Encoding: chunked')}2;\nxx\r\n0\r\n\r\n${inner}`],
  ])('is not found behind %s', async (_, bytes) => {
    const { f, server, faults } = await serve();
    const text = await send(server, bytes, (all) => answered(all) && statuses(all).length > 0);
    expect(statuses(text)[0]).toBe(400);
    expect((await f.get(`${MAPS}/victim`)).status).toBe(200);
    expect(faults).toEqual([]);
  });

  test('is not found in a body that nobody has read', async () => {
    const { f, server } = await serve();
    const refused = lines(`POST /api/v1/widgets HTTP/1.1`, 'Host: x', `Content-Length: ${inner.length + 9}`, '');
    const text = await send(server, refused + inner);
    expect(statuses(text)).toEqual([404]);
    expect((await f.get(`${MAPS}/victim`)).status).toBe(200);
  });
});

describe('odd requests', () => {
  test.each([
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    ['an address without end', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
    ['a method that is none', 'PWN / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['another host’s address', `GET http://elsewhere${MAPS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 404],
  ])('%s', async (_, bytes, status) => {
    const { server, faults } = await serve();
    expect(statuses(await send(server, bytes))).toEqual([status]);
    expect(faults).toEqual([]);
  });
});

describe('bodies that blow up', () => {
  const json = { 'Content-Type': 'application/json' };
  const deep = `{"metadata":{"name":"a","x":${'['.repeat(100_000)}`;
  const aliases = [...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`)}]`);
  const zipped = gzipSync(JSON.stringify({ metadata: { name: 'a' }, data: { a: 'x'.repeat(50_000_000) } }));
  test.each([
    ['by nesting', { headers: json, body: deep }, [400]],
    [
      'by aliases',
      { headers: { 'Content-Type': 'application/yaml' }, body: `a: &a [x]\n${aliases.join('\n')}` },
      [400],
    ],
    // Kubernetes does not unpack bodies: what is zipped is no JSON.
    ['when unzipped', { headers: { ...json, 'Content-Encoding': 'gzip' }, body: zipped }, [400, 415]],
    [
      'by digits',
      { headers: json, body: `{"metadata":{"name":"a","generation":1e${'9'.repeat(1_000_000)}}}` },
      [400, 201, 422],
    ],
    ['by their length', { headers: json, body: `{"data":{"a":"${'x'.repeat(4_000_000)}"}}` }, [413]],
  ])('%s', async (_, { headers, body }, expected) => {
    const { server, faults } = await serve();
    const { status } = await fetch(server.url + MAPS, { method: 'POST', headers, body });
    expect(expected).toContain(status);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(faults).toEqual([]);
  });

  test('by copying what they have copied', async () => {
    const { f } = await serve();
    const headers = { 'Content-Type': 'application/json-patch+json' };
    const double = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/${i}` }));
    const { status } = await f.ask('PATCH', `${MAPS}/victim`, {
      body: [{ op: 'add', path: '/data', value: { a: 'x'.repeat(100) } }, ...double],
      headers,
    });
    expect([413, 422]).toContain(status);
  }, 20_000);
});
