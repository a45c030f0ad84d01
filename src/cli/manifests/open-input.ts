import { type BigIntStats, createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import type { Context } from '../command.ts';
import { Failure } from '../command.ts';
import { type Input, unreadable } from './find-inputs.ts';

/** What tells that a file is still the one that was read. */
export interface Identity {
  dev: bigint;
  ino: bigint;
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  /** How many names the file has. */
  nlink: bigint;
}

const CHUNK = 256 * 1024;

/**
 * The bytes of an input, a piece at a time. Returns what the file was, undefined for what is no regular file.
 * @throws Failure when it cannot be read, or changed while it was
 */
export async function* readBytes(
  { name, path, regular }: Input,
  { stdin, signal }: Pick<Context, 'stdin' | 'signal'>,
): AsyncGenerator<Uint8Array, Identity | undefined> {
  if (path === undefined || !regular) {
    const stream = path === undefined ? stdin : createReadStream(path, { highWaterMark: CHUNK });
    yield* withWords(name, addAbortSignal(signal, stream) as AsyncIterable<Uint8Array>);
    return undefined;
  }
  const file = await open(path).catch((error: Error) => {
    throw unreadable(name, error);
  });
  try {
    const before = identityOf(await file.stat({ bigint: true }));
    yield* withWords(name, file.createReadStream({ highWaterMark: CHUNK, autoClose: false }));
    if (!sameIdentity(before, identityOf(await file.stat({ bigint: true })))) throw changedMeanwhile(name);
    return before;
  } finally {
    await file.close();
  }
}

/** The file at a path now; undefined where there is none. */
export async function identityAt(path: string): Promise<Identity | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats && identityOf(stats);
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

export function changedMeanwhile(name: string): Failure {
  return new Failure(`${name} was changed by somebody else meanwhile; nothing was written`, { hint: 'run it again' });
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs, nlink }: BigIntStats): Identity {
  return { dev, ino, size, mtimeNs, ctimeNs, nlink };
}

async function* withWords(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of bytes) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw unreadable(name, error as Error);
  }
}
