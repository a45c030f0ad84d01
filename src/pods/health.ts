import type { ObservedContainer } from './observed.ts';

/**
 * What probes and hooks know of containers: an input of the plan and of the status. Answers come from memory, at once.
 * Issue 4 fills it from `probes/` (startup, readiness, liveness) and from postStart hooks.
 */
export interface Health {
  /** The running container has passed its gate: startup probe succeeded, or without one postStart is done (KEP-753). */
  started(container: ObservedContainer): boolean;
  /** The running, started container may get traffic. */
  ready(container: ObservedContainer): boolean;
  /** The probe for whose sake the running container must be killed. */
  failing(container: ObservedContainer): 'liveness' | 'startup' | undefined;
}

/** A Pod without probes and hooks: what runs has started and is ready. */
export const WITHOUT_PROBES: Health = {
  started: () => true,
  ready: () => true,
  failing: () => undefined,
};
