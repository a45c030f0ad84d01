import { readFileSync } from 'node:fs';

/** Of what the machine can have, a part stays its own, so that somebody can still log in, and the node can still work. */
const PODS_SHARE = 0.9;

/** What bounds the number of processes and threads: the kernel's numbers, its memory for them, and the cgroup of a machine that is itself a container. */
const BOUNDS = [
  '/proc/sys/kernel/pid_max',
  '/proc/sys/kernel/threads-max',
  '/sys/fs/cgroup/pids/pids.max',
  '/sys/fs/cgroup/pids.max',
];

/** How many processes and threads all Pods may have together; undefined where nothing bounds the machine, as far as can be read. */
export function roomForProcesses(read = (path: string) => readFileSync(path, 'utf8')): number | undefined {
  const bounds = BOUNDS.map((path) => numberIn(path, read)).filter((bound) => bound !== undefined);
  return bounds.length === 0 ? undefined : Math.floor(Math.min(...bounds) * PODS_SHARE);
}

/** undefined for `max`, and for a file that is not there. */
function numberIn(path: string, read: (path: string) => string): number | undefined {
  try {
    const text = read(path).trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
