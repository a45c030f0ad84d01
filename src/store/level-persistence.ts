import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Logger } from 'pino';
import { levelError } from './level-error.ts';
import type { Change, Persistence } from './persistence.ts';
import { FORMAT, parseState, STATE_KEY, type StateRecord } from './record.ts';
import { StoreError } from './store-error.ts';
import { Witness, witnessed, witnessFile } from './witness.ts';

/**
 * Records in a LevelDB of their own. Every append is one atomic batch that is flushed to disk (`fdatasync`) before it returns.
 *
 * After a failed write LevelDB's log may end in half a record, and records behind it would be lost at the next start. So nothing more is
 * written to that log: the database is opened anew first, which reads the log up to its last whole record.
 */
export class LevelPersistence implements Persistence {
  readonly #log: Logger | undefined;
  readonly #db: ClassicLevel<string, string>;
  readonly #witness: Witness;
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
      return new LevelPersistence(db, new Witness(path), log);
    } catch (error) {
      throw levelError(error, path);
    }
  }

  private constructor(db: ClassicLevel<string, string>, witness: Witness, log: Logger | undefined) {
    this.#db = db;
    this.#witness = witness;
    this.#log = log;
  }

  async load(): Promise<Iterable<[key: string, value: string]>> {
    try {
      const records = await this.#db.iterator({ fillCache: false }).all();
      requireLatest(this.#db.location, stateOf(records));
      return records;
    } catch (error) {
      throw levelError(error, this.#db.location);
    }
  }

  async append(changes: Change[]): Promise<void> {
    const batch = changes.map(({ key, value }) =>
      value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
    );
    await this.#write(batch);
    const written = stateOf(changes.map(({ key, value = '' }) => [key, value]));
    if (written) this.#witness.note(written.revision);
  }

  async close(): Promise<void> {
    await this.#db.close();
    this.#witness.close();
  }

  async #write(batch: Batch): Promise<void> {
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
}

type Batch = ({ type: 'del'; key: string } | { type: 'put'; key: string; value: string })[];

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

/** What is there is at least what was written last. What came after it would be lost, and the Pods' containers with it, as of Pods that nobody knows. */
function requireLatest(path: string, state: StateRecord | undefined): void {
  const last = witnessed(path);
  // No record at all is a store that was never written to, or one that has lost everything.
  const { format, revision } = state ?? { format: FORMAT, revision: 1 };
  if (last === undefined || last <= revision || format > FORMAT) return;
  throw new StoreError(
    'Corrupt',
    `the store ${path} is damaged: its latest changes are lost (revision ${last} was written, revision ${revision} is there: a log file in it was cut or is missing; to go on without them, remove ${witnessFile(path)})`,
  );
}

function stateOf(records: [key: string, value: string][]): StateRecord | undefined {
  const text = records.find(([key]) => key === STATE_KEY)?.[1];
  return text === undefined ? undefined : parseState(text);
}

/** LevelDB skips log records that it cannot read and only notes it in its own LOG, which it begins anew with every start. */
async function warnOfDroppedRecords(path: string, log: Logger | undefined): Promise<void> {
  const notes = await readFile(join(path, 'LOG'), 'utf8').catch(() => '');
  const dropped = notes.split('\n').filter((line) => line.includes('dropping'));
  if (dropped.length > 0)
    log?.warn({ path }, `store: the log was damaged, the latest writes may be lost: ${dropped.join('; ')}`);
}
