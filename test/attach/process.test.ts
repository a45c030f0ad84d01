import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { GOLDEN } from './golden.ts';
import { pod, sidecar } from './samples.ts';
import { Workbench } from './workbench.ts';

// What only a real process shows: pipes, signals, and other processes that come between. It runs what `npm run build` made.
vi.setConfig({ testTimeout: 60_000 });

let bench: Workbench;
afterEach(() => bench.remove());

test('the golden story through a pipe and back, byte for byte', async () => {
  bench = new Workbench();
  const original = readFileSync('examples/web-app/pod.yaml', 'utf8');
  const attached = await bench.runProcess(
    ['attach', '-f', '-', '-s', `${process.cwd()}/examples/web-app/sidecar.yaml`, '-q'],
    original,
  );
  expect(attached).toEqual({ code: 0, stdout: GOLDEN, stderr: '' });
  expect(await bench.runProcess(['detach', '-f', '-', '-q'], attached.stdout)).toEqual({
    code: 0,
    stdout: original,
    stderr: '',
  });
});

test('a stream of 5,000 documents: only what joins changes, and all of it comes out', async () => {
  bench = new Workbench({ 'logs.yaml': sidecar('logs', { selector: '{names: ["p*7"]}' }) });
  const stream = Array.from({ length: 5000 }, (_, i) => `---\n${pod(`p${i}`)}`).join('');
  const { code, stdout, stderr } = await bench.runProcess(['attach', '-f', '-', '-s', 'logs.yaml'], stream);
  expect({ code, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
    code: 0,
    last: '500 of 5000 Pod templates changed',
  });
  expect(stdout.match(/outfit.dev\/attached/g)?.length).toBe(500);
  expect((await bench.runProcess(['detach', '-f', '-', '-q'], stdout)).stdout === stream).toBe(true);
});

test('a file that somebody else changes while we work is theirs', async () => {
  bench = new Workbench({ 'a.yaml': pod('a'), 'b.yaml': pod('b') });
  expect(spawnSync('mkfifo', [bench.path('sidecar')]).status).toBe(0);
  const { ended } = bench.start(['attach', '-f', 'a.yaml', '-f', 'b.yaml', '-s', 'sidecar', '--in-place']);
  // Sidecars are read after the manifests: this opens when the process begins to read them.
  const pipe = await open(bench.path('sidecar'), 'w');
  bench.write('b.yaml', pod('mine'));
  await pipe.writeFile(sidecar('logs'));
  await pipe.close();
  expect(await ended).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: b.yaml was changed by somebody else meanwhile; nothing was written\nhint: run it again\n',
  });
  expect([bench.read('a.yaml'), bench.read('b.yaml')]).toEqual([pod('a'), pod('mine')]);
});

test('Ctrl-C while it waits for standard input ends it, and nothing is written', async () => {
  bench = new Workbench({ 'logs.yaml': sidecar('logs') });
  const { child, ended } = bench.start(['attach', '-f', '-', '-s', 'logs.yaml']);
  child.stdin?.write(pod('a'));
  const running = setInterval(() => child.kill('SIGINT'), 200);
  const { code, stdout } = await ended;
  clearInterval(running);
  expect(stdout).toBe('');
  expect([130, -1]).toContain(code);
});
