import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { badRequest, StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { type ServeLogRequest, serveLog } from './log.ts';

const bound: Pod = { metadata: { name: 'web' }, spec: { nodeName: 'here', containers: [{ name: 'main' }] } };

let server: Server;
let pod: Pod;
let functions: ServeLogRequest['functions'];
let calls: unknown[][];
let stop: AbortController;
let answers: Promise<void>[];

beforeEach(async () => {
  [pod, calls, answers, stop] = [bound, [], [], new AbortController()];
  server = createServer((req, res) => {
    const query = new URL(req.url!, 'http://api').searchParams;
    const answer = serveLog({ req, res, pod, query, functions, log: pino({ level: 'silent' }), signal: stop.signal });
    answers.push(
      answer.catch((error) => {
        const status = error instanceof StatusError ? error : new StatusError('InternalError', String(error));
        res.writeHead(status.code).end(JSON.stringify(status.toStatus()));
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const from = (source: Readable) => {
  functions = {
    logs: async (...args) => {
      calls.push(args.slice(1));
      return source;
    },
  };
};

const ask = (query = ''): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ port: (server.address() as AddressInfo).port, path: `/log?${query}` }, resolve).on('error', reject);
  });
const text = async (res: IncomingMessage) => (await res.toArray()).join('');

describe('serveLog', () => {
  it('is plain text, as the node gives it', async () => {
    from(Readable.from(['one\n', 'two\n']));
    const res = await ask('container=main&tailLines=2&timestamps=true');
    expect([res.statusCode, res.headers['content-type'], res.headers['transfer-encoding']]).toEqual([
      200,
      'text/plain',
      'chunked',
    ]);
    expect(await text(res)).toBe('one\ntwo\n');
    expect(calls).toEqual([['main', { follow: false, previous: false, timestamps: true, tailLines: 2 }]]);
  });

  it('an empty log is an empty 200', async () => {
    from(Readable.from([]));
    const res = await ask();
    expect([res.statusCode, await text(res)]).toEqual([200, '']);
  });

  it('carries much without losing any', async () => {
    from(Readable.from(Array.from({ length: 500 }, () => Buffer.alloc(20_000, 'x'))));
    expect((await text(await ask())).length).toBe(10_000_000);
  });

  it('a Pod without a node has an empty 204', async () => {
    pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'main' }] } };
    const res = await ask();
    expect([res.statusCode, await text(res)]).toEqual([204, '']);
  });

  describe('what fails before the first byte is a Status', () => {
    it.each<[string, string, () => void, number, string]>([
      [
        'a bad query',
        'tailLines=-1',
        () => {},
        422,
        'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
      ],
      [
        'the node says no',
        '',
        () => {
          functions = {
            logs: () =>
              Promise.reject(badRequest('container "main" in pod "web" is waiting to start: ContainerCreating')),
          };
        },
        400,
        'container "main" in pod "web" is waiting to start: ContainerCreating',
      ],
      [
        'the log breaks at once',
        '',
        () => {
          const source = new PassThrough();
          from(source);
          const { logs } = functions;
          functions.logs = (...args) => {
            setTimeout(() => source.destroy(new Error('no such file')), 20);
            return logs(...args);
          };
        },
        500,
        'Error: no such file',
      ],
    ])('%s', async (_, query, arrange, code, message) => {
      arrange();
      const res = await ask(query);
      expect(res.statusCode).toBe(code);
      expect(JSON.parse(await text(res))).toMatchObject({ kind: 'Status', code, message });
    });
  });

  it('an error later cuts the answer off', async () => {
    const source = new PassThrough();
    from(source);
    source.write('half');
    const res = await ask('follow=true');
    const read = text(res);
    setTimeout(() => source.destroy(new Error('disk')), 20);
    await expect(read).rejects.toThrow('aborted');
    await Promise.all(answers);
  });

  it('a followed log is flushed at once, and the head comes although nothing is said', async () => {
    const source = new PassThrough();
    from(source);
    const res = await ask('follow=true');
    const seen: string[] = [];
    res.on('data', (chunk) => seen.push(String(chunk)));
    expect(res.statusCode).toBe(200);
    await sleep(150);
    for (const line of ['one\n', 'two\n']) {
      source.write(line);
      await eventually(() => expect(seen.at(-1)).toBe(line));
    }
    source.end();
    await Promise.all(answers);
    expect(seen).toEqual(['one\n', 'two\n']);
  });

  it.each<[string, (res: IncomingMessage) => void]>([
    ['the client leaves', (res) => res.destroy()],
    ['the node stops', () => stop.abort()],
  ])('the log is destroyed when %s', async (_, end) => {
    const source = new PassThrough();
    from(source);
    const res = await ask('follow=true');
    res.on('error', () => {});
    end(res);
    await eventually(() => expect(source.destroyed).toBe(true));
    await Promise.all(answers);
  });

  it('a client that leaves while the node thinks leaves no log open', async () => {
    const source = new PassThrough();
    let give = (_: Readable): void => {};
    functions = {
      logs: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    };
    const req = get({ port: (server.address() as AddressInfo).port, path: '/log' });
    req.on('error', () => {});
    await eventually(() => expect(answers).toHaveLength(1));
    req.destroy();
    await sleep(50);
    give(source);
    await Promise.all(answers);
    expect(source.destroyed).toBe(true);
  });

  it('holds the log back while the client does not read', async () => {
    let made = 0;
    const source = new Readable({
      read() {
        made += 100_000;
        this.push(made > 100_000_000 ? null : Buffer.alloc(100_000));
      },
    });
    from(source);
    const res = await ask();
    await sleep(200);
    expect(made).toBeLessThan(20_000_000);
    res.destroy();
    await eventually(() => expect(source.destroyed).toBe(true));
  });
});
