import type { Container, Pod } from '../kube/generated/objects.ts';
import { containerHash } from './hash.ts';
import { graceOfProbe, type Health } from './health.ts';
import { newest, type ObservedContainer } from './observed.ts';
import { mainContainers, restartPolicy } from './pod-spec.ts';

export interface MainPlan {
  /** Some main container runs and goes on running. */
  keeps: boolean;
  start: Container[];
  kill: { container: ObservedContainer; message: string; gracePeriodSeconds?: number }[];
}

const UNKNOWN_STATE = 'Container is in "unknown" state, try killing it before restart';

export const NO_MAIN: MainPlan = { keeps: false, start: [], kill: [] };

/** Which main containers of an initialized Pod are to be started or killed (the last part of `computePodActions`). */
export function planMain(pod: Pod, containers: ObservedContainer[], health: Health): MainPlan {
  const result: MainPlan = { keeps: false, start: [], kill: [] };
  for (const container of mainContainers(pod)) {
    const last = newest(containers, container.name);
    if (last?.state === 'RUNNING') lookAtRunning(result, { pod, container, last, health });
    else if (shouldRun(pod, last)) {
      if (last?.state === 'UNKNOWN') result.kill.push({ container: last, message: UNKNOWN_STATE });
      result.start.push(container);
    }
  }
  return result;
}

interface RunningLook {
  pod: Pod;
  container: Container;
  last: ObservedContainer;
  health: Health;
}

function lookAtRunning(result: MainPlan, { pod, container, last, health }: RunningLook): void {
  const why = whyKill(container, last, health);
  if (!why) {
    result.keeps = true;
    return;
  }
  const { name } = container;
  const restarts = why.always || restartPolicy(pod) !== 'Never';
  const message = restarts ? `Container ${name} ${why.text}, will be restarted` : `Stopping container ${name}`;
  result.kill.push({ container: last, message, ...(why.grace !== undefined && { gracePeriodSeconds: why.grace }) });
  if (restarts) result.start.push(container);
}

function whyKill(
  container: Container,
  last: ObservedContainer,
  health: Health,
): { text: string; always: boolean; grace?: number | undefined } | undefined {
  if (last.hash !== containerHash(container)) return { text: 'definition changed', always: true };
  const probe = health.failing(last);
  return probe && { text: `failed ${probe} probe`, always: false, grace: graceOfProbe(container, probe) };
}

/** The container, which does not run, is to be started (`ShouldContainerBeRestarted`). */
export function shouldRun(pod: Pod, last: ObservedContainer | undefined): boolean {
  if (last?.state !== 'EXITED') return true;
  const policy = restartPolicy(pod);
  return policy === 'Always' || (policy === 'OnFailure' && last.exitCode !== 0);
}
