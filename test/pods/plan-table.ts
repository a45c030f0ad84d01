import { describe, expect, test } from 'vitest';
import type { Container, Pod, PodSpec } from '../../src/kube/generated/objects.ts';
import type { BackOff } from '../../src/pods/backoff.ts';
import { type Health, WITHOUT_PROBES } from '../../src/pods/health.ts';
import type { Observed, ObservedContainer } from '../../src/pods/observed.ts';
import { backOffKey, type Plan, type PlanInput, plan } from '../../src/pods/plan.ts';
import { observed, running, sandbox } from './observed.ts';
import { BEGIN, busybox, makePod } from './world.ts';

/** A plan in few words; what is not named is empty. */
interface Words {
  killPod?: string;
  sandbox?: string;
  kill?: string[];
  start?: string[];
  wait?: string[];
  remove?: string[];
  /** Seconds from now. */
  wake?: number;
}

export interface Case {
  name: string;
  spec?: Partial<PodSpec>;
  pod?: (pod: Pod) => Pod;
  observed?: Observed;
  containers?: ObservedContainer[];
  backOffs?: [Container, BackOff][];
  health?: Partial<Health>;
  expected: Words;
}

export const A = busybox('a');
export const B = busybox('b');
const ALL_WELL = [running('a'), running('b')];

/** The base of all cases: two main containers that run in a ready sandbox, restartPolicy Always. */
export function planOf({
  spec = {},
  pod = (p) => p,
  containers = ALL_WELL,
  backOffs = [],
  health = {},
  ...rest
}: Case): Plan {
  const input: PlanInput = {
    pod: pod(makePod('p', { containers: [A, B], ...spec })),
    observed: rest.observed ?? observed(containers),
    now: BEGIN,
    health: { ...WITHOUT_PROBES, ...health },
    backOffs: new Map(backOffs.map(([container, backOff]) => [backOffKey(container), backOff])),
  };
  return plan(input);
}

function inWords({ killPod, createSandbox, kill, start, waiting, remove, wakeAt }: Plan): Words {
  const removed = [...remove.containers.map(({ id }) => id), ...remove.sandboxes.map(({ id }) => id)];
  const seconds = (time: number) => (time - BEGIN) / 1000;
  return {
    ...(killPod && { killPod: `${killPod.reason} ${killPod.gracePeriodSeconds}s` }),
    ...(createSandbox && {
      sandbox: [createSandbox.attempt, ...createSandbox.replaces.map(({ id }) => `for ${id}`)].join(' '),
    }),
    ...(kill.length > 0 && { kill: kill.map(({ container, message }) => `${container.id}: ${message}`) }),
    ...(start.length > 0 && {
      start: start.map(
        ({ container, attempt, replaces }) => `${container.name}/${attempt}${replaces ? ` for ${replaces}` : ''}`,
      ),
    }),
    ...(waiting.length > 0 && {
      wait: waiting.map(({ container, message, until }) => `${container.name} ${seconds(until)}s: ${message}`),
    }),
    ...(removed.length > 0 && { remove: removed }),
    ...(wakeAt !== undefined && { wake: seconds(wakeAt) }),
  };
}

export const deleted = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-11-23T18:00:30Z', deletionGracePeriodSeconds: 12 },
});

/** A sandbox that has ended. */
export const dead = sandbox({ state: 'NOTREADY', ips: [] });

/** Each case of each table: what `plan` decides, whole. */
export function decides(tables: [title: string, cases: Case[]][]): void {
  describe.each(tables)('%s', (_, cases) => {
    test.each(cases)('$name', (one) => {
      expect(inWords(planOf(one))).toEqual(one.expected);
    });
  });
}
