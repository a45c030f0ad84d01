import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../command.ts';
import { chooseSnapshotter, hasSELinux, mayLowerOomScore } from './machine.ts';

it.each([
  ['000001ffffffffff', true],
  ['000001fffeffffff', false],
  ['0000000000000000', false],
])('with the capabilities %s OOM scores may be lowered: %s', (capabilities, expected) => {
  expect(mayLowerOomScore(`Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${capabilities}\n`)).toBe(expected);
});

describe('the snapshotter', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outfit-snapshotter-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const works = async () => '';
  const fails = async (file: string, args: string[]) => {
    throw new CommandError(file, args, 32, 'wrong fs type');
  };

  it.each([
    ['overlayfs', works, fails],
    ['native', fails, works],
  ] as const)('is %s, for ever', async (expected, first, later) => {
    expect(await chooseSnapshotter(folder, first)).toBe(expected);
    expect(await chooseSnapshotter(folder, later)).toBe(expected);
    expect(existsSync(join(folder, 'overlay-check'))).toBe(false);
  });

  it('is decided anew when the one who decided was killed while he wrote it down', async () => {
    writeFileSync(join(folder, 'snapshotter'), '');
    expect(await chooseSnapshotter(folder, fails)).toBe('native');
  });
});

it('SELinux is there where its file system is', () => {
  expect([true, false].map((there) => hasSELinux((path) => there && path === '/sys/fs/selinux/enforce'))).toEqual([
    true,
    false,
  ]);
});
