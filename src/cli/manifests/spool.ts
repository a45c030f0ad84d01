import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A text that was put aside. */
export interface Kept {
  text(): string;
}

/**
 * Puts texts aside until they are wanted again: in memory as long as they are few, then in a file that nobody else sees. So a command can look at
 * everything before it writes anything, however much there is.
 */
export class Spool {
  private room: number;
  private readonly folder: string;
  private file: number | undefined;
  private end = 0;

  /** @param room bytes that may be held in memory */
  constructor(room = 64 * 1024 * 1024, folder = tmpdir()) {
    this.room = room;
    this.folder = folder;
  }

  /** As bytes: a string may hang on the much larger one that it was cut from. */
  keep(text: string): Kept {
    const bytes = Buffer.from(text);
    if (bytes.length <= this.room) {
      this.room -= bytes.length;
      return { text: () => bytes.toString() };
    }
    this.file ??= openUnnamed(this.folder);
    const file = this.file;
    const start = this.end;
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, start + at);
    this.end += bytes.length;
    return { text: () => readAt(file, start, bytes.length) };
  }

  /** What was kept cannot be read any more. */
  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }
}

/** A file without a name: it is gone with the process, however that ends. */
function openUnnamed(folder: string): number {
  const path = join(folder, `.outfit-${randomBytes(6).toString('hex')}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

function readAt(file: number, start: number, length: number): string {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const read = readSync(file, bytes, at, length - at, start + at);
    if (read === 0) throw new Error(`the spool ends ${length - at} bytes too early`);
    at += read;
  }
  return bytes.toString();
}
