import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Logger } from 'pino';
import { levelError } from './level-error.ts';
import type { Change, Persistence } from './persistence.ts';
import { StoreError } from './store-error.ts';

/**
 * Records in a LevelDB of their own. Every append is one atomic batch that is flushed to disk (`fdatasync`) before it returns.
 *
 * After a failed write LevelDB's log may end in half a record, and records behind it would be lost at the next start. So nothing more is
 * written to that log: the database is opened anew first, which reads the log up to its last whole record.
 */
export class LevelPersistence implements Persistence {
  readonly #log: Logger | undefined;
  readonly #db: ClassicLevel<string, string>;
  #suspect = false;

  /**
   * Opens the database, or makes one (mode 0700: it holds Secrets).
   * @throws StoreError InUse, NotWritable, Corrupt, DiskFull, Failed
   */
  static async open(path: string, log?: Logger): Promise<LevelPersistence> {
    try {
      await makeDirectory(path);
      requireCurrent(path);
      const db = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'utf8', ...MEMORY });
      await db.open();
      await warnOfDroppedRecords(path, log);
      return new LevelPersistence(db, log);
    } catch (error) {
      throw levelError(error, path);
    }
  }

  private constructor(db: ClassicLevel<string, string>, log: Logger | undefined) {
    this.#db = db;
    this.#log = log;
  }

  async load(): Promise<Iterable<[key: string, value: string]>> {
    try {
      return await this.#db.iterator({ fillCache: false }).all();
    } catch (error) {
      throw levelError(error, this.#db.location);
    }
  }

  async append(changes: Change[]): Promise<void> {
    const batch = changes.map(({ key, value }) =>
      value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
    );
    if (!this.#suspect) {
      try {
        return await this.#db.batch(batch, { sync: true });
      } catch (error) {
        this.#suspect = true;
        this.#log?.warn({ err: error }, 'store: write failed, opening the database anew');
      }
    }
    try {
      await this.#db.close();
      await this.#db.open();
      await this.#db.batch(batch, { sync: true });
      this.#suspect = false;
    } catch (error) {
      throw levelError(error, this.#db.location);
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

/** Bytes. Everything is in memory anyway and read from disk once; LevelDB's own 8 MiB and twice 4 MiB would be for nothing. */
const MEMORY = { cacheSize: 256 * 1024, writeBufferSize: 1024 * 1024 };

/** Node's recursive mkdir says ENOENT for a read-only file system; a plain one tells the truth. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(path, { mode: 0o700 });
  }
}

/** Where CURRENT is missing, LevelDB would make a new, empty database and remove the files of the old one. */
function requireCurrent(path: string): void {
  if (existsSync(join(path, 'CURRENT'))) return;
  if (readdirSync(path).some((name) => /^MANIFEST-|\.(ldb|sst)$/.test(name))) {
    throw new StoreError('Corrupt', `the store ${path} is damaged: the file CURRENT is missing`);
  }
}

/** LevelDB skips log records that it cannot read and only notes it in its own LOG, which it begins anew with every start. */
async function warnOfDroppedRecords(path: string, log: Logger | undefined): Promise<void> {
  const notes = await readFile(join(path, 'LOG'), 'utf8').catch(() => '');
  const dropped = notes.split('\n').filter((line) => line.includes('dropping'));
  if (dropped.length > 0)
    log?.warn({ path }, `store: the log was damaged, the latest writes may be lost: ${dropped.join('; ')}`);
}
