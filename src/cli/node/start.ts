import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Context, Failure, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { DaemonMessage } from './daemon-message.ts';
import { type NodeRun, runningNode } from './lock.ts';
import { lastLogLines } from './log-lines.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import {
  DEFAULT_SETTINGS,
  differingFlags,
  givenSettings,
  type NodeSettings,
  readSettings,
  SETTING_OPTIONS,
  settingFlags,
} from './settings.ts';

export const nodeStart: Command = {
  name: 'node start',
  summary: 'start the node: API server and Pod loop in one process, with a private containerd',
  usage: ['[flags]'],
  description: `Returns when the API answers. Settings are kept: the next start of the same state directory needs no flags. A node
that runs already is left as it is.`,
  options: [
    ...SETTING_OPTIONS,
    { name: 'foreground', type: 'boolean', summary: 'stay in this process until Ctrl-C; logs go to standard error' },
  ],
  examples: [
    { command: 'outfit node start', summary: 'A node with default settings' },
    {
      command: 'outfit node start --registry-mirror docker.io=http://127.0.0.1:5000',
      summary: 'Ask a mirror before Docker Hub',
    },
    {
      command: 'OUTFIT_HOME=/tmp/n2 outfit node start --port 0 --bridge outfit2 --pod-cidr 10.206.0.0/24',
      summary: 'A second node',
    },
  ],
  async run(args, context) {
    const begun = performance.now();
    const given = givenSettings(args);
    const paths = nodePaths(context);
    requireRoot();
    makeHome(paths.home);
    const running = await runningNode(paths.lock);
    if (running) return alreadyRunning(running, given, paths, context);
    // Read here as well, so that a damaged or newer directory is told before anything starts.
    await readSettings(paths.settings);
    if (args.flag('foreground')) {
      const { runNode } = await import('./run.ts');
      return runNode({ given, paths, context, foreground: true });
    }
    const run = await spawnDaemon(settingFlags(given), paths, context);
    const seconds = ((performance.now() - begun) / 1000).toFixed(2);
    print(context, `Node "${run.nodeName}" answers at ${run.server} (${run.runtime}, started in ${seconds} s)`);
    usageHint(context);
    return EXIT.done;
  },
};

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Failure('a node needs root: it makes network links, mounts and cgroups', {
    hint: 'sudo outfit node start',
  });
}

function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    accessSync(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Failure(`the state directory ${home} cannot be written: ${(error as Error).message}`, {
      hint: 'choose another one with OUTFIT_HOME',
      cause: error,
    });
  }
}

async function alreadyRunning(
  running: NodeRun,
  given: Partial<NodeSettings>,
  paths: NodePaths,
  context: Context,
): Promise<number> {
  const settings = (await readSettings(paths.settings)) ?? DEFAULT_SETTINGS;
  const differing = differingFlags(given, settings);
  if (differing.length > 0)
    throw new Failure(`the node runs already, with another ${differing.join(', ')}`, {
      hint: 'stop it first (outfit node stop), then start it with the new settings; or use another OUTFIT_HOME for a second node',
    });
  const server = running.server ?? (await serverOf(paths, context));
  print(context, `The node runs already: ${server} (process ${running.pid})`);
  usageHint(context);
  return EXIT.done;
}

/** Another start is under way: waits for its end. */
async function serverOf(paths: NodePaths, context: Context): Promise<string> {
  for (let waited = 0; waited < STARTING_MS; waited += POLL_MS) {
    const running = await runningNode(paths.lock);
    if (running?.server) return running.server;
    if (!running) break;
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Failure('another start of this node did not succeed', { hint: 'outfit node logs' });
}

const STARTING_MS = 30_000;
const POLL_MS = 50;

function usageHint(context: Context): void {
  print(context, 'To use it with kubectl:\n  export KUBECONFIG=$(outfit kubeconfig --path)');
}

type Ready = Extract<DaemonMessage, { type: 'ready' }>;

/** Starts the daemon in a session of its own and waits until it answers. It tells how it goes over a channel that then closes. */
async function spawnDaemon(flags: string[], paths: NodePaths, context: Context): Promise<Ready> {
  const log = openSync(paths.log, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [join(context.root, 'bin/outfit'), 'node', 'run', ...flags], {
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
