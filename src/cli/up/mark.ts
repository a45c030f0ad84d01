import { isDeepStrictEqual } from 'node:util';
import { isAlive, processId } from '../../cri/processes.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { isPod, type Wanted } from './wanted.ts';

/** On every object that `up` creates: which process it was, `host/pid/start`. By it a later one knows what was left behind. */
export const UP_ANNOTATION = 'outfit.dev/up';

/** This process. */
export function ownMark(host: string): string {
  const { pid, startTime } = processId(process.pid)!;
  return `${host}/${pid}/${startTime}`;
}

export function markOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[UP_ANNOTATION];
}

/** What an object that is there already means for one that is wanted in its place. */
export type Found =
  /** Left behind by an `up` that was killed, or that was told to keep it. */
  | { is: 'left-behind' }
  /** Somebody else's, and as wanted: it can be used, and it stays. */
  | { is: 'as-wanted' }
  /** Somebody else's; `pid` is that of an `up` that still runs. */
  | { is: 'foreign'; pid?: number };

/** Decides what to do with an object of the same name. Never is anything taken over that this command has not made. Pure but for `isRunning`. */
export function judge(there: KubeObject, wanted: Wanted, host: string, isRunning = isUpRunning): Found {
  const mark = markOf(there);
  if (mark !== undefined) {
    const pid = isRunning(mark, host);
    return pid === undefined ? { is: 'left-behind' } : { is: 'foreign', pid };
  }
  const same = wanted.resource.kind === 'Namespace' || (!isPod(wanted) && includes(there, wanted.object));
  return same ? { is: 'as-wanted' } : { is: 'foreign' };
}

/** The process of a mark, when it is one of this machine and runs. */
function isUpRunning(mark: string, host: string): number | undefined {
  const [startTime, pid, ...rest] = mark.split('/').reverse();
  if (rest.reverse().join('/') !== host || startTime === undefined) return undefined;
  return isAlive({ pid: Number(pid), startTime }) ? Number(pid) : undefined;
}

/** Everything that is wanted is there; the server adds more. */
function includes(there: unknown, wanted: unknown): boolean {
  if (isRecord(there) && isRecord(wanted))
    return Object.entries(wanted).every(([key, value]) => value === undefined || includes(there[key], value));
  return isDeepStrictEqual(there, wanted);
}
