import type { Container, ContainerStatus, Pod, PodSpec } from '../../src/kube/generated/objects.ts';

/** A kind of Pod that lives through faults. */
export interface PodKind {
  name: string;
  spec: PodSpec;
  /** What of the Pod is not yet as it has to be when all is quiet again; undefined when all is. `harmed`: something of it was killed. */
  missing(pod: Pod, harmed: boolean): string | undefined;
}

/** Ends at once when asked to. */
const OBEDIENT = 'trap "exit 0" TERM; sleep 1000000 & wait';
/** Sees SIGTERM and goes on. */
const DEAF = 'trap "" TERM; while :; do sleep 1; done';
/** Twenty children that come and go, some of them orphans. */
const FORKING =
  'trap "exit 0" TERM; while :; do for i in 0 1 2 3 4 5 6 7 8 9; do (sleep 2 & sleep 1 &) ; done; sleep 1 & wait $!; done';

/** The world's inhabitants. All are quick to end, but one. */
export const POD_KINDS: readonly PodKind[] = [
  {
    name: 'plain',
    spec: { containers: [shell('c', OBEDIENT)] },
    missing: ready,
  },
  {
    name: 'volumes',
    spec: {
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'words', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      ],
      containers: [
        shell('c', `cat /words/name > /disk/a && echo > /memory/a && ${OBEDIENT}`, {
          volumeMounts: [
            { name: 'disk', mountPath: '/disk' },
            { name: 'memory', mountPath: '/memory' },
            { name: 'words', mountPath: '/words' },
          ],
        }),
      ],
    },
    missing: ready,
  },
  {
    name: 'sidecar',
    spec: {
      initContainers: [
        shell('prepare', 'sleep 0.2'),
        shell('side', OBEDIENT, { restartPolicy: 'Always' }),
        shell('last', 'true'),
      ],
      containers: [shell('a', OBEDIENT), shell('b', OBEDIENT)],
    },
    missing: ready,
  },
  {
    name: 'job',
    spec: {
      restartPolicy: 'Never',
      initContainers: [shell('side', OBEDIENT, { restartPolicy: 'Always' })],
      containers: [shell('c', 'sleep 1.5; echo done')],
    },
    missing: ({ status }, harmed) => {
      if (status?.phase === 'Succeeded' || (harmed && status?.phase === 'Failed')) return undefined;
      return `phase ${status?.phase}`;
    },
  },
  {
    name: 'crash',
    spec: { containers: [shell('c', 'sleep 0.3; exit 7')] },
    missing: ({ status }) => {
      const [c] = status?.containerStatuses ?? [];
      return (c?.restartCount ?? 0) > 0 ? undefined : 'has not restarted';
    },
  },
  {
    name: 'deaf',
    spec: { terminationGracePeriodSeconds: 2, containers: [shell('c', DEAF)] },
    missing: ready,
  },
  {
    name: 'forking',
    spec: { containers: [shell('c', FORKING)] },
    missing: ready,
  },
  {
    name: 'probed',
    spec: {
      containers: [
        shell('c', OBEDIENT, {
          startupProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
          readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
          lifecycle: { preStop: { exec: { command: ['true'] } } },
        }),
      ],
    },
    missing: ready,
  },
];

/** A Pod with a host port: rules of iptables come and go with it. */
export function withHostPort(spec: PodSpec, hostPort: number): PodSpec {
  const [first, ...others] = spec.containers;
  return { ...spec, containers: [{ ...first!, ports: [{ containerPort: 80, hostPort }] }, ...others] };
}

function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more };
}

function ready({ status }: Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status === 'True') return undefined;
  const words = allStatuses(status).map(({ name, state }) => `${name} ${stateWord(state)}`);
  return `not Ready: ${status?.phase} ${words.join(', ')}`;
}

/** Statuses of all containers, init containers first. */
export function allStatuses(status: Pod['status']): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function stateWord(state: ContainerStatus['state']): string {
  return state?.running ? 'running' : (state?.terminated?.reason ?? state?.waiting?.reason ?? 'unknown');
}
