import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../../kube/generated/objects.ts';
import type { Cluster, Request } from '../../client/cluster.ts';
import { ServerError } from '../../client/server-error.ts';
import { ContainerLog } from './container-log.ts';

const line = (second: number, text: string): string => `2026-11-24T00:00:${second}.000000000Z ${text}\n`;
const ended = (containerID: string) => ({ terminated: { containerID, exitCode: 1 } });
const running = (containerID: string, last?: string): Partial<ContainerStatus> => ({
  containerID,
  state: { running: {} },
  ...(last !== undefined && { lastState: ended(last) }),
});
const over = (containerID: string, last?: string): Partial<ContainerStatus> => ({
  containerID,
  state: ended(containerID),
  ...(last !== undefined && { lastState: ended(last) }),
});
const pod = (status: Partial<ContainerStatus>): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  status: {
    containerStatuses: [{ name: 'app', image: '', imageID: '', ready: false, restartCount: 0, ...status }],
  },
});

/** A server whose Pod and whose answers about logs the test sets. */
class Server {
  pod: Pod;
  readonly asked: Request['query'][] = [];
  answer: (query: NonNullable<Request['query']>) => Readable = () => Readable.from([]);
  readonly cluster = {
    request: async () => this.pod,
    stream: async ({ query }: Request) => {
      this.asked.push(query);
      return this.answer(query!);
    },
  } as unknown as Cluster;

  constructor(status: Partial<ContainerStatus>) {
    this.pod = pod(status);
  }
}

function following(server: Server) {
  const lines: string[] = [];
  const stop = new AbortController();
  const log = new ContainerLog({
    cluster: server.cluster,
    pod: server.pod,
    container: 'app',
    signal: stop.signal,
    sink: async ({ text }) => void lines.push(String(text)),
  });
  const has = async (count: number): Promise<string[]> => {
    while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return lines;
  };
  const update = (status: Partial<ContainerStatus>): void => {
    server.pod = pod(status);
    log.update(server.pod);
  };
  const end = async (status: Partial<ContainerStatus>): Promise<string[]> => {
    server.pod = pod(status);
    log.gone(server.pod);
    await log.done;
    return lines;
  };
  return { has, update, end, stop };
}

describe('the log of a container', () => {
  test('goes on with the next run, and each line comes once', async () => {
    const server = new Server(running('a'));
    server.answer = () => Readable.from([Buffer.from(line(10, 'first'))]);
    const { has, update, end } = following(server);
    await has(1);
    server.answer = ({ previous }) =>
      Readable.from([Buffer.from(line(previous ? 10 : 20, previous ? 'first' : 'second'))]);
    update(running('b', 'a'));
    await has(2);
    expect(await end(over('b', 'a'))).toEqual(['first', 'second']);
  });

  test('a run that was over before it was seen is read as the previous one', async () => {
    const server = new Server(running('b', 'a'));
    server.answer = ({ previous }) => Readable.from([Buffer.from(previous ? line(10, 'first') : line(20, 'second'))]);
    const { has, end } = following(server);
    await has(2);
    expect(await end(over('b', 'a'))).toEqual(['first', 'second']);
    expect(server.asked[0]).toMatchObject({ container: 'app', previous: true, timestamps: true, follow: false });
  });

  test('a connection that breaks is taken up a little before where it was', async () => {
    const server = new Server(running('a'));
    server.answer = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from(line(10, 'one') + line(11, 'two'));
          throw new Error('aborted');
        })(),
      );
    const { has, end } = following(server);
    await has(2);
    server.answer = () => Readable.from([Buffer.from(line(10, 'one') + line(11, 'two') + line(12, 'three'))]);
    await has(3);
    expect(await end(over('a'))).toEqual(['one', 'two', 'three']);
    expect(server.asked.at(-1)).toMatchObject({ sinceTime: expect.stringMatching(/^2026-11-24T00:00:0[5-7]Z$/) });
  });

  test('an answer about another run is not taken for this one', async () => {
    const server = new Server(running('a'));
    let isFirst = true;
    server.answer = ({ previous }) => {
      // Meanwhile the container has been restarted.
      if (isFirst) server.pod = pod(running('b', 'a'));
      isFirst = false;
      return Readable.from([Buffer.from(previous ? line(10, 'of a') : line(20, 'of b'))]);
    };
    const { has, end } = following(server);
    await has(2);
    expect(await end(over('b', 'a'))).toEqual(['of a', 'of b']);
  });

  test('a log that is gone ends it', async () => {
    const server = new Server(running('a', 'gone'));
    server.answer = ({ previous }) => {
      if (previous) throw new ServerError({ code: 400, reason: 'BadRequest', message: 'no such container' });
      return Readable.from([Buffer.from(line(20, 'here'))]);
    };
    const { has, end } = following(server);
    await has(1);
    expect(await end(over('a', 'gone'))).toEqual(['here']);
  });
});
