import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../command.ts';
import { findInputs } from '../manifests/find-inputs.ts';
import { Bell, rest } from './bell.ts';

export interface WatchOptions {
  /** How often is looked where the system tells nothing (network file systems, exhausted watches), ms. */
  pollMs?: number;
  /** How long nothing may change before a change counts, ms: editors write in several steps. */
  settleMs?: number;
  /** The same where a file is empty or gone: most editors that do that are about to write it. */
  emptyMs?: number;
}

/** What tells that something has changed, without reading it. */
interface Snapshot {
  text: string;
  folders: string[];
  /** Something is empty or missing. */
  doubtful: boolean;
}

/**
 * Yields whenever something under the values of `-f` and `-s` has changed and has come to rest: contents, new files, files that are gone, also
 * when an editor puts a new file in the place of the old. Ends when `signal` aborts.
 */
export async function* fileChanges(
  values: readonly string[],
  context: Pick<Context, 'cwd'>,
  signal: AbortSignal,
  { pollMs = 2_000, settleMs = 150, emptyMs = 2_000 }: WatchOptions = {},
): AsyncGenerator<void> {
  const bell = new Bell();
  const folders = new Folders(() => bell.ring());
  try {
    let known = await snapshotOf(values, context);
    while (!signal.aborted) {
      folders.watch(known.folders);
      await bell.wait(signal, pollMs);
      let now = await snapshotOf(values, context);
      if (signal.aborted || now.text === known.text) continue;
      for (let before = ''; before !== now.text; ) {
        before = now.text;
        await rest(now.doubtful ? emptyMs : settleMs, signal);
        now = await snapshotOf(values, context);
      }
      if (signal.aborted || now.text === known.text) continue;
      known = now;
      yield;
    }
  } finally {
    folders.close();
  }
}

async function snapshotOf(values: readonly string[], context: Pick<Context, 'cwd'>): Promise<Snapshot> {
  const parts = await Promise.all(values.map((value) => partOf(value, context)));
  return {
    text: parts.map(({ text }) => text).join('\n'),
    folders: [...new Set(parts.flatMap(({ folders }) => folders))],
    doubtful: parts.some(({ doubtful }) => doubtful),
  };
}

async function partOf(value: string, context: Pick<Context, 'cwd'>): Promise<Snapshot> {
  try {
    const paths = (await findInputs([value], context)).flatMap(({ path }) => (path === undefined ? [] : [path]));
    const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
    return {
      text: paths.map((path, i) => `${path} ${stats[i]!.ino} ${stats[i]!.size} ${stats[i]!.mtimeNs}`).join('\n'),
      folders: paths.map(dirname),
      doubtful: stats.some(({ size }) => size === 0n),
    };
  } catch (error) {
    return { text: `${value}: ${(error as Error).message}`, folders: [], doubtful: true };
  }
}

/** What the system tells of some folders. */
class Folders {
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  watch(folders: readonly string[]): void {
    for (const folder of folders) if (!this.watchers.has(folder)) this.add(folder);
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, this.changed);
      watcher.on('error', () => this.remove(folder));
      this.watchers.set(folder, watcher);
    } catch {
      // The folder has gone, or there are no watches left: looking every now and then does as well.
    }
  }

  private remove(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }
}
