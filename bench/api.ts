import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { atMost, type Figure, percentile } from './figures.ts';
import { type BenchNode, residentMegabytes, timed } from './node.ts';

const PODS = '/api/v1/namespaces/default/pods';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
/** Pods of another node: objects only, nobody runs them. */
const ELSEWHERE = 'another-node';

/** The API as clients feel it, over one kept connection, with thousands of Pods that are only objects; beside the barest server and disk that could do it. */
export async function apiTimes(
  node: BenchNode,
  { pods, watchers }: { pods: number; watchers: number },
): Promise<Figure[]> {
  const echo = await startEcho();
  try {
    const { port } = echo;
    const floor = await bareWrites(node, 500);
    const creates = await createTimes(node, 500);
    // What V8 compiles on the way is not what a request costs.
    await times(500, () => node.api('GET', `${PODS}/object-0`));
    const gets = await times(1000, () => node.api('GET', `${PODS}/object-0`));
    const echoes = await times(1000, () => fetchEcho(port, 3_000));
    await fill(node, 500, pods / 2);
    const lists = await times(7, () => node.text(PODS));
    const bytes = (await node.text(PODS)).length;
    const echoedLists = await times(7, () => fetchEcho(port, bytes));
    const tables = await times(7, () => node.text(PODS, TABLE));
    await fill(node, pods / 2, pods);
    const { pid } = await node.status();
    const megabytes = residentMegabytes(pid);
    const fanOut = await fanOutTimes(node, watchers);
    await node.outfit('node', 'stop');
    const start = await timed(() => node.start());
    const half = `${pods / 2} Pods`;
    return [
      atMost('GET of a Pod: 99 of 100 within', 'ms', [percentile(gets, 0.99)], 3),
      atMost('GET of a Pod / bare HTTP echo (medians)', 'times', [percentile(gets, 0.5) / percentile(echoes, 0.5)]),
      atMost('create of a Pod, on disk: 99 of 100 within', 'ms', [percentile(creates, 0.99)], 12),
      atMost('create of a Pod / bare write of LevelDB (medians)', 'times', [
        percentile(creates, 0.5) / percentile(floor, 0.5),
      ]),
      atMost(`list of ${half}`, 'ms', lists, 250),
      atMost(
        `list of ${half} / bare HTTP echo`,
        'times',
        lists.map((ms, i) => ms / echoedLists[i]!),
      ),
      atMost(`table of ${half}`, 'ms', tables, 400),
      atMost(`one change, told to ${watchers} watchers`, 'ms', fanOut, 100),
      atMost(`node process, objects of ${pods} Pods: memory`, 'MB', [megabytes], 250),
      atMost(`outfit node start with ${pods} Pods on disk`, 'ms', [start], 1500),
    ];
  } finally {
    echo.child.kill('SIGTERM');
  }
}

async function createTimes(node: BenchNode, count: number): Promise<number[]> {
  let i = 0;
  return times(count, () => create(node, i++));
}

/** Pods number `from` to `to`, 32 at a time. */
async function fill(node: BenchNode, from: number, to: number): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < to) await create(node, next++);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

async function create(node: BenchNode, i: number): Promise<void> {
  const containers = ['app', 'proxy'].map((name) => ({
    name,
    image: `registry.example.com/team/${name}:1.${i % 40}.0`,
    env: [{ name: 'GREETING', value: 'hello, world' }],
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
  }));
  const { code } = await node.api('POST', PODS, {
    metadata: { name: `object-${i}`, labels: { app: `service-${i % 100}`, tier: 'web' } },
    spec: { nodeName: ELSEWHERE, containers },
  });
  if (code !== 201) throw new Error(`create answered ${code}`);
}

/** What durability alone costs here: as many bytes, each write flushed. */
async function bareWrites(node: BenchNode, count: number): Promise<number[]> {
  const folder = join(node.home, 'bare-store');
  mkdirSync(folder);
  const level = new ClassicLevel<string, string>(folder);
  await level.open();
  let i = 0;
  const all = await times(count, () => level.put(`pod-${i++}`, 'x'.repeat(3_000), { sync: true }));
  await level.close();
  return all;
}

/** From the request that changes an object to the last watcher's line, several times. */
async function fanOutTimes(node: BenchNode, count: number): Promise<number[]> {
  const heard = { count: 0, all: () => {} };
  const watches = await openWatches(node, count, () => {
    heard.count += 1;
    if (heard.count === count) heard.all();
  });
  const results: number[] = [];
  for (let i = 0; i < 5; i++) {
    heard.count = 0;
    const all = new Promise<void>((resolve) => {
      heard.all = resolve;
    });
    results.push(
      await timed(() =>
        Promise.all([
          node.api(
            'PATCH',
            `${PODS}/object-1`,
            { metadata: { annotations: { round: `${i}` } } },
            'application/merge-patch+json',
          ),
          all,
        ]),
      ),
    );
  }
  for (const close of watches) close();
  await sleep(200);
  return results;
}

async function openWatches(node: BenchNode, count: number, onEvent: () => void): Promise<(() => void)[]> {
  const { resourceVersion } = (await node.api('GET', `${PODS}?limit=1`)).body.metadata ?? {};
  const path = `${PODS}?watch=true&resourceVersion=${resourceVersion}`;
  const closes: (() => void)[] = [];
  for (let i = 0; i < count; i += 50) {
    closes.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => openWatch(node, path, onEvent)))),
    );
  }
  return closes;
}

function openWatch(node: BenchNode, path: string, onEvent: () => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const asked = request(node.at(path), { ...node.credentials, agent: false }, (answer) => {
      answer.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 10) onEvent();
      });
      answer.on('error', () => {});
      resolve(() => asked.destroy());
    });
    asked.on('error', reject);
    asked.end();
  });
}

const ECHO = `require('node:http').createServer((asked, answer) => {
  answer.end('x'.repeat(Number(asked.url.slice(1))));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

/** A server that answers /N with N bytes, in a process of its own. */
function startEcho(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['-e', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdout.once('data', (line) => resolve({ child, port: Number(line) }));
  });
}

const echoAgent = new HttpAgent({ keepAlive: true });

function fetchEcho(port: number, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, path: `/${bytes}`, agent: echoAgent }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function times(count: number, body: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push(await timed(body));
  return all;
}
