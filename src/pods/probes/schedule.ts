/** Times and lengths in milliseconds. */
export interface Schedule {
  /** Ticks come at `anchor`, and at whole periods from there. */
  anchor: number;
  periodMs: number;
}

/**
 * The first tick after `now`, and not before `notBefore`. The ticks of a Pod's probes are those of one clock that began with the Pod, not with its
 * containers, as with the kubelet: so a container is asked for the first time within one period from its start, wherever the clock then stands.
 */
export function nextTick({ anchor, periodMs }: Schedule, now: number, notBefore = now): number {
  const earliest = Math.max(now + 1, notBefore);
  const past = modulo(earliest - anchor, periodMs);
  return past === 0 ? earliest : earliest + periodMs - past;
}

/**
 * Where the next tick is looked for from, when the one of `tick` was begun at `begun`. Timers follow another clock than the wall's, which is corrected by
 * and by: a timer that fires a little early has had its tick, and must not have it again. A clock that was set back by a period or more begins anew.
 */
export function afterTick(tick: number, begun: number, periodMs: number): number {
  return begun < tick && tick - begun < periodMs ? tick : begun;
}

/** Never negative: the machine's clock may be set back behind the anchor. */
function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
