import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PersistentVolumeClaim, Pod, PodSpec, Volume } from '../../kube/generated/objects.ts';
import { podPaths } from '../paths.ts';
import { type Mounts, mountPointsBelow } from './mounts.ts';
import { VolumeError } from './volume-error.ts';
import { Volumes } from './volumes.ts';

let base: string;
let home: string;
let mounted: Map<string, object>;
let busy: boolean;
let count = 0;

/** A mount table in memory. */
const mounts: Mounts = {
  below: async (directory) =>
    [...mounted.keys()]
      .filter((path) => path === directory || path.startsWith(`${directory}/`))
      .sort((a, b) => b.length - a.length),
  mountTmpfs: async (path, options) => void mounted.set(path, options),
  bind: async (source, target) => void mounted.set(target, { source }),
  unmount: async (path) => {
    if (busy) throw new Error('target is busy');
    mounted.delete(path);
  },
};

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'outfit-volumes-'));
});
beforeEach(async () => {
  home = join(base, String(count++));
  mounted = new Map();
  busy = false;
});
afterAll(() => rm(base, { recursive: true }));

const pod = (volumes: Volume[], spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'u-1' },
  spec: { containers: [{ name: 'c' }], volumes, ...spec },
});
const volumes = () => new Volumes({ paths: podPaths(home), mounts });
const emptyDir = (name: string) => join(home, 'pods/u-1/volumes/kubernetes.io~empty-dir', name);

describe.runIf(process.getuid?.() === 0)('a claim is given to the fsGroup of a new Pod', () => {
  /** Groups of a file that two Pods find after each other: the first gives all to 2000, then somebody gives the file to 7. */
  async function groupsSeen(policy: string | undefined): Promise<number[]> {
    const claim: PersistentVolumeClaim = { metadata: { name: 'c', namespace: 'shop', uid: 'c-1' } };
    const directory = podPaths(home).claim(claim);
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'file');
    await writeFile(file, '');
    const all = new Volumes({ paths: podPaths(home), mounts, claimOf: async () => claim });
    const fsGroupChangePolicy = policy && { fsGroupChangePolicy: policy };
    const start = async (uid: string) => {
      const subject = pod([{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }], {
        securityContext: { fsGroup: 2000, ...fsGroupChangePolicy },
      });
      await all.prepare({ ...subject, metadata: { ...subject.metadata, uid } });
      return (await stat(file)).gid;
    };
    const first = await start('u-1');
    await chown(file, 0, 7);
    return [first, await start('u-2')];
  }

  test.each([
    [undefined, [2000, 2000]],
    ['Always', [2000, 2000]],
    ['OnRootMismatch', [2000, 7]],
  ])('fsGroupChangePolicy %s', async (policy, groups) => {
    expect(await groupsSeen(policy)).toEqual(groups);
  });
});

describe('an emptyDir', () => {
  test('is a directory that everybody may write to, in the place where the kubelet has it', async () => {
    expect(await volumes().prepare(pod([{ name: 'a', emptyDir: {} }, { name: 'b' }]))).toEqual(
      new Map([
        ['a', emptyDir('a')],
        ['b', emptyDir('b')],
      ]),
    );
    expect((await stat(emptyDir('a'))).mode & 0o7777).toBe(0o777);
    expect(await readdir(join(emptyDir('a'), '..'))).toEqual(['a', 'b']);
  });

  test('keeps content and mode when it is prepared again', async () => {
    const subject = pod([{ name: 'a', emptyDir: {} }]);
    await volumes().prepare(subject);
    await writeFile(join(emptyDir('a'), 'index.html'), 'hello');
    await chmod(emptyDir('a'), 0o700);
    await volumes().prepare(subject);
    expect(await readFile(join(emptyDir('a'), 'index.html'), 'utf8')).toBe('hello');
    expect((await stat(emptyDir('a'))).mode & 0o7777).toBe(0o700);
  });

  test('is made anew where a crash left it unfinished', async () => {
    await mkdir(`${emptyDir('a')}.unfinished`, { recursive: true });
    await volumes().prepare(pod([{ name: 'a', emptyDir: {} }]));
    expect(await readdir(join(emptyDir('a'), '..'))).toEqual(['a']);
    expect((await stat(emptyDir('a'))).mode & 0o7777).toBe(0o777);
  });

  test.runIf(process.getuid?.() === 0)('belongs to the fsGroup, and so does what is made in it', async () => {
    await volumes().prepare(pod([{ name: 'a', emptyDir: {} }], { securityContext: { fsGroup: 2000 } }));
    const { mode, gid } = await stat(emptyDir('a'));
    expect({ mode: mode & 0o7777, gid }).toEqual({ mode: 0o2777, gid: 2000 });
  });

  const limited = (memory?: string) => ({ name: 'c', ...(memory && { resources: { limits: { memory } } }) });
  test.each<[string, Volume, Partial<PodSpec>, object]>([
    ['of any size', { name: 'm', emptyDir: { medium: 'Memory' } }, {}, { mode: 0o777 }],
    [
      'of a size',
      { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      {},
      { mode: 0o777, sizeBytes: 67108864 },
    ],
    [
      'no larger than what the containers may use together',
      { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      { containers: [limited('16Mi'), limited('16Mi')] },
      { mode: 0o777, sizeBytes: 33554432 },
    ],
    [
      'unless one of them may use any amount',
      { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      { containers: [limited('16Mi'), limited()] },
      { mode: 0o777, sizeBytes: 67108864 },
    ],
    [
      'of the fsGroup',
      { name: 'm', emptyDir: { medium: 'Memory' } },
      { securityContext: { fsGroup: 7 } },
      { mode: 0o2777, group: 7 },
    ],
  ])('in memory is a tmpfs %s, mounted once', async (_, volume, spec, options) => {
    const subject = pod([volume], spec);
    await volumes().prepare(subject);
    expect([...mounted]).toEqual([[emptyDir('m'), options]]);
    mounted.set(emptyDir('m'), { first: true });
    await volumes().prepare(subject);
    expect([...mounted]).toEqual([[emptyDir('m'), { first: true }]]);
  });
});

test('a volume in memory is no larger than what Pods may have of it', async () => {
  const any = { name: 'any', emptyDir: { medium: 'Memory' } };
  const small = { name: 'small', emptyDir: { medium: 'Memory', sizeLimit: '4Ki' } };
  await new Volumes({ paths: podPaths(home), mounts, memoryBytes: 2 ** 20 }).prepare(pod([any, small]));
  expect([...mounted.values()]).toEqual([
    { mode: 0o777, sizeBytes: 2 ** 20 },
    { mode: 0o777, sizeBytes: 4096 },
  ]);
});

describe('a hostPath', () => {
  const prepare = (path: string, type?: string) =>
    volumes().prepare(pod([{ name: 'h', hostPath: { path, ...(type !== undefined && { type }) } }]));

  beforeEach(async () => {
    await mkdir(join(home, 'directory'), { recursive: true });
    await writeFile(join(home, 'file'), '');
    await symlink(join(home, 'directory'), join(home, 'link'));
  });

  test.each([
    ['directory', undefined],
    ['nothing', ''],
    ['directory', 'Directory'],
    ['link', 'Directory'],
    ['directory', 'DirectoryOrCreate'],
    ['file', 'File'],
    ['file', 'FileOrCreate'],
    ['/dev/null', 'CharDevice'],
  ])('%s as %s is taken as it is', async (name, type) => {
    const path = name.startsWith('/') ? name : join(home, name);
    expect(await prepare(path, type)).toEqual(new Map([['h', path]]));
  });

  test('is made on demand', async () => {
    await prepare(join(home, 'new/deep'), 'DirectoryOrCreate');
    await prepare(join(home, 'new/file'), 'FileOrCreate');
    expect((await stat(join(home, 'new/deep'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(home, 'new/file'))).mode & 0o7777).toBe(0o644);
  });

  test('may be a socket', async () => {
    const server = createServer().listen(join(home, 's'));
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(prepare(join(home, 's'), 'Socket')).resolves.toBeDefined();
    server.close();
  });

  test.each([
    ['file', 'Directory', 'is not a directory'],
    ['nothing', 'Directory', 'is not a directory'],
    ['file', 'DirectoryOrCreate', 'is not a directory'],
    ['directory', 'File', 'is not a file'],
    ['directory', 'FileOrCreate', 'is not a file'],
    ['file', 'Socket', 'is not a socket file'],
    ['file', 'CharDevice', 'is not a character device'],
    ['file', 'BlockDevice', 'is not a block device'],
  ])('%s as %s: %s', async (name, type, words) => {
    const path = join(home, name);
    await expect(prepare(path, type)).rejects.toEqual(
      new VolumeError('h', `hostPath type check failed: ${path} ${words}`),
    );
  });

  test('that cannot be made says why', async () => {
    await expect(prepare(join(home, 'no/such/file'), 'FileOrCreate')).rejects.toThrow(
      /^MountVolume.SetUp failed for volume "h" : ENOENT: no such file or directory/,
    );
  });
});

test('a volume of another kind is a VolumeError that says so', async () => {
  await expect(volumes().prepare(pod([{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }]))).rejects.toThrow(
    new VolumeError('v', 'persistentVolumeClaim volumes are not supported by this node'),
  );
  await expect(volumes().prepare(pod([{ name: 'v', emptyDir: { medium: 'HugePages' } }]))).rejects.toThrow(
    'MountVolume.SetUp failed for volume "v" : unknown storage medium "HugePages"',
  );
});

describe('cleaning up', () => {
  const full = pod([
    { name: 'a', emptyDir: {} },
    { name: 'm', emptyDir: { medium: 'Memory' } },
  ]);

  test('leaves nothing of the pod, and everything that a link in it pointed to', async () => {
    await volumes().prepare(full);
    await mkdir(join(home, 'precious'));
    await writeFile(join(home, 'precious/file'), 'keep');
    await symlink(join(home, 'precious'), join(emptyDir('a'), 'link'));
    expect(await volumes().uids()).toEqual(['u-1']);
    await volumes().cleanup('u-1');
    expect(mounted.size).toBe(0);
    expect(await volumes().uids()).toEqual([]);
    expect(await readFile(join(home, 'precious/file'), 'utf8')).toBe('keep');
  });

  test('may be repeated, also where nothing ever was', async () => {
    await volumes().prepare(full);
    await volumes().cleanup('u-1');
    await volumes().cleanup('u-1');
    await volumes().cleanup('u-2');
    expect(await new Volumes({ paths: podPaths(join(home, 'nowhere')), mounts }).uids()).toEqual([]);
  });

  test('deletes nothing while something is mounted, and works later', async () => {
    await volumes().prepare(full);
    busy = true;
    await expect(volumes().cleanup('u-1')).rejects.toThrow('target is busy');
    await expect(lstat(emptyDir('a'))).resolves.toBeDefined();
    busy = false;
    await volumes().cleanup('u-1');
    expect(await volumes().uids()).toEqual([]);
  });

  test('releasing takes the volumes and leaves the other files', async () => {
    await volumes().prepare(full);
    await writeFile(join(home, 'pods/u-1/etc-hosts'), '');
    await volumes().release('u-1');
    await volumes().release('u-1');
    expect(mounted.size).toBe(0);
    expect(await readdir(join(home, 'pods/u-1'))).toEqual(['etc-hosts']);
  });
});

test('mount points are read from mountinfo, deepest first, with their escapes', () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext4 /dev/root rw`;
  const mountinfo = ['/', '/home/pods/u-1/a', '/home/pods/u-10', '/home/pods/u-1', '/home/pods/u-1/a/b\\040c']
    .map(line)
    .join('\n');
  expect(mountPointsBelow(`${mountinfo}\n`, '/home/pods/u-1')).toEqual([
    '/home/pods/u-1/a/b c',
    '/home/pods/u-1/a',
    '/home/pods/u-1',
  ]);
});
