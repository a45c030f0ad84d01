import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileChanges, type WatchOptions } from './watch-files.ts';

let folder: string;
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outfit-watch-'));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string): string => join(folder, name);
/** Puts a new file in the place of the old, as many editors do. */
const replace = (name: string, text: string): void => {
  writeFileSync(file(`.${name}~`), text);
  renameSync(file(`.${name}~`), file(name));
};

/** Counts changes; `settled` waits until there were so many. */
async function watching(values: string[], options: WatchOptions = {}) {
  let count = 0;
  let told: () => void = () => {};
  const run = (async () => {
    const all = fileChanges(values, { cwd: folder }, stop.signal, {
      pollMs: 100,
      settleMs: 30,
      emptyMs: 60,
      ...options,
    });
    for await (const _ of all) {
      count++;
      told();
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = async (wanted: number): Promise<void> => {
    while (count < wanted) await new Promise<void>((resolve) => (told = resolve));
  };
  return { until, count: () => count, run };
}

describe('changes of files', () => {
  test('a file that is written, replaced, removed and there again', async () => {
    writeFileSync(file('a.yaml'), 'a: 1');
    const { until } = await watching(['a.yaml']);
    writeFileSync(file('a.yaml'), 'a: 22');
    await until(1);
    replace('a.yaml', 'a: 3');
    await until(2);
    rmSync(file('a.yaml'));
    await until(3);
    writeFileSync(file('a.yaml'), 'a: 4');
    await until(4);
  });

  test('files that come into a folder and into folders below it', async () => {
    writeFileSync(file('a.yaml'), 'a: 1');
    const { until } = await watching(['.']);
    writeFileSync(file('b.yaml'), 'b: 1');
    await until(1);
    mkdirSync(file('below'));
    writeFileSync(join(file('below'), 'c.yaml'), 'c: 1');
    await until(2);
  });

  test('writing in several steps is one change', async () => {
    writeFileSync(file('a.yaml'), 'a: 1');
    const { until, count } = await watching(['a.yaml'], { settleMs: 100, emptyMs: 400 });
    writeFileSync(file('a.yaml'), '');
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(file('a.yaml'), 'a: 2');
    await until(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(count()).toBe(1);
  });

  test('other files beside it are no change, and it ends with its signal', async () => {
    writeFileSync(file('a.yaml'), 'a: 1');
    const { count, run } = await watching(['a.yaml']);
    writeFileSync(file('b.txt'), 'b');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(count()).toBe(0);
    stop.abort();
    await run;
  });
});
