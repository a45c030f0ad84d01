import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Container } from '../../cri/runtime.ts';
import { podPaths } from '../paths.ts';
import { rotateLongLogs } from './keep-logs-short.ts';
import { rotateLog } from './rotate-log.ts';

const NOW = Date.parse('2026-11-23T18:00:00Z');
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'outfit-rotate-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('a log that is rotated', () => {
  const rotate = (minute = 0, reopen = async () => writeFile(join(home, '0.log'), '')) =>
    rotateLog(join(home, '0.log'), { maxFiles: 3, now: NOW + minute * 60_000, reopen });
  const files = async (): Promise<string[]> => (await readdir(home)).sort();

  test('is moved aside, the one before it is compressed, the oldest removed', async () => {
    for (let minute = 0; minute < 4; minute++) {
      await writeFile(join(home, '0.log'), `text ${minute}`);
      await rotate(minute);
    }
    expect(await files()).toEqual(['0.log', '0.log.20261123-180200.gz', '0.log.20261123-180300']);
    expect(await readFile(join(home, '0.log.20261123-180300'), 'utf8')).toBe('text 3');
    expect(gunzipSync(await readFile(join(home, '0.log.20261123-180200.gz'))).toString()).toBe('text 2');
  });

  test('is put back when the runtime does not begin a new one', async () => {
    await writeFile(join(home, '0.log'), 'text');
    await expect(rotate(0, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect([await files(), await readFile(join(home, '0.log'), 'utf8')]).toEqual([['0.log'], 'text']);
  });

  test('what a kill left half done is cleared up; logs of other attempts are left alone', async () => {
    const half = ['0.log.20261123-170000', '0.log.20261123-170000.gz', '0.log.20261123-170100.tmp', '1.log'];
    for (const name of ['0.log', ...half]) await writeFile(join(home, name), name);
    await rotate();
    expect(await files()).toEqual(['0.log', '0.log.20261123-170000.gz', '0.log.20261123-180000', '1.log']);
  });
});

test('only long logs of our containers that run are rotated, and those begun anew that a killed node had moved aside; one that cannot be does not hold up the others', async () => {
  const paths = podPaths(home);
  const container = (name: string, state: Container['state']): Container => ({
    id: name,
    ...{
      podSandboxId: 's',
      metadata: { name, attempt: 2 },
      image: '',
      imageRef: '',
      state,
      createdAt: '',
      annotations: {},
    },
    labels: {
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.uid': 'uid',
    },
  });
  const containers = [
    container('stuck', 'RUNNING'),
    container('long', 'RUNNING'),
    container('short', 'RUNNING'),
    container('over', 'EXITED'),
    container('moved', 'RUNNING'),
  ];
  const reopened: string[] = [];
  const asked: unknown[] = [];
  const runtime = {
    listContainers: async (filter?: object) => {
      asked.push(filter);
      return containers;
    },
    reopenContainerLog: async (id: string) => {
      if (id === 'stuck') throw new Error('stuck');
      reopened.push(id);
    },
  };
  for (const { metadata } of containers.slice(0, 4)) {
    const log = paths.containerLog({ metadata: { namespace: 'default', name: 'web', uid: 'uid' } }, metadata.name, 2);
    await mkdir(join(log, '..'), { recursive: true });
    await writeFile(log, 'x'.repeat(metadata.name === 'short' ? 10 : 11));
  }
  const log = pino({ level: 'silent' });
  await rotateLongLogs({ runtime, paths, owner: 'me', log, now: () => NOW, maxBytes: 10 });
  expect(asked).toEqual([{ labels: { 'outfit.local/owner': 'me' } }]);
  expect(reopened).toEqual(['long', 'moved']);
});
