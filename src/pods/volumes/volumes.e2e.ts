import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { podPaths } from '../paths.ts';
import { systemMounts } from './mounts.ts';
import { giveToGroup } from './ownership.ts';
import { bindSubPath } from './sub-path.ts';
import { Volumes } from './volumes.ts';

/** Real mounts: needs root, no containerd. */
const mounts = systemMounts();
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'outfit-mounts-'));
});
afterEach(async () => {
  for (const point of await mounts.below(home)) await mounts.unmount(point);
  await rm(home, { recursive: true });
});

describe('an emptyDir in memory', () => {
  const pod = {
    metadata: { name: 'p', namespace: 'shop', uid: 'u-1' },
    spec: { containers: [], volumes: [{ name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }] },
  };

  test('is a tmpfs of its size, made once, and leaves nothing', async () => {
    const volumes = new Volumes({ paths: podPaths(home) });
    const path = (await volumes.prepare(pod)).get('m') ?? '';
    const { type, blocks, bsize } = await statfs(path);
    expect({ type, size: blocks * bsize }).toEqual({ type: 0x01021994, size: 2 ** 20 });
    expect((await stat(path)).mode & 0o7777).toBe(0o777);
    await writeFile(join(path, 'file'), 'hello');
    await volumes.prepare(pod);
    expect(await readdir(path)).toEqual(['file']);
    await volumes.cleanup('u-1');
    expect(await mounts.below(home)).toEqual([]);
    expect(await volumes.uids()).toEqual([]);
  });

  test('goes although a program still has a file open, and although the state directory is reached through a link', async () => {
    await mkdir(join(home, 'real'));
    await symlink(join(home, 'real'), join(home, 'link'));
    const volumes = new Volumes({ paths: podPaths(join(home, 'link')) });
    const path = (await volumes.prepare(pod)).get('m') ?? '';
    const before = process.cwd();
    process.chdir(path);
    try {
      await volumes.cleanup('u-1');
    } finally {
      process.chdir(before);
    }
    expect(await mounts.below(home)).toEqual([]);
  });
});

describe('a subPath', () => {
  let volume: string;
  let target: string;
  beforeEach(async () => {
    volume = join(home, 'volume');
    target = join(home, 'pods/u-1/volume-subpaths/v/c/0');
    await mkdir(volume);
    await chmod(volume, 0o2777);
    await mkdir(join(home, 'outside'));
    await writeFile(join(home, 'outside/secret'), 'secret');
  });
  const bind = (subPath: string) => bindSubPath({ volumePath: volume, subPath, target }, mounts);

  test('is made on demand and bound', async () => {
    await bind('a/b');
    await writeFile(join(volume, 'a/b/file'), 'hello');
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('hello');
    expect((await stat(target)).mode).toBe((await stat(volume)).mode);
  });

  test('may be a file', async () => {
    await writeFile(join(volume, 'nginx.conf'), 'x');
    await bind('nginx.conf');
    expect(await readFile(target, 'utf8')).toBe('x');
  });

  test('may be bound again for the next container', async () => {
    await bind('a');
    await bind('a');
    expect(await mounts.below(home)).toEqual([target]);
  });

  test('may go through a link that stays inside', async () => {
    await mkdir(join(volume, 'real'));
    await symlink('real', join(volume, 'link'));
    await bind('link/sub');
    expect(await readdir(join(volume, 'real'))).toEqual(['sub']);
  });

  test.each([
    ['a link to the outside', 'link', 'leads out of its volume'],
    ['something below a link to the outside', 'link/secret', 'leads out of its volume'],
    ['something new below a link to the outside', 'link/new', 'leads out of its volume'],
    ['a link to nowhere', 'broken', 'EEXIST|ELOOP|symbolic link'],
  ])('does not lead out: %s', async (_, subPath, message) => {
    await symlink(join(home, 'outside'), join(volume, 'link'));
    await symlink(join(home, 'outside/missing'), join(volume, 'broken'));
    await expect(bind(subPath)).rejects.toThrow(new RegExp(message));
    expect(await readdir(join(home, 'outside'))).toEqual(['secret']);
    expect(await mounts.below(home)).toEqual([]);
  });

  test('shows what was checked, also when the directory becomes a link afterwards', async () => {
    await bind('a');
    await writeFile(join(volume, 'a/mine'), '');
    await rename(join(volume, 'a'), join(volume, 'b'));
    await symlink(join(home, 'outside'), join(volume, 'a'));
    expect(await readdir(target)).toEqual(['mine']);
  });
});

describe('a directory that is given to a group', () => {
  let volume: string;
  const modeOf = async (name: string) => {
    const { mode, gid } = await lstat(join(volume, name));
    return `${(mode & 0o7777).toString(8)} ${gid}`;
  };
  beforeEach(async () => {
    volume = join(home, 'volume');
    await mkdir(join(volume, 'sub'), { recursive: true, mode: 0o700 });
    await writeFile(join(volume, 'sub/file'), '', { mode: 0o600 });
    await writeFile(join(volume, 'sub/program'), '', { mode: 0o755 });
    await writeFile(join(home, 'outside'), '', { mode: 0o600 });
    await symlink(join(home, 'outside'), join(volume, 'link'));
  });

  test('is given with all that is in it, and without what links lead to', async () => {
    await giveToGroup(volume, 4242);
    expect([await modeOf('.'), await modeOf('sub')]).toEqual(['2770 4242', '2770 4242']);
    expect([await modeOf('sub/file'), await modeOf('sub/program')]).toEqual(['660 4242', '775 4242']);
    expect(await modeOf('../outside')).toBe('600 0');
  });

  test('is left alone when it is as it should be, on demand', async () => {
    await giveToGroup(volume, 4242);
    await chown(join(volume, 'sub/file'), 0, 0);
    await giveToGroup(volume, 4242, { onlyIfRootDiffers: true });
    expect(await modeOf('sub/file')).toBe('660 0');
    await giveToGroup(volume, 4242);
    expect(await modeOf('sub/file')).toBe('660 4242');
  });
});
