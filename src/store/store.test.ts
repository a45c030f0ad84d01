import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { openStore } from './open-store.ts';
import { storeContract } from './store.contract.ts';

describe('the store in memory', () => {
  storeContract(async (options) => memoryStore(options));
});

describe('the store on disk', () => {
  let directory: string;
  let count = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outfit-store-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  storeContract((options) => openStore(join(directory, String(count++)), { freeze: true, ...options }));
});
