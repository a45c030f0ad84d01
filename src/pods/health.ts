import type { Container, Pod } from '../kube/generated/objects.ts';
import type { Observed, ObservedContainer } from './observed.ts';

/** What probes know of containers: an input of the plan and of the status. Answers come from memory, at once. */
export interface Health {
  /** The running container has passed its gate: its startup probe succeeded, or it has none (KEP-753). Its postStart hook is done in any case. */
  started(container: ObservedContainer): boolean;
  /** The running, started container may get traffic. */
  ready(container: ObservedContainer): boolean;
  /** The probe for whose sake the running container must be killed. */
  failing(container: ObservedContainer): 'liveness' | 'startup' | undefined;
}

/** Who asks the probes. Told of containers as they come and go; all calls may be repeated. */
export interface HealthKeeper extends Health {
  /** What there is of the Pod now: probes begin with a container that runs and end with it. */
  watch(pod: Pod, observed: Observed): void;
  /** The Pod ends, whatever the reason: nothing is killed for its health's sake any more; readiness is still asked for. */
  ending(uid: string): void;
  /** The container has ended. */
  exited(id: string): void;
  /** Nothing more is asked of the Pod. */
  forget(uid: string): void;
  /** Nothing more is asked of any. */
  close(): void;
}

/** A Pod without probes: what runs has started and is ready. */
export const WITHOUT_PROBES: Health = {
  started: () => true,
  ready: () => true,
  failing: () => undefined,
};

/** Seconds that a container gets when a probe kills it, where the probe has a say of its own in that (`setTerminationGracePeriod`). */
export function graceOfProbe(container: Container, kind: 'liveness' | 'startup'): number | undefined {
  return container[`${kind}Probe`]?.terminationGracePeriodSeconds;
}
