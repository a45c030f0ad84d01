import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from './digest.ts';
import { blob, configOf, dockerSave, type Files, layerOf, ociImage, ociLayout, tarOf } from './fixtures/archives.ts';
import { ImageLayout } from './layout.ts';
import { type LoadOptions, loadImages } from './load.ts';
import { type Descriptor, type ImageConfig, type Manifest, MEDIA, NAME_ANNOTATION, REF_ANNOTATION } from './oci.ts';

let directory: string;
let layout: ImageLayout;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-load-'));
  layout = await ImageLayout.open(join(directory, 'images'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const load = async (content: Buffer | Files, options: Partial<LoadOptions> = {}) => {
  const file = join(directory, 'archive.tar');
  await writeFile(file, Buffer.isBuffer(content) ? content : await tarOf(content));
  return loadImages(file, { layout, architecture: 'amd64', ...options });
};
const named = (descriptor: Descriptor, name: string): Descriptor => ({
  ...descriptor,
  annotations: { [NAME_ANNOTATION]: name },
});
const tagged = (descriptor: Descriptor, ref: string): Descriptor => ({
  ...descriptor,
  annotations: { [REF_ANNOTATION]: ref },
});

/** What the image's only layer says, by the way a runtime would read it. */
async function motd(name: string): Promise<string> {
  const manifest = await layout.readJson<Manifest>((await layout.find(name))!.digest);
  const chunks = await layout.readBlob(manifest.layers[0]!.digest).toArray();
  const bytes = Buffer.concat(chunks);
  const tar = manifest.layers[0]!.mediaType === MEDIA.layerGzip ? gunzipSync(bytes) : bytes;
  const config = await layout.readJson<ImageConfig>(manifest.config.digest);
  expect(config.rootfs.diff_ids).toEqual([sha256(tar)]);
  return tar.subarray(512).toString().replace(/\0.*/s, '');
}

async function expectNothingLeft(): Promise<void> {
  expect(await layout.list()).toEqual([]);
  expect(await readdir(join(layout.path, 'blobs', 'sha256'))).toEqual([]);
  expect(await readdir(join(layout.path, 'ingest'))).toEqual([]);
}

async function writeTree(files: Files): Promise<string> {
  const root = join(directory, 'tree');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(
      join(root, name),
      Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return root;
}

describe('what can be loaded', () => {
  const oci = async (): Promise<Files> => {
    const { descriptor, files } = await ociImage('hello');
    return ociLayout([named(descriptor, 'docker.io/library/motd:1')], files);
  };
  test.each<[string, () => Promise<unknown>]>([
    ['an OCI archive', async () => load(await oci())],
    ['an OCI archive, gzipped', async () => load(gzipSync(await tarOf(await oci())))],
    [
      'an OCI archive with ./ before its names',
      async () => load(Object.fromEntries(Object.entries(await oci()).map(([k, v]) => [`./${k}`, v]))),
    ],
    [
      'an OCI archive as a stream',
      async () => loadImages(Readable.from([await tarOf(await oci())]), { layout, architecture: 'amd64' }),
    ],
    [
      'an OCI archive as a stream of single bytes',
      async () => {
        const bytes = [...gzipSync(await tarOf(await oci()))].map((byte) => Buffer.from([byte]));
        return loadImages(Readable.from(bytes), { layout, architecture: 'amd64' });
      },
    ],
    ['an OCI directory', async () => loadImages(await writeTree(await oci()), { layout, architecture: 'amd64' })],
    ['a Docker archive', async () => load(await dockerSave('hello'))],
    [
      'a Docker archive with gzipped layers',
      async () => load(await dockerSave('hello', { layer: (plain) => gzipSync(plain) })),
    ],
    [
      'a Docker archive that was unpacked',
      async () => loadImages(await writeTree(await dockerSave('hello')), { layout, architecture: 'amd64' }),
    ],
    [
      'a Docker archive in which a layer is a link to the same layer of another image',
      async () => {
        const { 'abc/layer.tar': layer, ...rest } = await dockerSave('hello');
        return load({ 'def/layer.tar': layer!, 'abc/layer.tar': { link: '../def/layer.tar' }, ...rest });
      },
    ],
    [
      'an archive that is both, as newer dockers write',
      async () => load({ ...(await dockerSave('not this')), ...(await oci()) }),
    ],
  ])('%s', async (_what, act) => {
    expect(await act()).toEqual([
      { name: 'docker.io/library/motd:1', digest: (await layout.find('docker.io/library/motd:1'))?.digest },
    ]);
    expect(await motd('docker.io/library/motd:1')).toBe('hello');
    expect(await readdir(join(layout.path, 'ingest'))).toEqual([]);
  });

  test('several images, with what they share kept once; loading again changes nothing', async () => {
    const one = await ociImage('one');
    const two = await ociImage('two');
    const files = ociLayout(
      [named(one.descriptor, 'a'), named(one.descriptor, 'b:2'), named(two.descriptor, 'quay.io/c/c')],
      one.files,
      two.files,
    );
    const names = ['docker.io/library/a:latest', 'docker.io/library/b:2', 'quay.io/c/c:latest'];
    for (let i = 0; i < 2; i++) {
      expect((await load(files)).map(({ name }) => name)).toEqual(names);
      expect([...(await layout.names()).keys()]).toEqual(names);
      expect(await readdir(join(layout.path, 'blobs', 'sha256'))).toHaveLength(6);
    }
    expect(await motd('quay.io/c/c:latest')).toBe('two');
  });

  test('an image that is loaded under a name that was there takes its place, and what only the old one had is gone', async () => {
    await load(await dockerSave('old'));
    await load(await dockerSave('new'));
    expect(await motd('docker.io/library/motd:1')).toBe('new');
    expect(await readdir(join(layout.path, 'blobs', 'sha256'))).toHaveLength(3);
  });
});

describe('names', () => {
  test.each<[string, (d: Descriptor) => Descriptor, string | undefined, string[] | RegExp]>([
    ['the full name of the index', (d) => named(d, 'ghcr.io/o/app:2'), undefined, ['ghcr.io/o/app:2']],
    ['a short name is made full', (d) => tagged(d, 'app:2'), undefined, ['docker.io/library/app:2']],
    [
      'a name in the annotation that should hold a tag',
      (d) => tagged(d, 'quay.io/o/app'),
      undefined,
      ['quay.io/o/app:latest'],
    ],
    ['a given name wins', (d) => named(d, 'ghcr.io/o/app:2'), 'mine', ['docker.io/library/mine:latest']],
    ['a given name where there is only a tag', (d) => tagged(d, '2'), 'mine:2', ['docker.io/library/mine:2']],
    ['only a tag', (d) => tagged(d, '2'), undefined, /does not say what its image is called/],
    ['nothing', (d) => d, undefined, /does not say what its image is called/],
    ['an impossible name', (d) => named(d, 'o/Case'), undefined, /couldn't parse image name|invalid reference/],
    ['a name with a digest', (d) => d, `app@sha256:${'0'.repeat(64)}`, /names a digest/],
  ])('%s', async (_what, annotate, name, expected) => {
    const { descriptor, files } = await ociImage('x');
    const loaded = load(ociLayout([annotate(descriptor)], files), name === undefined ? {} : { name });
    if (Array.isArray(expected)) return expect((await loaded).map((i) => i.name)).toEqual(expected);
    await expect(loaded).rejects.toMatchObject({ code: 'InvalidName', message: expect.stringMatching(expected) });
    await expectNothingLeft();
  });

  test('an image that docker saved by its id has no name', async () => {
    await expect(load(await dockerSave('x', { tags: null }))).rejects.toMatchObject({ code: 'InvalidName' });
    expect(await load(await dockerSave('x', { tags: null }), { name: 'y' })).toMatchObject([
      { name: 'docker.io/library/y:latest' },
    ]);
  });

  test('one name cannot be given to two images', async () => {
    const [one, two] = [await ociImage('one'), await ociImage('two')];
    const files = ociLayout([one.descriptor, two.descriptor], one.files, two.files);
    await expect(load(files, { name: 'x' })).rejects.toMatchObject({ code: 'InvalidName' });
    await expectNothingLeft();
  });
});

describe('platforms', () => {
  const platform = (architecture: string, os = 'linux') => ({ platform: { os, architecture } });
  const multi = async (wrap: (manifests: Descriptor[]) => { descriptor: Descriptor; files: Files }): Promise<Files> => {
    const [intel, arm, proof] = [await ociImage('intel'), await ociImage('arm', 'arm64'), await ociImage('proof')];
    const { descriptor, files } = wrap([
      { ...proof.descriptor, ...platform('unknown', 'unknown') },
      { ...arm.descriptor, ...platform('arm64') },
      { ...intel.descriptor, ...platform('amd64') },
    ]);
    return ociLayout([named(descriptor, 'x')], files, intel.files, arm.files);
  };
  const index = (manifests: Descriptor[]) => blob({ schemaVersion: 2, manifests }, MEDIA.index);

  test.each<[string, string, () => Promise<Files>, string]>([
    ['an index', 'amd64', () => multi(index), 'intel'],
    ['an index', 'arm64', () => multi(index), 'arm'],
    [
      'a Docker manifest list',
      'amd64',
      () => multi((m) => blob({ schemaVersion: 2, manifests: m }, MEDIA.dockerIndex)),
      'intel',
    ],
    [
      'an index in an index',
      'arm64',
      () =>
        multi((m) => {
          const inner = index(m);
          const outer = index([inner.descriptor]);
          return { descriptor: outer.descriptor, files: { ...inner.files, ...outer.files } };
        }),
      'arm',
    ],
  ])('of %s, the one for %s', async (_what, architecture, files, expected) => {
    await load(await files(), { architecture });
    expect(await motd('docker.io/library/x:latest')).toBe(expected);
    expect(await readdir(join(layout.path, 'blobs', 'sha256'))).toHaveLength(3);
  });

  test.each<[string, () => Promise<Files>, string]>([
    [
      'an index without this machine',
      () => multi(index),
      'x is not for linux/riscv64; it is for linux/arm64, linux/amd64',
    ],
    [
      'an image of another machine',
      async () => {
        const { descriptor, files } = await ociImage('x', 's390x');
        return ociLayout([named(descriptor, 'x')], files);
      },
      'x is not for linux/riscv64; it is for linux/s390x',
    ],
    ['a Docker archive of another machine', () => dockerSave('x'), 'motd:1 is for linux/amd64, not for linux/riscv64'],
  ])('%s is refused', async (_what, files, message) => {
    await expect(load(await files(), { architecture: 'riscv64' })).rejects.toMatchObject({
      code: 'Unsupported',
      message,
    });
    await expectNothingLeft();
  });
});

describe('what cannot be trusted leaves nothing behind', () => {
  const image = async (change: (files: Files, descriptor: Descriptor) => Files | Promise<Files>): Promise<Files> => {
    const { descriptor, files } = await ociImage('x');
    return change(ociLayout([named(descriptor, 'x')], files), descriptor);
  };
  const layerName = async (): Promise<string> => Object.keys((await ociImage('x')).files)[2]!;
  /** `ociImage` gives manifest, configuration and layer, in this order. */
  const without = (files: Files, blobAt: number): Files => {
    const gone = Object.keys(files).filter((name) => name.startsWith('blobs/'))[blobAt];
    return Object.fromEntries(Object.entries(files).filter(([name]) => name !== gone));
  };
  const withManifest = async (change: (m: Manifest) => object): Promise<Files> => {
    const { descriptor, files } = await ociImage('x');
    const old = JSON.parse((files[descriptor.digest.replace('sha256:', 'blobs/sha256/')] as Buffer).toString());
    const manifest = blob(change(old), MEDIA.manifest);
    return ociLayout([named(manifest.descriptor, 'x')], files, manifest.files);
  };

  test.each<[string, () => Promise<Buffer | Files>, string, RegExp]>([
    ['nothing at all', async () => Buffer.alloc(0), 'Unsupported', /neither an index.json nor a manifest.json/],
    ['no archive', async () => Buffer.from('hello '.repeat(1000)), 'Corrupt', /no tar archive/],
    ['an archive of other things', async () => tarOf({ 'README.md': 'hello' }), 'Unsupported', /no image archive/],
    [
      'an archive of an ancient docker',
      async () => ({ repositories: {}, 'abc/layer.tar': '' }),
      'Unsupported',
      /docker before 1.10/,
    ],
    ['zstd', async () => Buffer.from('28b52ffd00000000', 'hex'), 'Unsupported', /zstd -d/],
    ['xz', async () => Buffer.from('fd377a585a0000', 'hex'), 'Unsupported', /xz -d/],
    [
      'an archive that is cut short',
      async () => (await tarOf(await image((f) => f))).subarray(0, 2_000),
      'Corrupt',
      /cut short/,
    ],
    [
      'a gzip that is cut short',
      async () => gzipSync(await tarOf(await image((f) => f))).subarray(0, 700),
      'Corrupt',
      /cut short/,
    ],
    [
      'a gzip that is damaged',
      async () => gzipSync(await tarOf(await image((f) => f))).fill(0x55, 300, 400),
      'Corrupt',
      /damaged/,
    ],
    [
      'a path upwards',
      async () => ({ '../../etc/cron.d/x': 'x', ...(await image((f) => f)) }),
      'Corrupt',
      /leads out of it: "..\/..\/etc\/cron.d\/x"/,
    ],
    [
      'an absolute path',
      async () => ({ '/etc/cron.d/x': 'x', ...(await image((f) => f)) }),
      'Corrupt',
      /leads out of it/,
    ],
    [
      'a link upwards',
      async () => ({ x: { link: '../../etc/shadow' }, ...(await image((f) => f)) }),
      'Corrupt',
      /leads out of it/,
    ],
    [
      'links in a ring',
      async () => ({ 'index.json': { link: 'a' }, a: { link: 'index.json' } }),
      'Unsupported',
      /no image archive/,
    ],
    [
      'a layer with another content',
      async () => image(async (f) => ({ ...f, [await layerName()]: 'evil' })),
      'Corrupt',
      /is not what its name promises/,
    ],
    [
      'a layer of another size',
      () => withManifest((m) => ({ ...m, layers: [{ ...m.layers[0], size: 5 }] })),
      'Corrupt',
      /5 bytes were expected/,
    ],
    ['a layer that is missing', () => image((f) => without(f, 2)), 'Corrupt', /is missing/],
    [
      'a layer that is elsewhere',
      () =>
        withManifest((m) => ({
          ...m,
          layers: [{ ...m.layers[0], digest: `sha256:${'0'.repeat(64)}`, urls: ['https://x'] }],
        })),
      'Unsupported',
      /is kept elsewhere: https:\/\/x/,
    ],
    [
      'a digest that is a path',
      () => withManifest((m) => ({ ...m, layers: [{ ...m.layers[0], digest: 'sha256:../../../etc/shadow' }] })),
      'Unsupported',
      /is no sha256 digest/,
    ],
    [
      'an index that is no JSON',
      () => image((f) => ({ ...f, 'index.json': '{' })),
      'Corrupt',
      /index.json is not JSON/,
    ],
    [
      'an index that is null',
      () => image((f) => ({ ...f, 'index.json': 'null' })),
      'Corrupt',
      /index.json is not what it should be/,
    ],
    [
      'an index without images',
      () => image((f) => ({ ...f, 'index.json': { manifests: [] } })),
      'Corrupt',
      /lists no image/,
    ],
    [
      'an index that is huge',
      () => image((f) => ({ ...f, 'index.json': ' '.repeat(5_000_000) })),
      'Corrupt',
      /too large/,
    ],
    ['a manifest without layers', () => withManifest(() => ({ schemaVersion: 2 })), 'Corrupt', /is no manifest/],
    [
      'an artifact that is no image',
      async () => {
        const artifact = blob('{}', 'application/vnd.cncf.helm.config.v1+json');
        return ociLayout([named(artifact.descriptor, 'x')], artifact.files);
      },
      'Unsupported',
      /is no kind of image/,
    ],
    [
      'a Docker layer that is not the one of the configuration',
      () => dockerSave('x', { layer: () => gzipSync('evil') }),
      'Corrupt',
      /not the layer that the image's configuration names/,
    ],
    [
      'a Docker configuration with other layers',
      () => dockerSave('x', { config: (c) => ({ ...c, rootfs: { type: 'layers', diff_ids: [] } }) }),
      'Corrupt',
      /has 1 layers, and its configuration names 0/,
    ],
    [
      'a Docker manifest that names a path upwards',
      async () => ({ ...(await dockerSave('x')), 'manifest.json': [{ Config: '../../../etc/passwd', Layers: [] }] }),
      'Corrupt',
      /leads out of it/,
    ],
    [
      'a Docker manifest of another shape',
      async () => ({ 'manifest.json': [{}] }),
      'Corrupt',
      /not what docker save writes/,
    ],
    [
      'two images of which one is damaged',
      async () => {
        const [one, two] = [await ociImage('one'), await ociImage('two')];
        return ociLayout(
          [named(one.descriptor, 'one'), named(two.descriptor, 'two')],
          one.files,
          without(two.files, 2),
        );
      },
      'Corrupt',
      /is missing/,
    ],
  ])('%s', async (_what, content, code, message) => {
    await expect(load(await content())).rejects.toMatchObject({
      name: 'ImageError',
      code,
      message: expect.stringMatching(message),
    });
    await expectNothingLeft();
  });

  test('a file that is not there', async () => {
    await expect(loadImages(join(directory, 'none'), { layout })).rejects.toMatchObject({ code: 'NotFound' });
    await expectNothingLeft();
  });

  test('a directory with a link out of it', async () => {
    const { descriptor, files } = await ociImage('x');
    const root = await writeTree(ociLayout([named(descriptor, 'x')], files));
    const secret = join(directory, 'secret');
    await writeFile(secret, await layerOf('secret'));
    await rm(join(root, 'index.json'));
    await symlink(secret, join(root, 'index.json'));
    await expect(loadImages(root, { layout, architecture: 'amd64' })).rejects.toMatchObject({
      code: 'Corrupt',
      message: expect.stringMatching(/is a link out of/),
    });
    await expectNothingLeft();
  });

  test('an archive that unpacks to more than there is room for', async () => {
    const bomb = gzipSync(await tarOf({ 'oci-layout': Buffer.alloc(10_000_000) }));
    expect(bomb.length).toBeLessThan(20_000);
    await expect(load(bomb, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'TooLarge' });
    await expectNothingLeft();
  });

  test('a load that is aborted', async () => {
    const stop = new AbortController();
    const files = await tarOf(await dockerSave('x'));
    await writeFile(join(directory, 'archive.tar'), files);
    const loading = loadImages(join(directory, 'archive.tar'), {
      layout,
      architecture: 'amd64',
      signal: stop.signal,
      onProgress: (step) => step === 'checking the images' && stop.abort(),
    });
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    await expectNothingLeft();
  });

  test('a configuration is kept as it is, byte for byte', async () => {
    await load(await dockerSave('x', { config: (c) => ({ ...c, future: { field: 1 } }) }));
    const manifest = await layout.readJson<Manifest>((await layout.find('docker.io/library/motd:1'))!.digest);
    expect(await layout.readJson(manifest.config.digest)).toEqual({
      ...configOf([await layerOf('x')]),
      future: { field: 1 },
    });
  });
});
