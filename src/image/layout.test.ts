import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileTree } from './file-tree.ts';
import { ImageLayout } from './layout.ts';
import { processName } from './layout-lock.ts';
import { type Manifest, MEDIA } from './oci.ts';
import { writeImage } from './write-image.ts';

let path: string;
let layout: ImageLayout;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'outfit-layout-')), 'images');
  layout = await ImageLayout.open(path);
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

const blobs = () => readdir(join(path, 'blobs', 'sha256'));

/** Stores an image with one file, under the names. */
async function store(text: string, ...names: string[]) {
  const tree = new FileTree();
  tree.set('/etc/motd', { type: 'file', content: Buffer.from(text), mode: 0o644, uid: 0, gid: 0 });
  const staging = await layout.stage();
  const descriptor = await writeImage(staging, {
    tree,
    config: {},
    architecture: 'amd64',
    createdBy: 'test',
    epoch: 0,
  });
  await staging.commit(names.map((name) => ({ name, descriptor })));
  return descriptor;
}

describe('a new layout', () => {
  test('is an empty OCI layout', async () => {
    expect(JSON.parse(await readFile(join(path, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(JSON.parse(await readFile(join(path, 'index.json'), 'utf8'))).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA.index,
      manifests: [],
    });
    expect(await layout.list()).toEqual([]);
  });

  test('opened again, also by several at once, is the same', async () => {
    await store('x', 'docker.io/library/x:1');
    const again = await Promise.all([1, 2, 3].map(() => ImageLayout.open(path)));
    for (const other of again) expect(await other.list()).toEqual(await layout.list());
  });
});

describe('an image', () => {
  test('is found by its full name and listed with what it is', async () => {
    const descriptor = await store('x', 'docker.io/library/x:1');
    expect(await layout.find('docker.io/library/x:1')).toEqual(descriptor);
    expect(await layout.find('docker.io/library/x:2')).toBeUndefined();
    const manifest = await layout.readJson<Manifest>(descriptor.digest);
    expect(await layout.list()).toEqual([
      {
        name: 'docker.io/library/x:1',
        digest: descriptor.digest,
        size: descriptor.size + manifest.config.size + manifest.layers[0]!.size,
        architecture: 'amd64',
        created: '1970-01-01T00:00:00.000Z',
      },
    ]);
  });

  test('is not there before it is committed, nor after it was discarded', async () => {
    const staging = await layout.stage();
    await staging.write('x', MEDIA.layer);
    expect(await blobs()).toEqual([]);
    await staging.discard();
    expect(await readdir(join(path, 'ingest'))).toEqual([]);
  });

  test('that is removed takes along what no other needs', async () => {
    await store('one', 'docker.io/library/one:1', 'docker.io/library/one:2');
    await store('two', 'docker.io/library/two:1');
    expect(await blobs()).toHaveLength(6);
    expect(await layout.remove('docker.io/library/one:1')).toBe(0);
    expect(await blobs()).toHaveLength(6);
    const { size } = (await layout.list())[0]!;
    expect(await layout.remove('docker.io/library/one:2')).toBe(size);
    expect(await blobs()).toHaveLength(3);
    expect([...(await layout.names()).keys()]).toEqual(['docker.io/library/two:1']);
    await expect(layout.remove('docker.io/library/one:2')).rejects.toMatchObject({ code: 'NotFound' });
  });

  test('of many that are stored and removed at once is neither lost nor damaged', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `docker.io/library/n:${i}`);
    await Promise.all(names.map((name, i) => store(`text ${i % 4}`, name)));
    await Promise.all([
      ...names.slice(0, 4).map((name) => layout.remove(name)),
      store('more', 'docker.io/library/more:1'),
    ]);
    expect((await layout.list()).map(({ name }) => name)).toEqual(
      [...names.slice(4), 'docker.io/library/more:1'].sort(),
    );
    expect(await blobs()).toHaveLength(15);
  });
});

describe('a blob', () => {
  test('that is not what was promised is refused', async () => {
    const staging = await layout.stage();
    const expected = { digest: `sha256:${'0'.repeat(64)}`, size: 1 };
    await expect(staging.write('x', MEDIA.layer, expected)).rejects.toMatchObject({ code: 'Corrupt' });
    await staging.discard();
  });

  test.each(['sha256:../../index.json', '../../index.json', 'sha512:00', ''])('cannot be called %j', async (digest) => {
    await expect(layout.blobSize(digest)).rejects.toMatchObject({ code: 'NotFound' });
    await expect(layout.readJson(digest)).rejects.toMatchObject({ code: 'NotFound' });
    expect(() => layout.readBlob(digest)).toThrow(expect.objectContaining({ code: 'NotFound' }));
  });
});

describe('accidents', () => {
  /** The name of a process that has ended. */
  const gone = (): string => `${spawnSync('true').pid} 12345`;

  test('what a killed writer left is removed with the next change, what a running one prepares is not', async () => {
    const running = await layout.stage();
    await running.write('x', MEDIA.layer);
    await mkdir(join(path, 'ingest', 'left'));
    await writeFile(join(path, 'ingest', 'left', 'owner'), gone());
    await writeFile(join(path, 'ingest', 'left', 'blob'), 'half');
    await writeFile(join(path, 'blobs', 'sha256', 'f'.repeat(64)), 'moved, but not yet in the index');
    await store('y', 'docker.io/library/y:1');
    expect(await readdir(join(path, 'ingest'))).toEqual([running.path.split('/').at(-1)]);
    expect(await blobs()).toHaveLength(3);
    await running.discard();
  });

  test('a lock of a process that has ended is taken over, one of a running process is waited for', async () => {
    const lock = join(path, 'ingest', 'lock');
    await writeFile(lock, gone());
    await store('x', 'docker.io/library/x:1');
    await writeFile(lock, await processName(process.pid));
    let stored = false;
    const storing = store('y', 'docker.io/library/y:1').then(() => {
      stored = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stored).toBe(false);
    await rm(lock);
    await storing;
  });

  test.each([
    ['an index that is cut', '{"manifests":['],
    ['an index of another shape', '{}'],
  ])('%s is told, not taken for empty', async (_what, text) => {
    await writeFile(join(path, 'index.json'), text);
    const corrupt = { code: 'Corrupt', message: expect.stringContaining(`move ${path} away`) };
    await expect(ImageLayout.open(path)).rejects.toMatchObject(corrupt);
    await expect(layout.remove('docker.io/library/x:1')).rejects.toMatchObject(corrupt);
    expect(await readFile(join(path, 'index.json'), 'utf8')).toBe(text);
  });

  test('a place that cannot be written', async () => {
    await writeFile(join(path, '..', 'file'), '');
    await expect(ImageLayout.open(join(path, '..', 'file'))).rejects.toMatchObject({
      name: 'ImageError',
      code: 'NotWritable',
    });
  });
});
