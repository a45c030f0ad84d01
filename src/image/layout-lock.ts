import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageError } from './image-error.ts';

const RETRY_MS = 20;
const PATIENCE_MS = 30_000;

/**
 * Runs `work` while no other process, and no other caller of this one, does the same with this lock file. It is meant for milliseconds; a lock
 * whose process is gone is taken over.
 * @throws ImageError Unavailable after 30 seconds
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await lock(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function lock(file: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const me = await processName(process.pid);
  while (!(await tryLock(file, me))) {
    const owner = await readFile(file, 'utf8').catch(() => undefined);
    if (performance.now() > end) {
      throw new ImageError('Unavailable', `${file} is held by process ${owner}; try again when it has ended`);
    }
    if (owner !== undefined && !(await isRunning(owner))) await rm(file, { force: true });
    else await sleep(RETRY_MS);
  }
}

/** The file appears with its content: a link is made of a file that is already written. */
async function tryLock(file: string, me: string): Promise<boolean> {
  const written = `${file}.${randomUUID()}`;
  try {
    await writeFile(written, me);
    await link(written, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}

/** `pid start-time`: the pid alone would come again after a restart in a container, the pair does not. */
export async function processName(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the command in parentheses, may hold anything; start time is the 20th field behind it.
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${startTime ?? 'gone'}`;
}

/** Whether the process of that name still runs. */
export async function isRunning(name: string): Promise<boolean> {
  return (await processName(Number.parseInt(name, 10))) === name;
}
