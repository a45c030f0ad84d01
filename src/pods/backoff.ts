/** How long to wait before the same thing is tried again. Milliseconds. */
export interface BackOffRules {
  initialMs: number;
  maxMs: number;
}

/** The kubelet's: 10 s, doubled up to 5 min, forgotten after twice the maximum without a failure (`pkg/kubelet/kubelet.go`). */
export const KUBELET_BACKOFF: BackOffRules = { initialMs: 10_000, maxMs: 300_000 };

/** For development: a container that was mended is back within seconds. No cluster has it. */
export const FAST_BACKOFF: BackOffRules = { initialMs: 1_000, maxMs: 10_000 };

/** What is remembered of one thing that failed: the delay now in force, and when it was set. Milliseconds since the epoch. */
export interface BackOff {
  delayMs: number;
  since: number;
}

/** How far clocks of two processes on one machine may seem apart. Milliseconds. */
const TOLERANCE_MS = 1_000;

/**
 * When the next attempt may be made after a failure at `failedAt`; undefined means at once. The first failure of all, and the first
 * after a long quiet time, wait for nothing (client-go `util/flowcontrol`, IsInBackOffSince). Nor does one that seems to lie in the future: the
 * clock was set back, and nobody should wait until it has caught up.
 */
export function backOffUntil(
  backOff: BackOff | undefined,
  failedAt: number,
  now: number,
  rules: BackOffRules = KUBELET_BACKOFF,
): number | undefined {
  if (!backOff || isForgotten(backOff, failedAt, rules) || failedAt > now + TOLERANCE_MS) return undefined;
  const until = failedAt + backOff.delayMs;
  return until > now ? until : undefined;
}

/** The memory to keep when an attempt is made now (client-go `util/flowcontrol`, Next). */
export function nextBackOff(
  backOff: BackOff | undefined,
  failedAt: number,
  now: number,
  rules: BackOffRules = KUBELET_BACKOFF,
): BackOff {
  const isFirst = !backOff || isForgotten(backOff, failedAt, rules);
  return { delayMs: isFirst ? rules.initialMs : Math.min(backOff.delayMs * 2, rules.maxMs), since: now };
}

function isForgotten(backOff: BackOff, failedAt: number, { maxMs }: BackOffRules): boolean {
  return failedAt - backOff.since > 2 * maxMs;
}
