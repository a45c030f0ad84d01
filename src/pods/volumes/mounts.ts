import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { mountsBelow } from '../../cri/mounts.ts';

/** The mount table of this machine as far as volumes need it. */
export interface Mounts {
  /** Mount points at or below `directory`, deepest first, as the kernel names them: without symlinks. */
  below(directory: string): Promise<string[]>;
  /** `sizeBytes` undefined leaves the size to the kernel: half of the machine's memory. */
  mountTmpfs(path: string, options: { sizeBytes?: number; mode: number; group?: number }): Promise<void>;
  /** Shows `source` at `target` too; both exist and are of one kind. A source /proc/…/fd/N is the open file itself. */
  bind(source: string, target: string): Promise<void>;
  /** A busy mount is taken out of the tree at once and ends when its last user does. A path that is no mount point is success. */
  unmount(path: string): Promise<void>;
}

const run = promisify(execFile);

/** mount(8), umount(8) and /proc/self/mountinfo. */
export function systemMounts(): Mounts {
  const below = async (directory: string) =>
    mountPointsBelow(await readFile('/proc/self/mountinfo', 'utf8'), await realpath(directory).catch(() => directory));
  return {
    below,
    async mountTmpfs(path, { sizeBytes, mode, group }) {
      const options = [
        `mode=${mode.toString(8)}`,
        sizeBytes && `size=${sizeBytes}`,
        group !== undefined && `gid=${group}`,
      ];
      await run('mount', ['-t', 'tmpfs', '-o', options.filter(Boolean).join(','), 'tmpfs', path]);
    },
    async bind(source, target) {
      await run('mount', ['--no-canonicalize', '--bind', source, target]);
    },
    async unmount(path) {
      const point = await realpath(path).catch(() => path);
      if (!(await below(point)).includes(point)) return;
      await run('umount', ['--no-canonicalize', point]).catch(() =>
        run('umount', ['--no-canonicalize', '--lazy', point]),
      );
    },
  };
}

/** Mount points at or below `directory` in the text of a mountinfo file (proc(5)), deepest first. A path mounted over twice is there twice. */
export function mountPointsBelow(mountinfo: string, directory: string): string[] {
  return mountsBelow(dirname(directory), mountinfo)
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}
