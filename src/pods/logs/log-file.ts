import { type Stats, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BLOCK = 64 * 1024;
const POLL_MS = 500;
const LINE_END = Buffer.from('\n');
/** How long a file that was rotated away must have had nothing new: containerd opens the new file before it has written its last lines to the old one. */
const LINGER_MS = 500;
/** As many files as rotation keeps beside the one that is being written. */
const MOST_WAITING = 4;

export interface FollowOptions {
  /** The container writes no more. Asked at the end of the file, once in `pollMs`. */
  ended: () => boolean | Promise<boolean>;
  signal: AbortSignal;
  /** How often to look without being told by the file system, and to ask whether the container has ended. Milliseconds; default 500. */
  pollMs?: number;
}

/** The bytes from `offset` to `end`; fewer when the file is shorter. */
export async function* readBytes(file: FileHandle, offset: number, end: number): AsyncGenerator<Buffer> {
  for (let at = offset; at < end; ) {
    const block = await readAt(file, at, Math.min(BLOCK, end - at));
    if (block.length === 0) return;
    at += block.length;
    yield block;
  }
}

export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/**
 * The bytes from `offset` on, as they are written, until the container has ended and all is read, or `signal` aborts. When the file at `path`
 * becomes another one (rotation) the old one is read to its end first, however long the reader takes; when it becomes shorter (truncation) it is read
 * from its start. Takes over `first` and closes what it opened.
 */
export async function* followBytes(
  path: string,
  first: FileHandle,
  offset: number,
  { ended, signal, pollMs = POLL_MS }: FollowOptions,
): AsyncGenerator<Buffer> {
  const successors = new Successors(path, first);
  const wake = wakeOnChange(dirname(path), { pollMs, signal, onChange: () => void successors.look() });
  let file = first;
  let at = offset;
  let isLast = false;
  /** Since when the file had nothing new although another has taken its place. */
  let idleSince: number | undefined;
  try {
    for (;;) {
      const held = await file.stat();
      if (signal.aborted) return;
      if (held.size !== at) idleSince = undefined;
      if (held.size > at) {
        const block = await readAt(file, at, Math.min(BLOCK, held.size - at));
        at += block.length;
        yield block;
        continue;
      }
      if (held.size < at) {
        at = 0;
        continue;
      }
      await successors.look();
      if (successors.some) {
        idleSince ??= Date.now();
        // The writer may still be at its last lines.
        if (Date.now() - idleSince < LINGER_MS) {
          await sleep(LINGER_MS / 10);
          continue;
        }
        yield LINE_END;
        await file.close();
        file = successors.next()!;
        at = 0;
        continue;
      }
      if (isLast) return;
      const isDue = (await wake.next()) === 'poll';
      if (signal.aborted) return;
      isLast = isDue && (await ended());
    }
  } finally {
    wake.close();
    await file.close();
    await successors.close();
  }
}

/**
 * The files that take the place of one at a path, in their order. Each is opened as soon as it is there: once it has been rotated away itself nobody would
 * find it any more.
 */
class Successors {
  readonly #path: string;
  readonly #waiting: FileHandle[] = [];
  #newest: FileHandle;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(path: string, first: FileHandle) {
    this.#path = path;
    this.#newest = first;
  }

  get some(): boolean {
    return this.#waiting.length > 0;
  }

  next(): FileHandle | undefined {
    return this.#waiting.shift();
  }

  /** Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#lookOnce()).catch(() => {});
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#looking;
    await Promise.all(this.#waiting.splice(0).map((file) => file.close()));
  }

  async #lookOnce(): Promise<void> {
    if (this.#isClosed) return;
    const [named, held] = await Promise.all([stat(this.#path), this.#newest.stat()]);
    if (isSame(named, held)) return;
    const file = await open(this.#path);
    if (isSame(await file.stat(), held)) return file.close();
    this.#newest = file;
    this.#waiting.push(file);
    // Whoever reads so slowly would else keep any number of deleted files on the disk.
    if (this.#waiting.length > MOST_WAITING) await this.#waiting.shift()?.close();
  }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

interface Wake {
  /** Resolves when something changed in the directory since the last call, or when it is time to look anyway. */
  next(): Promise<'change' | 'poll'>;
  close(): void;
}

/** Where the system has no watches left, polling does alone. */
function wakeOnChange(
  directory: string,
  { pollMs, signal, onChange }: { pollMs: number; signal: AbortSignal; onChange(): void },
): Wake {
  let hasChanged = false;
  let lastPoll = 0;
  let ring = () => {};
  const change = () => {
    hasChanged = true;
    onChange();
    ring();
  };
  const close = watchDirectory(directory, change);
  signal.addEventListener('abort', change);
  return {
    async next() {
      const wait = lastPoll === 0 ? 0 : lastPoll + pollMs - Date.now();
      if (!hasChanged && wait > 0 && !signal.aborted) await sleepUntil(wait, (wakeUp) => (ring = wakeUp));
      const isPoll = Date.now() - lastPoll >= pollMs;
      if (isPoll) lastPoll = Date.now();
      hasChanged = false;
      return isPoll ? 'poll' : 'change';
    },
    close() {
      signal.removeEventListener('abort', change);
      close();
    },
  };
}

function sleepUntil(milliseconds: number, giveWakeUp: (wakeUp: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    giveWakeUp(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function watchDirectory(directory: string, change: () => void): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, change);
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
