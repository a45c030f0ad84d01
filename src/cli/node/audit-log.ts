import { type FileHandle, open, rename } from 'node:fs/promises';
import type { Logger } from 'pino';
import { Failure } from '../command.ts';

export interface AuditLogOptions {
  log: Logger;
  /** A file that has come to so many bytes becomes FILE.1, that one FILE.2, and so on. */
  rotateBytes?: number;
  /** Of entries that wait for the disk; more are dropped, and the node's log says how many. */
  backlogBytes?: number;
}

/** Older files are deleted. */
const OLD_FILES = 5;

/**
 * Opens the file that requests are written down in, readable by its owner only.
 * @throws Failure when it cannot be written to
 */
export async function openAuditLog(path: string, options: AuditLogOptions): Promise<AuditLog> {
  try {
    const file = await openFile(path);
    const { size } = await file.stat();
    return new AuditLog(path, file, size, options);
  } catch (error) {
    throw new Failure(`cannot write the audit log ${path}: ${(error as Error).message}`, {
      hint: 'choose another file with --audit-log, or none with --audit-log=',
    });
  }
}

/** A file of entries, one line of JSON each. Who writes never waits for the disk: entries that wait go to it together. */
export class AuditLog {
  readonly #path: string;
  readonly #log: Logger;
  readonly #rotateBytes: number;
  readonly #backlogBytes: number;
  #file: FileHandle;
  #size: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #working: Promise<void> | undefined;

  constructor(path: string, file: FileHandle, size: number, options: AuditLogOptions) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
    this.#log = options.log;
    this.#rotateBytes = options.rotateBytes ?? 20 << 20;
    this.#backlogBytes = options.backlogBytes ?? 8 << 20;
  }

  /** Never throws. */
  readonly write = (entry: object): void => {
    const line = `${JSON.stringify(entry)}\n`;
    if (this.#waitingBytes + line.length > this.#backlogBytes) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#working ??= this.#work();
  };

  /** Resolves when what was written is in the file. */
  async close(): Promise<void> {
    await this.#working;
    await this.#file.close();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      this.#waitingBytes = 0;
      await this.#append(lines).catch((error: unknown) => {
        this.#lost += lines.length;
        this.#log.warn({ err: error, path: this.#path }, 'audit log: cannot be written');
      });
      if (this.#lost > 0) this.#log.warn({ path: this.#path, entries: this.#lost }, 'audit log: entries were lost');
      this.#lost = 0;
    }
    this.#working = undefined;
  }

  async #append(lines: string[]): Promise<void> {
    if (this.#size >= this.#rotateBytes) await this.#rotate();
    const bytes = Buffer.from(lines.join(''));
    await this.#file.appendFile(bytes);
    this.#size += bytes.length;
  }

  async #rotate(): Promise<void> {
    for (let i = OLD_FILES; i > 0; i--)
      await rename(i === 1 ? this.#path : `${this.#path}.${i - 1}`, `${this.#path}.${i}`).catch(unlessAbsent);
    const old = this.#file;
    this.#file = await openFile(this.#path);
    this.#size = 0;
    await old.close();
  }
}

const openFile = (path: string): Promise<FileHandle> => open(path, 'a', 0o600);

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
