import type { Probe } from '../../kube/generated/objects.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/** What a probe says of its container now; `unknown` until a startup probe has said anything. */
export type Verdict = 'success' | 'failure' | 'unknown';

/** What one run of a probe gave. `error`: it could not be run, which says nothing of the container. */
export type ProbeResult = 'success' | 'failure' | 'error';

/** All that is remembered of one probe of one container. Plain data. */
export interface ProbeState {
  verdict: Verdict;
  /** The last result, and how many times in a row it came. */
  last?: 'success' | 'failure';
  run: number;
  /** The container is to be killed: there is no need to ask again. */
  isOnHold: boolean;
}

export type Thresholds = Pick<Probe, 'failureThreshold' | 'successThreshold'>;

/** Where a new container begins (`newWorker` in the kubelet's `prober/worker.go`): alive, but neither ready nor known to have started. */
const INITIAL: Record<ProbeKind, Verdict> = { startup: 'unknown', readiness: 'failure', liveness: 'success' };

export function initialState(kind: ProbeKind): ProbeState {
  return { verdict: INITIAL[kind], run: 0, isOnHold: false };
}

/**
 * What one more result makes of a probe's state (`doProbe`): the verdict changes when a result came as often in a row as its threshold asks. Pure.
 * A probe that failed for good and whose container therefore dies is held from then on.
 */
export function afterProbe(
  state: ProbeState,
  result: ProbeResult,
  { kind, failureThreshold = 3, successThreshold = 1 }: Thresholds & { kind: ProbeKind },
): ProbeState {
  if (result === 'error' || state.isOnHold) return state;
  const run = state.last === result ? state.run + 1 : 1;
  const threshold = result === 'failure' ? failureThreshold : successThreshold;
  if (run < threshold) return { ...state, last: result, run };
  return { verdict: result, last: result, run, isOnHold: result === 'failure' && kind !== 'readiness' };
}
