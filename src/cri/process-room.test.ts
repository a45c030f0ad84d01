import { expect, test } from 'vitest';
import { roomForProcesses } from './process-room.ts';

const KERNEL = { '/proc/sys/kernel/pid_max': '4194304\n', '/proc/sys/kernel/threads-max': '100000\n' };

test.each<[string, Record<string, string>, number | undefined]>([
  ['nine tenths of what the kernel has memory for', KERNEL, 90_000],
  ['nine tenths of the numbers there are', { ...KERNEL, '/proc/sys/kernel/pid_max': '32768\n' }, 29_491],
  ['nine tenths of what a container may have, cgroup v1', { ...KERNEL, '/sys/fs/cgroup/pids/pids.max': '1000\n' }, 900],
  ['nine tenths of what a container may have, cgroup v2', { ...KERNEL, '/sys/fs/cgroup/pids.max': '2000\n' }, 1800],
  ['a container without a limit is the machine', { ...KERNEL, '/sys/fs/cgroup/pids.max': 'max\n' }, 90_000],
  ['nothing can be read', {}, undefined],
])('%s', (_, files, room) => {
  const read = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
  expect(roomForProcesses(read)).toBe(room);
});
