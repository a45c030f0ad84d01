import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  statfsSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodePlaces } from '../places.ts';
import { findProcesses, type Process } from '../processes.ts';
import { type Runtime, RuntimeError } from '../runtime.ts';
import { SetupError } from '../setup-error.ts';
import type { Binaries } from './binaries.ts';

/**
 * Starts containerd apart from us: a session of its own, so that Ctrl-C in our terminal does not reach it, and output to its log
 * file, so that it outlives us. Pods live in shims, not in containerd, and outlive both.
 */
export function spawnContainerd({ containerd }: NodePlaces, binaries: Binaries, env = process.env): ChildProcess {
  boundLog(containerd.log);
  const log = openSync(containerd.log, 'a', 0o600);
  try {
    const { NOTIFY_SOCKET: _, ...inherited } = env;
    return spawn(binaries.containerd, ['--config', containerd.config], {
      cwd: '/',
      env: { ...inherited, PATH: binaries.path },
      stdio: ['ignore', log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/**
 * Moves what is in the log to `.1` when it has grown past 10 MiB. Copied and cut, not renamed: containerd appends to the file it has
 * open. Lines written between the two are lost.
 */
export function boundLog(log: string): void {
  if (sizeOf(log) <= LOG_BYTES) return;
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
}

/** The containerd that was started with our config.toml, by whichever node process. */
export function findContainerd({ containerd }: NodePlaces): Process | undefined {
  return findProcesses(
    (argv) => argv[1] === '--config' && argv[2] === containerd.config && /containerd$/.test(argv[0] ?? ''),
  )[0];
}

/** Resolves when CRI answers. `ended` rejects the wait at once. @throws SetupError Failed with the end of the log */
export async function untilReady(
  places: NodePlaces,
  runtime: Runtime,
  ended: () => boolean,
  timeoutMs = READY_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const logFrom = sizeOf(places.containerd.log);
  for (;;) {
    if (await accepts(places.containerd.socket)) {
      const answer = await runtime.version().catch((error: unknown) => error);
      if (!(answer instanceof RuntimeError)) return;
      if (answer.code !== 'Unavailable') throw answer;
    }
    if (ended()) throw new SetupError('Failed', `containerd ended while starting${why(places, logFrom)}`);
    if (Date.now() > deadline) throw new SetupError('Failed', `containerd does not answer${why(places, logFrom)}`);
    await sleep(POLL_MS);
  }
}

const READY_MS = 20_000;
const POLL_MS = 4;
const LOG_BYTES = 10 << 20;
/** A disk with less than this is full for containerd, which wants whole pages for its databases. Bytes. */
const LITTLE_ROOM = 64 << 10;

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const done = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.once('connect', () => done(true)).once('error', () => done(false));
  });
}

function why({ containerd }: NodePlaces, from: number): string {
  if (isFull(containerd.log)) return `: no room left on the disk of ${containerd.log}: free some space`;
  const lines = existsSync(containerd.log)
    ? readFileSync(containerd.log).subarray(from).toString('utf8').trim().split('\n')
    : [];
  const telling = lines.filter((line) => /level=(error|fatal)|^containerd:|panic/.test(line));
  const last = (telling.length > 0 ? telling : lines).at(-1) ?? '';
  return `${last ? `: ${last}` : ''} (log: ${containerd.log})`;
}

/** containerd cannot even log that the disk is full. */
function isFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : dirname(path));
  return bavail * bsize < LITTLE_ROOM;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
