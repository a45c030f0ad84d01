import type { Container, SecurityContext } from '../../../src/kube/generated/objects.ts';
import type { Scenario } from '../scenario.ts';
import { prints, sh } from './prints.ts';

const CONTEXT = 'e2e/common/node/security_context.go';
const NODE_CONTEXT = 'e2e_node/security_context_test.go';
const of = (file: string, ...tests: string[]) => [{ file, tests }];
const as = (securityContext: SecurityContext, script: string): Partial<Container> => ({
  ...sh(script),
  securityContext,
});
const NON_ROOT = 'When creating a container with runAsNonRoot';
const READ_ONLY = 'When creating a pod with readOnlyRootFilesystem';
const PRIVILEGED = 'When creating a pod with privileged';
const ESCALATION = 'when creating containers with AllowPrivilegeEscalation';

const users: Scenario[] = [
  ...[65534, 0].map((runAsUser) =>
    prints({
      id: `run-as-user-${runAsUser}`,
      says: `runAsUser ${runAsUser}`,
      upstream: of(
        CONTEXT,
        `When creating a container with runAsUser should run the container with uid ${runAsUser} [LinuxOnly]`,
      ),
      container: as({ runAsUser }, 'id -u'),
      log: `${runAsUser}\n`,
    }),
  ),
  prints({
    id: 'non-root-by-name',
    says: 'runAsNonRoot with a user that is not root',
    upstream: of(CONTEXT, `${NON_ROOT} should run with an explicit non-root user ID [LinuxOnly]`),
    container: as({ runAsNonRoot: true, runAsUser: 1000 }, 'id -u'),
    log: '1000\n',
  }),
  notStarted({
    id: 'non-root-is-root',
    says: 'runAsNonRoot with root: the container is not made',
    test: `${NON_ROOT} should not run with an explicit root user ID [LinuxOnly]`,
    securityContext: { runAsNonRoot: true, runAsUser: 0 },
    why: /Warning Failed spec\.containers\{main\}: Error: container's runAsUser breaks non-root policy/,
  }),
  notStarted({
    id: 'non-root-unsaid',
    says: 'runAsNonRoot with an image of root: the container is not made',
    test: `${NON_ROOT} should not run without a specified user ID`,
    securityContext: { runAsNonRoot: true },
    why: /Warning Failed spec\.containers\{main\}: Error: container has runAsNonRoot and image will run as root/,
  }),
  prints({
    id: 'users-of-the-host',
    says: 'hostUsers true: the users of the machine',
    upstream: of(
      CONTEXT,
      'When creating a pod with HostUsers must not create the user namespace if set to true [LinuxOnly]',
    ),
    spec: { hostUsers: true },
    container: { command: ['cat', '/proc/self/uid_map'] },
    log: /^ *0 +0 +\d+\n/,
  }),
];

const files: Scenario[] = [
  prints({
    id: 'rootfs-read-only',
    says: 'readOnlyRootFilesystem: nothing can be written',
    upstream: of(
      CONTEXT,
      `${READ_ONLY} should run the container with readonly rootfs when readOnlyRootFilesystem=true [LinuxOnly]`,
    ),
    container: as({ readOnlyRootFilesystem: true }, 'touch checkfile'),
    log: 'touch: checkfile: Read-only file system\n',
    holds: [{ phase: 'Failed' }],
  }),
  prints({
    id: 'rootfs-writable',
    says: 'readOnlyRootFilesystem false: files can be made',
    upstream: of(
      CONTEXT,
      `${READ_ONLY} should run the container with writable rootfs when readOnlyRootFilesystem=false`,
    ),
    container: as({ readOnlyRootFilesystem: false }, 'touch checkfile'),
    log: '',
    holds: [{ phase: 'Succeeded' }],
  }),
  prints({
    id: 'proc-masked',
    says: 'procMount Default: what of /proc tells of the machine is empty, what changes it is read-only',
    upstream: of('e2e_node/proc_mount_test.go', 'will mask proc mounts by default'),
    container: sh('wc -c < /proc/keys; mount | grep -c " on /proc/sys type proc (ro,"'),
    log: '0\n1\n',
  }),
];

const privileges: Scenario[] = [
  prints({
    id: 'unprivileged',
    says: 'privileged false: no network device can be made',
    upstream: of(CONTEXT, `${PRIVILEGED} should run the container as unprivileged when false [LinuxOnly]`),
    container: as({ privileged: false }, 'ip link add dummy0 type dummy || true'),
    log: /Operation not permitted/,
  }),
  prints({
    id: 'privileged',
    says: 'privileged true: the container may do what root may',
    upstream: of(CONTEXT, `${PRIVILEGED} should run the container as privileged when true [LinuxOnly]`),
    container: as({ privileged: true }, 'ip link add dummy0 type dummy || true'),
    log: /^(?!.*Operation not permitted)/s,
  }),
  {
    id: 'one-is-privileged',
    says: 'of two containers only the privileged one may mount',
    upstream: of('e2e/common/node/privileged.go', 'should enable privileged commands'),
    pod: {
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [true, false].map((privileged) => ({
          name: privileged ? 'may' : 'may-not',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          ...as({ privileged }, 'mkdir /m && mount -t tmpfs none /m'),
        })),
      },
    },
    happens: [{ until: { ended: 'may' } }, { until: { ended: 'may-not' } }],
    holds: [{ exits: { may: [0, 'Completed'], 'may-not': [1, 'Error'] } }],
  },
  ...[
    { id: 'unsaid', title: 'should allow privilege escalation when not explicitly set and uid != 0', context: {} },
    {
      id: 'false',
      title: 'should not allow privilege escalation when false',
      context: { allowPrivilegeEscalation: false },
    },
    { id: 'true', title: 'should allow privilege escalation when true', context: { allowPrivilegeEscalation: true } },
  ].map(({ id, title, context }) =>
    prints({
      id: `escalation-${id}`,
      says: `allowPrivilegeEscalation ${id}: a program ${id === 'false' ? 'gets no more rights than who starts it' : 'of root with the setuid bit runs as root'}`,
      upstream: of(CONTEXT, `${ESCALATION} ${title} [LinuxOnly]`),
      container: as({ runAsUser: 1000, ...context }, 'grep NoNewPrivs /proc/self/status'),
      log: `NoNewPrivs:\t${id === 'false' ? 1 : 0}\n`,
    }),
  ),
];

const PIDS = '[NodeConformance][LinuxOnly] Container PID namespace sharing';

const namespaces: Scenario[] = [
  {
    id: 'pids-of-ones-own',
    says: 'each container has processes of its own, and the first has number 1',
    upstream: of(NODE_CONTEXT, `${PIDS} containers in pods using isolated PID namespaces should all receive PID 1`),
    pod: { spec: { terminationGracePeriodSeconds: 1, containers: [idle('main'), idle('other')] } },
    happens: ['main', 'other'].map((name) => ({ until: { prints: /^1\n$/, of: name, script: 'pidof sleep' } })),
    holds: [{ phase: 'Running' }],
  },
  {
    id: 'pids-shared',
    says: 'shareProcessNamespace: containers see the processes of each other',
    upstream: of(
      NODE_CONTEXT,
      `${PIDS} processes in containers sharing a pod namespace should be able to see each other`,
    ),
    pod: {
      spec: {
        terminationGracePeriodSeconds: 1,
        shareProcessNamespace: true,
        containers: [idle('main'), { ...idle('other'), command: ['tail', '-f', '/dev/null'] }],
      },
    },
    happens: [
      { until: { prints: /^\d+\n$/, of: 'main', script: 'pidof tail' } },
      { until: { prints: /^\d+\n$/, of: 'other', script: 'pidof sleep' } },
    ],
    holds: [{ phase: 'Running' }],
  },
];

export const security: Scenario[] = [...users, ...files, ...privileges, ...namespaces];

interface NotStarted {
  id: string;
  says: string;
  test: string;
  securityContext: SecurityContext;
  why: RegExp;
}

function notStarted({ id, says, test, securityContext, why }: NotStarted): Scenario {
  return {
    id,
    says,
    upstream: of(CONTEXT, test),
    pod: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ ...idle('main'), command: ['id', '-u'], securityContext }],
      },
    },
    happens: [{ until: { waiting: 'main', reason: 'CreateContainerConfigError' } }, { until: { event: why } }],
    holds: [{ phase: 'Pending' }, { event: why }],
  };
}

function idle(name: string): Container {
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '10000'] };
}
