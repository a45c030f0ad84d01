import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isAlive, processId } from '../../cri/processes.ts';

/** What the running node says of itself, in the lock file of its state directory. */
export interface NodeRun {
  pid: number;
  /** With the pid, tells this process from a later one of the same number. */
  startTime: string;
  /** Set when the API answers. */
  server?: string;
  outfit: string;
  startedAt: string;
  /** While it stops: what it waits for, a line each. */
  stopping?: string[];
  runtime?: { name: string; version: string; socket: string };
}

/** The node that runs in this state directory, or undefined: none, or one that was killed. */
export async function runningNode(path: string): Promise<NodeRun | undefined> {
  const run = await readRun(path);
  return run && isAlive(run) ? run : undefined;
}

/** Held by the process that is the node. */
export interface NodeLock {
  /** Writes what is known by now. */
  update(more: Partial<NodeRun>): Promise<void>;
  /** Gives the lock back. */
  release(): Promise<void>;
}

/**
 * Takes the lock for this process. @returns undefined when another one has it.
 * Two that race for a stale lock are told apart by the file system's atomic link; the store's own lock stands behind it.
 */
export async function takeLock(
  path: string,
  about: Pick<NodeRun, 'outfit' | 'startedAt'>,
): Promise<NodeLock | undefined> {
  const self: NodeRun = { ...processId(process.pid)!, ...about };
  const own = `${path}.${process.pid}`;
  const writeOwn = (run: NodeRun): Promise<void> =>
    writeFile(own, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  for (let attempt = 0; attempt < 3; attempt++) {
    await writeOwn(self);
    if (await linked(own, path)) {
      await rm(own, { force: true });
      return {
        update: async (more: Partial<NodeRun>) => {
          await writeOwn(Object.assign(self, more));
          await rename(own, path);
        },
        release: () => rm(path, { force: true }),
      };
    }
    await rm(own, { force: true });
    if (await runningNode(path)) return undefined;
    await rm(path, { force: true });
  }
  return undefined;
}

async function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

/** What the node that runs, or ran last, said of itself. */
export async function readRun(path: string): Promise<NodeRun | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as NodeRun;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
