import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from './open-store.ts';

interface Said {
  ask?: string;
  answered?: string;
  name?: string;
  remove?: boolean;
  revision?: number;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-store-kill-'));
  await build({
    entryPoints: [resolve('src/store/fixtures/writer.ts')],
    outfile: join(directory, 'writer.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['classic-level'],
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What the writer said before it was killed, `ms` after its first answer. */
async function writeAndKill(path: string, seed: number, ms: number): Promise<Said[]> {
  const child = spawn(process.execPath, [join(directory, 'writer.cjs'), path, String(seed)], {
    env: { ...process.env, NODE_PATH: resolve('node_modules') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), ms);
    text += chunk;
  });
  await new Promise((done) => child.on('close', done));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('a store whose process was killed again and again opens with every answered write', {
  timeout: 30_000,
}, async () => {
  const path = join(directory, 'store');
  let before = new Map<string, string | undefined>();
  let revision = 0;
  let writes = 0;
  for (const [seed, ms] of [
    [1, 30],
    [2, 150],
    [3, 80],
    [4, 1],
    [5, 211],
  ] as const) {
    const said = await writeAndKill(path, seed, ms);
    const store = await openStore(path);
    const now = new Map(
      store.list({ group: '', resource: 'pods' }).items.map((o) => [o.metadata.name!, o.value as string]),
    );

    const answered = new Set(said.map((line) => line.answered).filter(Boolean));
    writes += answered.size;
    for (const name of new Set([...before.keys(), ...said.flatMap((line) => line.name ?? [])])) {
      const asked = said.filter((line) => line.name === name);
      const lastAnswered = asked.findLastIndex((line) => answered.has(line.ask));
      const possible = asked.slice(Math.max(lastAnswered, 0)).map((line) => (line.remove ? undefined : line.ask));
      if (lastAnswered < 0) possible.push(before.get(name));
      expect(possible).toContain(now.get(name));
    }
    const seen = Math.max(revision, ...said.map((line) => line.revision ?? 0));
    expect(store.revision).toBeGreaterThanOrEqual(seen);
    ({ revision } = store);
    before = now;
    await store.close();
  }
  expect(writes).toBeGreaterThan(100);
});
