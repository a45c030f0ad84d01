import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRecord } from './host-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'outfit-record-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the record of what a node changed in the network', () => {
  const networkRecord = join(folder, 'network.json');
  it.each([
    ['none, where there is none', undefined, undefined],
    ['none, where a node that was killed has left an empty file', '', undefined],
    ['none, where it has left half of one', '{"bridge":"outf', undefined],
    ['what was written', '{"bridge":"outfit0"}', { bridge: 'outfit0' }],
  ])('is %s', (_, text, record) => {
    if (text !== undefined) writeFileSync(networkRecord, text);
    expect(readRecord({ networkRecord })).toEqual(record);
  });
});
