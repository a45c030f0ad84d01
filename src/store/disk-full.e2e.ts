import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from './open-store.ts';

const PODS = { group: '', resource: 'pods', namespace: 'default' };

let disk: string;
beforeAll(() => {
  disk = mkdtempSync(join(tmpdir(), 'outfit-store-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'outfit-test', disk]);
});
afterAll(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

test('a real full disk: writes fail as DiskFull, reading goes on, and after room was made everything works and survives', async () => {
  const path = join(disk, 'store');
  const store = await openStore(path);
  const create = (name: string, size: number) =>
    store.create({ ...PODS, name }, { metadata: { name }, filler: `${Math.random()}`.repeat(size / 18) });
  for (let i = 0; i < 5; i++) await create(`first-${i}`, 10_000);
  const ballast = join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Number(bavail) * Number(bsize) - 64 * 1024));

  const failures: unknown[] = [];
  let kept = 0;
  for (let i = 0; i < 20; i++) {
    await create(`more-${i}`, 20_000).then(
      () => kept++,
      (error: unknown) => failures.push(error),
    );
  }
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) expect(failure).toMatchObject({ name: 'StoreError', code: 'DiskFull' });
  expect(store.list(PODS).items).toHaveLength(5 + kept);
  await expect(openStore(join(disk, 'other'))).rejects.toMatchObject({ code: 'DiskFull' });

  rmSync(ballast);
  await create('last', 10_000);
  const before = store.list(PODS);
  expect(before.items).toHaveLength(6 + kept);
  await store.close();
  const again = await openStore(path);
  expect(again.list(PODS)).toEqual(before);
  await again.close();
});

test('a read-only place is not writable', async () => {
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  try {
    for (const name of ['store', 'another']) {
      await expect(openStore(join(disk, name))).rejects.toMatchObject({ code: 'NotWritable' });
    }
  } finally {
    execFileSync('mount', ['-o', 'remount,rw', disk]);
  }
});
