import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, Failure } from '../command.ts';
import type { DaemonMessage } from './daemon-message.ts';
import { lastLogLines } from './log-lines.ts';
import type { NodePaths } from './paths.ts';

type Ready = Extract<DaemonMessage, { type: 'ready' }>;

/**
 * V8 would let garbage grow to several times what is alive before it collects: 440 MB with 10,000 Pods, of which 242 MB are needed. So it collects when the
 * heap has grown by about a third, and other than with `--max-old-space-size` there is no limit at which the node would die. `--optimize-for-size` does
 * the same, but makes a list or a start with many objects take twice as long (`npm run bench -- --only api`).
 */
const V8_FLAGS = ['--heap-growing-percent=35', '--max-semi-space-size=8'];

/**
 * Starts the daemon in a session of its own and waits until it answers. It tells how it goes over a channel that then closes.
 * @throws Failure when it could not start; it has cleaned up and ended then
 */
export async function spawnDaemon(flags: string[], paths: NodePaths, context: Context): Promise<Ready> {
  const log = openSync(paths.log, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...V8_FLAGS, join(context.root, 'bin/outfit'), 'node', 'run', ...flags], {
      cwd: '/',
      env: { ...context.env, OUTFIT_HOME: paths.home },
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  const interrupt = (): void => void child.kill('SIGTERM');
  context.signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await untilReady(child, paths, context);
  } finally {
    context.signal.removeEventListener('abort', interrupt);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function untilReady(child: ChildProcess, paths: NodePaths, context: Context): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let failure: Failure | undefined;
    child.on('message', (message: DaemonMessage) => {
      if (message.type === 'ready') resolve(message);
      else failure = new Failure(message.message, { hint: message.hint });
    });
    child.once('error', reject);
    // Only when the daemon has cleaned up and gone is its failure told: nothing is left behind then.
    child.once('exit', (code, signal) => {
      if (context.signal.aborted) return reject(context.signal.reason);
      reject(failure ?? diedSilently(code, signal, paths));
    });
  });
}

function diedSilently(code: number | null, signal: string | null, paths: NodePaths): Failure {
  const lines = lastLogLines(paths.log, 5).map((line) => `  ${line}`);
  return new Failure(
    `the node ended while starting (${signal ?? `exit code ${code}`})\n${lines.join('\n')}`.trimEnd(),
    {
      hint: `the whole log: ${paths.log}`,
    },
  );
}
