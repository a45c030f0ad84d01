import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot. */
  startTime: string;
}

export interface Process extends ProcessId {
  argv: string[];
}

/** The processes whose command line matches, kernel threads and zombies aside. */
export function findProcesses(matches: (argv: string[]) => boolean, proc = '/proc'): Process[] {
  const found: Process[] = [];
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const argv = read(`${proc}/${name}/cmdline`).split('\0').slice(0, -1);
    if (argv.length === 0 || !matches(argv)) continue;
    const id = processId(Number(name), proc);
    if (id) found.push({ ...id, argv });
  }
  return found;
}

/** undefined when there is no such process any more, or only its zombie. */
export function processId(pid: number, proc = '/proc'): ProcessId | undefined {
  const stat = read(`${proc}/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || state === 'Z' || state === 'X' ? undefined : { pid, startTime: rest[18] ?? '' };
}

export function isAlive({ pid, startTime }: ProcessId): boolean {
  return processId(pid)?.startTime === startTime;
}

/** Sends the signal unless the process has ended. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Resolves to false when some of them still live after the time. */
export async function haveEnded(ids: ProcessId[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (let wait = 1; ids.some(isAlive); wait = Math.min(wait * 2, 50)) {
    if (Date.now() >= deadline) return false;
    await sleep(wait);
  }
  return true;
}

/** SIGTERM, and SIGKILL for those who have not obeyed in time. */
export async function endProcesses(ids: ProcessId[], graceMs: number): Promise<void> {
  for (const id of ids) signalProcess(id, 'SIGTERM');
  if (await haveEnded(ids, graceMs)) return;
  for (const id of ids) signalProcess(id, 'SIGKILL');
  await haveEnded(ids, KILL_MS);
}

const KILL_MS = 5_000;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
