import type { Container } from '../../src/kube/generated/objects.ts';
import { containerHash } from '../../src/pods/hash.ts';
import type { Observed, ObservedContainer, ObservedSandbox } from '../../src/pods/observed.ts';
import { BEGIN, busybox } from './world.ts';

const CREATED_AT = new Date(BEGIN - 3_600_000).toISOString();

export function sandbox(change: Partial<ObservedSandbox> = {}): ObservedSandbox {
  const attempt = change.attempt ?? 0;
  return { id: `sandbox-${attempt}`, attempt, state: 'READY', createdAt: CREATED_AT, ips: ['10.244.0.2'], ...change };
}

/** A container that runs since an hour; its id tells name and attempt: `a/0`. */
export function running(
  name: string,
  change: Partial<ObservedContainer> & { made?: Container } = {},
): ObservedContainer {
  const { made = busybox(name), ...rest } = change;
  return {
    id: `${name}/${rest.attempt ?? 0}`,
    sandboxId: 'sandbox-0',
    name,
    attempt: 0,
    state: 'RUNNING',
    image: 'docker.io/library/busybox:latest',
    imageRef: 'sha256:b',
    hash: containerHash(made),
    createdAt: CREATED_AT,
    startedAt: CREATED_AT,
    exitCode: 0,
    reason: '',
    message: '',
    ...rest,
  };
}

/** A container that ended `secondsAgo`. */
export function exited(
  name: string,
  exitCode = 0,
  { secondsAgo = 1, ...change }: Partial<ObservedContainer> & { secondsAgo?: number } = {},
): ObservedContainer {
  return running(name, {
    state: 'EXITED',
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    finishedAt: new Date(BEGIN - secondsAgo * 1000).toISOString(),
    ...change,
  });
}

export function observed(containers: ObservedContainer[], sandboxes = [sandbox()]): Observed {
  return { sandboxes, containers };
}
