import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodePlaces } from '../places.ts';
import { cachedResults, dropBrokenResults } from './cached-results.ts';

const places = nodePlaces('/home/of/outfit');
const { network } = places.cni;
const [OURS, OTHER] = ['1c27a5e5', '9d01ee42'];
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'outfit-cni-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const keep = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cache, name), text);
};
const here = `{"ipam":{"dataDir":"${places.run}/cni"}}`;

describe('the results of our network', () => {
  test('are found by its name, also when nothing is in them, and by our run folder', () => {
    keep({
      [`${network}-${OURS}-eth0`]: '',
      [`cni-loopback-${OURS}-lo`]: here,
      [`cni-loopback-${OTHER}-lo`]: '{}',
      [`outfit-00000000-${OTHER}-eth0`]: '',
    });
    const found = cachedResults(places, cache).map((path) => basename(path));
    expect(found.sort()).toEqual([`cni-loopback-${OURS}-lo`, `${network}-${OURS}-eth0`]);
  });

  test('are none where CNI has never been', () => {
    expect(cachedResults(places, join(cache, 'none'))).toEqual([]);
    expect(dropBrokenResults(OURS, join(cache, 'none'))).toBe(0);
  });
});

describe('results that were cut off', () => {
  test.each([
    ['empty', '', 1],
    ['half written', '{"kind":"cniCacheV1","result":{"ips"', 1],
    ['whole', here, 0],
  ])('%s', (_, text, dropped) => {
    keep({ [`${network}-${OURS}-eth0`]: text });
    expect(dropBrokenResults(OURS, cache)).toBe(dropped);
    expect(readdirSync(cache)).toHaveLength(1 - dropped);
  });

  test('of other sandboxes stay', () => {
    keep({ [`${network}-${OTHER}-eth0`]: '', [`cni-loopback-${OURS}-lo`]: '' });
    expect(dropBrokenResults(OURS, cache)).toBe(1);
    expect(readdirSync(cache)).toEqual([`${network}-${OTHER}-eth0`]);
  });
});
