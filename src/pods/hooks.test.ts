import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePod } from '../../test/pods/world.ts';
import { RuntimeError } from '../cri/runtime.ts';
import type { LifecycleHandler } from '../kube/generated/objects.ts';
import { systemClock } from './clock.ts';
import { HookError, hooks } from './hooks.ts';

let server: Server;
let port: number;
const agents: (string | undefined)[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    agents.push(request.headers['user-agent']);
    if (request.url !== '/hang') response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Surroundings {
  ip?: string;
  signal?: AbortSignal;
  events?: string[];
}

/** 'done', or how the hook failed. */
async function run(
  handler: LifecycleHandler,
  { ip = '127.0.0.1', signal = new AbortController().signal, events = [] }: Surroundings = {},
) {
  const runtime = {
    execSync: async (_: string, [command]: string[]) => {
      if (command === 'missing') throw new RuntimeError('Failed', 'no such file');
      if (command === 'hang') await new Promise(() => {});
      return { exitCode: command === 'true' ? 0 : 3, stdout: Buffer.from('out'), stderr: Buffer.from('err') };
    },
  };
  const event = (_: unknown, type: string, reason: string, message: string) =>
    void events.push(`${type} ${reason} ${message}`);
  const hook = hooks({ runtime, events: { event }, clock: systemClock, kubernetesVersion: 'v1.33.0' });
  const pod = makePod('p');
  const target = { pod, container: { name: 'c' }, containerId: 'id', ip };
  return hook(handler, target, signal).then(
    () => 'done',
    (error: unknown) => (error instanceof HookError ? error.message : `gave up: ${(error as Error).message}`),
  );
}

const OF = 'for Container "c" in Pod "p_default(uid-p)" failed - error:';

describe('a hook', () => {
  test.each<[string, LifecycleHandler, string]>([
    ['a command that succeeds', { exec: { command: ['true'] } }, 'done'],
    [
      'one that fails',
      { exec: { command: ['false', 'x'] } },
      `Exec lifecycle hook ([false x]) ${OF} command 'false x' exited with 3: err, message: "outerr"`,
    ],
    [
      'one that is not there',
      { exec: { command: ['missing'] } },
      `Exec lifecycle hook ([missing]) ${OF} rpc error: code = Unknown desc = no such file, message: ""`,
    ],
    ['a sleep', { sleep: { seconds: 0 } }, 'done'],
    [
      'a connection, which no kubelet can make',
      { tcpSocket: { port: 1 } },
      'Cannot run handler: invalid handler: tcpSocket',
    ],
    [
      'a request to nobody',
      { httpGet: { port: 1, path: '/x' } },
      `HTTP lifecycle hook (/x) ${OF} Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused`,
    ],
    [
      'a request to a port without a name',
      { httpGet: { port: 'web' } },
      `HTTP lifecycle hook (/) ${OF} strconv.Atoi: parsing "web": invalid syntax`,
    ],
  ])('%s', async (_, handler, expected) => {
    expect(await run(handler)).toBe(expected);
  });

  test('a request is a success whatever the status, and says that it is a hook', async () => {
    expect(await run({ httpGet: { port, path: '/' } })).toBe('done');
    expect(agents.at(-1)).toBe('kube-lifecycle/1.33');
  });

  test('a request over TLS to a server that has none is made again without', async () => {
    const events: string[] = [];
    expect(await run({ httpGet: { port, scheme: 'HTTPS' } }, { events })).toBe('done');
    expect(events).toEqual([
      'Warning LifecycleHTTPFallback request to HTTPS lifecycle hook for container c got HTTP response, retry with HTTP succeeded',
    ]);
  });

  test('a Pod without an address cannot be asked', async () => {
    expect(await run({ httpGet: { port } }, { ip: '' })).toBe(
      `HTTP lifecycle hook (/) ${OF} failed to find networking container`,
    );
  });

  test.each<[string, () => LifecycleHandler]>([
    ['a command', () => ({ exec: { command: ['hang'] } })],
    ['a sleep', () => ({ sleep: { seconds: 3600 } })],
    ['a request', () => ({ httpGet: { port, path: '/hang' } })],
  ])('%s is given up at the signal', async (_, handler) => {
    const stop = new AbortController();
    const result = run(handler(), { signal: stop.signal });
    stop.abort(new Error('enough'));
    expect(await result).toBe('gave up: enough');
  });
});
