import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ImageLayout } from './layout.ts';
import { type ImageConfig, type Manifest, ociArchitecture } from './oci.ts';
import { ensurePause, PAUSE_IMAGE } from './pause.ts';

const RECIPES = fileURLToPath(new URL('../../images', import.meta.url));

describe('the image', () => {
  let directory: string;
  let layout: ImageLayout;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outfit-pause-'));
    layout = await ImageLayout.open(directory);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const manifestOf = async () => layout.readJson<Manifest>((await layout.find(PAUSE_IMAGE))!.digest);

  test.each(['amd64', 'arm64'])('is made for %s', async (architecture) => {
    await ensurePause(layout, { recipes: RECIPES, architecture });
    const { config } = await manifestOf();
    expect(await layout.readJson<ImageConfig>(config.digest)).toMatchObject({
      architecture,
      os: 'linux',
      config: { Entrypoint: ['/pause'], User: '65535:65535' },
    });
    expect((await layout.list())[0]!.size).toBeLessThan(4_000);
  });

  test('is made once', async () => {
    await ensurePause(layout, { recipes: RECIPES });
    const { mtimeMs } = await stat(join(directory, 'index.json'));
    await ensurePause(layout, { recipes: RECIPES });
    expect((await stat(join(directory, 'index.json'))).mtimeMs).toBe(mtimeMs);
  });

  test('is made again for another architecture, and where a blob of it is missing or cut', async () => {
    await ensurePause(layout, { recipes: RECIPES, architecture: 'arm64' });
    await ensurePause(layout, { recipes: RECIPES, architecture: 'amd64' });
    expect((await layout.list())[0]).toMatchObject({ architecture: 'amd64' });
    for (const damage of [(file: string) => rm(file), (file: string) => truncate(file, 10)]) {
      const { layers } = await manifestOf();
      const file = join(directory, 'blobs/sha256', layers[0]!.digest.slice(7));
      await damage(file);
      await ensurePause(layout, { recipes: RECIPES, architecture: 'amd64' });
      expect((await stat(file)).size).toBe(layers[0]!.size);
    }
  });

  test('of an architecture that Outfit has no program for', async () => {
    await expect(ensurePause(layout, { recipes: RECIPES, architecture: 'riscv64' })).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('images/pause/pause-riscv64'),
    });
    expect(await readdir(join(directory, 'ingest'))).toEqual([]);
  });
});

describe.each(['amd64', 'arm64'])('the program for %s', (architecture) => {
  const program = join(RECIPES, 'pause', `pause-${architecture}`);
  const emulator = architecture === ociArchitecture() ? undefined : 'qemu-aarch64-static';
  const canRun = emulator === undefined || (architecture === 'arm64' && !spawnSync(emulator, ['--version']).error);
  const [command, args] = emulator === undefined ? [program, []] : [emulator, [program]];

  test('is what README.md says, static, and of this machine type', async () => {
    const content = readFileSync(program);
    const digest = createHash('sha256').update(content).digest('hex');
    expect(await readFile(join(RECIPES, 'pause', 'README.md'), 'utf8')).toContain(`${digest}  pause-${architecture}`);
    expect(content.readUInt16LE(18)).toBe(architecture === 'amd64' ? 62 : 183); // e_machine
    expect(content.length).toBeLessThan(1_000);
  });

  test.for(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s', async (signal, { skip }) => {
    if (!canRun) skip(`no ${emulator ?? 'emulator'} on this ${ociArchitecture()} machine`);
    const child = spawn(command, args);
    await sleep(200);
    expect(child.exitCode).toBeNull();
    child.kill(signal);
    expect(await new Promise((resolve) => child.on('close', (code, by) => resolve(code ?? by)))).toBe(0);
  });

  test('reaps children that nobody else waits for, and needs no CPU', async ({ skip }) => {
    if (emulator) skip(`the emulator's own process would be looked at on this ${ociArchitecture()} machine`);
    const child = spawn('sh', ['-c', `sleep 0.1 & sleep 0.1 & exec ${program}`]);
    await sleep(400);
    expect(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).toBe('');
    const [utime, stime] = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(' ').slice(13, 15).map(Number);
    expect(utime! + stime!).toBeLessThan(5);
    child.kill();
    await new Promise((resolve) => child.on('close', resolve));
  });
});
