import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Beside LevelDB's own files, which it knows by their names. */
const FILE = 'revision';
const DIGITS = 16;

/**
 * Remembers, apart from the database, the last revision that was written. LevelDB takes a log that is missing or ends too early for one that was never
 * written; only somebody else can tell. Written after the database has been flushed, and itself not flushed: it may know less, never more.
 */
export class Witness {
  readonly #descriptor: number;

  /** @throws the file system's error */
  constructor(folder: string) {
    this.#descriptor = openSync(witnessFile(folder), constants.O_WRONLY | constants.O_CREAT, 0o600);
  }

  /** A failure is nobody's loss. */
  note(revision: number): void {
    try {
      writeSync(this.#descriptor, `${String(revision).padStart(DIGITS, '0')}\n`, 0);
    } catch {
      // It then knows less.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Where the witness of a store is. */
export function witnessFile(folder: string): string {
  return join(folder, FILE);
}

/** The revision that was written last as far as is known; undefined when nobody knows. */
export function witnessed(folder: string): number | undefined {
  const text = read(witnessFile(folder));
  return /^\d{16}\n$/.test(text) ? Number(text) : undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
