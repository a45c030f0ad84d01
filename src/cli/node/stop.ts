import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../cri/processes.ts';
import { type Command, type Context, Failure, print, tell } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type NodeRun, readRun, runningNode } from './lock.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import { spawnDaemon } from './spawn-daemon.ts';

export const nodeStop: Command = {
  name: 'node stop',
  summary: 'stop the Pods by their grace periods, then the node',
  usage: [''],
  description: `The Pods' objects stay: the next start runs them again as their restartPolicy says. Stopping a node that does not run is
no error.`,
  options: [],
  examples: [{ command: 'outfit node stop', summary: 'Stop it; "outfit node start" goes on where it was' }],
  async run(_args, context) {
    const paths = nodePaths(context);
    if (await wasKilled(paths)) await takeUp(paths, context);
    const stopped = await stopNode(paths, context);
    print(context, stopped ? 'The node is stopped' : `No node runs in ${paths.home}`);
    return EXIT.done;
  },
};

/** A node that was killed has left its lock, and its Pods run on. */
export async function wasKilled(paths: NodePaths): Promise<boolean> {
  const last = await readRun(paths.lock);
  return last !== undefined && !isAlive(last);
}

/** Only a node can stop Pods as they should be stopped. */
async function takeUp(paths: NodePaths, context: Context): Promise<void> {
  tell(context, 'The node was killed and its Pods run on; starting it to stop them by their grace periods');
  await spawnDaemon([], paths, context);
}

/**
 * Asks the node that runs in this state directory to stop, shows what it waits for, and waits until it has ended.
 * @returns false when none runs
 */
export async function stopNode(paths: NodePaths, context: Context): Promise<boolean> {
  const node = await runningNode(paths.lock);
  if (!node) return false;
  signalStop(node);
  const shown = new Set<string>();
  while (isAlive(node)) {
    const run = await readRun(paths.lock);
    for (const line of run?.stopping ?? [])
      if (!shown.has(line)) {
        shown.add(line);
        tell(context, line);
      }
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
  return true;
}

const POLL_MS = 25;

function signalStop(node: NodeRun): void {
  try {
    process.kill(node.pid, 'SIGTERM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM')
      throw new Failure(`the node (process ${node.pid}) belongs to another user`, { hint: 'sudo outfit node stop' });
    if (code !== 'ESRCH') throw error;
  }
}
