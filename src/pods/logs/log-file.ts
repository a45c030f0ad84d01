import { type Stats, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const BLOCK = 64 * 1024;
const POLL_MS = 500;
const LINE_END = Buffer.from('\n');

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
 * becomes another one (rotation) the old one is read to its end first; when it becomes shorter (truncation) it is read from its start.
 * Takes over `first` and closes what it opened.
 */
export async function* followBytes(
  path: string,
  first: FileHandle,
  offset: number,
  { ended, signal, pollMs = POLL_MS }: FollowOptions,
): AsyncGenerator<Buffer> {
  const wake = wakeOnChange(dirname(path), pollMs, signal);
  let file = first;
  let at = offset;
  let isLast = false;
  try {
    for (;;) {
      const held = await file.stat();
      if (signal.aborted) return;
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
      if (await isAnother(path, held)) {
        // What was written between the last look and the rotation.
        yield* readBytes(file, at, Number.POSITIVE_INFINITY);
        yield LINE_END;
        const next = await open(path);
        await file.close();
        file = next;
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
  }
}

/** The path names another file than the one held. */
async function isAnother(path: string, held: Stats): Promise<boolean> {
  const named = await stat(path).catch(() => undefined);
  return named !== undefined && (named.ino !== held.ino || named.dev !== held.dev);
}

interface Wake {
  /** Resolves when something changed in the directory since the last call, or when it is time to look anyway. */
  next(): Promise<'change' | 'poll'>;
  close(): void;
}

/** Where the system has no watches left, polling does alone. */
function wakeOnChange(directory: string, pollMs: number, signal: AbortSignal): Wake {
  let hasChanged = false;
  let lastPoll = 0;
  let ring = () => {};
  const change = () => {
    hasChanged = true;
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
