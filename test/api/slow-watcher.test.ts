import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { ApiResponse } from '../../src/api/http/exchange.ts';
import { type Listening, listen } from '../../src/api/http/node-server.ts';
import { type Fixture, MAPS, startApi } from '../../src/api/rest/fixture.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { follow, told, type WatchLine } from './follow.ts';

const PEER = { commonName: 'outfit-admin', organizations: ['system:masters'] };
const EVENT_BYTES = 100_000;
/** Far more than the kernel takes for a reader that does not read. */
const EVENTS = 300;
const REMEMBERED = 50;

/** What the server has handed to the connection of one watch. */
interface Handed {
  events: number;
  /** Events that wait for room. */
  waiting: number;
  mostWaiting: number;
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const action of undo.splice(0).reverse()) await action();
});

/** A server on a socket whose clients are all the admin, with a view of what it hands to them. */
async function serve(historyLength: number): Promise<{ f: Fixture; server: Listening; handed: Handed[] }> {
  const f = await startApi({ store: memoryStore({ historyLength, historyBytes: 1 << 30 }) });
  const handed: Handed[] = [];
  const handle = async (request: Parameters<typeof f.api.handle>[0]) =>
    counted(await f.api.handle({ ...request, peer: PEER }), handed);
  const server = await listen({ handle, upgrade: async () => {} }, { host: '127.0.0.1', port: 0 });
  undo.push(() => server.close());
  return { f, server, handed };
}

function counted(response: ApiResponse, all: Handed[]): ApiResponse {
  if (response.kind !== 'stream') return response;
  const mine: Handed = { events: 0, waiting: 0, mostWaiting: 0 };
  all.push(mine);
  return {
    ...response,
    run: (write, signal) =>
      response.run(async (chunk) => {
        mine.events++;
        mine.mostWaiting = Math.max(mine.mostWaiting, ++mine.waiting);
        await write(chunk);
        mine.waiting--;
      }, signal),
  };
}

/** A client that asks for a watch and does not read the answer. */
async function stuckWatch({ port }: Listening): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  undo.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET ${MAPS}?watch=true HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

async function writeMuch(f: Fixture): Promise<void> {
  for (let i = 0; i < EVENTS; i++) {
    await f.merge(`${MAPS}/big`, { data: { text: String(i % 10).repeat(EVENT_BYTES), count: String(i) } });
    // The sockets get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('clients that do not read hold nobody up, are kept one event for each, and are told that they are too late', async () => {
  const { f, server, handed } = await serve(REMEMBERED);
  await f.post(MAPS, { metadata: { name: 'big' } });
  const stuck = await Promise.all(Array.from({ length: 20 }, () => stuckWatch(server)));
  await vi.waitFor(() => expect(handed).toHaveLength(stuck.length), 30_000);
  const quick = await follow(f.api, `${MAPS}?watch=true`);
  await writeMuch(f);
  await vi.waitFor(() => expect(quick.lines).toHaveLength(EVENTS + 1), 30_000);
  quick.stop();
  expect(handed.map(({ mostWaiting }) => mostWaiting)).toEqual(stuck.map(() => 1));
  expect(Math.max(...handed.map(({ events }) => events))).toBeLessThan(EVENTS - REMEMBERED);

  const lines = await readAll(stuck[0]!);
  expect(lines.at(-1)).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
  expect(told(lines.slice(0, -1))).toEqual(['ADDED big', ...lines.slice(2).map(() => 'MODIFIED big')]);
  expect(lines.slice(1, -1).map(({ object }) => Number(object.data!.count))).toEqual(lines.slice(2).map((_, i) => i));
});

test('a client that takes nothing for a minute is cut off', async () => {
  const { f, server, handed } = await serve(EVENTS);
  await f.post(MAPS, { metadata: { name: 'big' } });
  const stuck = await stuckWatch(server);
  await vi.waitFor(() => expect(handed).toHaveLength(1), 30_000);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await writeMuch(f);
  expect(handed[0]!.waiting).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  const closed = once(stuck, 'close');
  stuck.resume();
  await closed;
  expect(handed[0]!.waiting).toBe(0);
});

/** The lines of the answer of a client that begins to read at last. */
async function readAll(socket: Socket): Promise<WatchLine[]> {
  let text = '';
  socket
    .setEncoding('utf8')
    .resume()
    .on('data', (part) => {
      text += part;
    });
  await vi.waitFor(() => expect(text.endsWith('\r\n0\r\n\r\n')).toBe(true), 30_000);
  return text
    .split('\r\n')
    .filter((line) => line.startsWith('{"type":'))
    .map((line) => JSON.parse(line) as WatchLine);
}
