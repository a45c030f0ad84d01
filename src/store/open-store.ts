import { cp, rm } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import type { Logger } from 'pino';
import { LevelPersistence } from './level-persistence.ts';
import { SerialStore, type StoreOptions } from './serial-store.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';

/**
 * Opens the store in the directory `path`, which is made when it is not there. One process at a time may have it.
 *
 * A damaged store is mended only when nothing was lost: LevelDB's repair drops what it cannot read and may bring back what was deleted, so it
 * works on a copy first, and the result is taken when it is exactly what was last written (checksums tell). Otherwise nothing is touched.
 * @throws StoreError NewerVersion, InUse, NotWritable, Corrupt, DiskFull, Failed
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const started = performance.now();
  const store = await openOrMend(path, options);
  options.log?.info({ path, revision: store.revision, ms: Math.round(performance.now() - started) }, 'store: open');
  return store;
}

async function openOrMend(path: string, options: StoreOptions): Promise<Store> {
  try {
    return await open(path, options);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    options.log?.warn({ err: error, path }, 'store: damaged, trying to mend it without loss');
    if (!(await mendsWithoutLoss(path, options.log))) throw beyondRepair(path, error);
    await ClassicLevel.repair(path);
    return open(path, options);
  }
}

async function open(path: string, options: StoreOptions): Promise<Store> {
  const persistence = await LevelPersistence.open(path, options.log);
  try {
    return await SerialStore.open(persistence, options);
  } catch (error) {
    await persistence.close();
    throw error;
  }
}

/** Whether a repaired copy of the store is whole. */
async function mendsWithoutLoss(path: string, log: Logger | undefined): Promise<boolean> {
  const copy = `${path}.mending`;
  try {
    await rm(copy, { recursive: true, force: true });
    await cp(path, copy, { recursive: true });
    await ClassicLevel.repair(copy);
    const store = await open(copy, {});
    await store.close();
    return store.revision > 1;
  } catch (error) {
    log?.warn({ err: error, path }, 'store: cannot be mended without loss');
    return false;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function isCorrupt(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'Corrupt';
}

function beyondRepair(path: string, cause: StoreError): StoreError {
  return new StoreError(
    'Corrupt',
    `${cause.message}; it cannot be mended without loss. Restore ${path} from a backup, or move it away (mv ${path} ${path}.damaged) and start again: the objects are then gone and have to be created again`,
    { cause },
  );
}
