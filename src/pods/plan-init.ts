import type { Container, Pod } from '../kube/generated/objects.ts';
import { containerHash } from './hash.ts';
import { graceOfProbe, type Health } from './health.ts';
import { newest, type ObservedContainer } from './observed.ts';
import { initContainers, isSidecar, mainContainers, restartPolicy } from './pod-spec.ts';

const UNKNOWN_STATE = 'Init container is in "unknown" state, try killing it before restart';

export interface InitPlan {
  /** Every regular init container has done its work and every sidecar has started: the main containers may run. */
  initialized: boolean;
  /** A regular init container failed and the Pod's policy forbids to try again. */
  failed: boolean;
  /** Init containers to start now, in the order of the manifest. */
  start: Container[];
  kill: { container: ObservedContainer; message: string; gracePeriodSeconds?: number }[];
}

/**
 * Which init containers are to be started or killed (`computeInitContainerActions` in the kubelet's kuberuntime_container.go; KEP-753).
 * They are looked at from last to first: the last one that exists tells how far the Pod has come; of those before it only sidecars
 * matter, and these are kept running. `containers` are those of the current sandbox: a new sandbox begins with the first init container.
 */
export function planInit(pod: Pod, containers: ObservedContainer[], health: Health): InitPlan {
  const init = initContainers(pod);
  const plan: InitPlan = { initialized: init.length === 0, failed: false, start: [], kill: [] };
  // Main containers start only after initialization, so one that exists proves it, whatever is left of the init containers.
  let passed = mainContainers(pod).some(({ name }) => newest(containers, name));
  if (passed) plan.initialized = true;
  let found = passed;
  for (const [index, container] of [...init.entries()].reverse()) {
    const last = newest(containers, container.name);
    if (last) found = true;
    if (isSidecar(container)) {
      if (last || passed)
        lookAtSidecar({ plan, container, last, health, next: passed ? undefined : nextOf(init, index) });
    } else if (last && !passed) {
      lookAtRegular({ plan, container, last, policy: restartPolicy(pod), next: nextOf(init, index) });
      if (plan.failed) return { ...plan, start: [], kill: [] };
    }
    if (last) passed = true;
  }
  if (!found && init[0]) plan.start.push(init[0]);
  plan.start.reverse();
  return plan;
}

/** What comes once this init container is through: the next one, or the main containers. */
type Next = Container | 'main containers';

function nextOf(init: Container[], index: number): Next {
  return init[index + 1] ?? 'main containers';
}

interface SidecarLook {
  plan: InitPlan;
  container: Container;
  last: ObservedContainer | undefined;
  health: Health;
  /** Undefined when what comes after the sidecar has begun already. */
  next: Next | undefined;
}

/** A sidecar is restarted whatever its exit code and the Pod's policy. Only its start gates the next one, never readiness or liveness. */
function lookAtSidecar({ plan, container, last, health, next }: SidecarLook): void {
  if (last?.state !== 'RUNNING') {
    if (last?.state === 'UNKNOWN') plan.kill.push({ container: last, message: UNKNOWN_STATE });
    plan.start.push(container);
    return;
  }
  const failing = health.failing(last);
  if (failing !== 'startup' && health.started(last)) goOn(plan, next);
  const isChanged = last.hash !== containerHash(container);
  if (!failing && !isChanged) return;
  const why = isChanged ? 'definition changed' : `failed ${failing} probe`;
  const grace = failing && !isChanged ? graceOfProbe(container, failing) : undefined;
  const message = `Init container ${container.name} ${why}`;
  plan.kill.push({ container: last, message, ...(grace !== undefined && { gracePeriodSeconds: grace }) });
  plan.start.push(container);
}

interface RegularLook {
  plan: InitPlan;
  container: Container;
  last: ObservedContainer;
  policy: string;
  next: Next;
}

/** A regular init container runs to its end once, and again only after a failure. */
function lookAtRegular({ plan, container, last, policy, next }: RegularLook): void {
  if (last.state === 'RUNNING') return;
  if (last.state === 'EXITED' && last.exitCode === 0) goOn(plan, next);
  else if (last.state === 'CREATED') plan.start.push(container);
  else if (policy === 'Never') plan.failed = true;
  else {
    if (last.state === 'UNKNOWN') plan.kill.push({ container: last, message: UNKNOWN_STATE });
    plan.start.push(container);
  }
}

function goOn(plan: InitPlan, next: Next | undefined): void {
  if (next === 'main containers') plan.initialized = true;
  else if (next) plan.start.push(next);
}
