import { actor, stage } from '../cast.ts';
import type { Scenario } from '../scenario.ts';
import { prints, sh } from './prints.ts';

const RUNTIME = 'e2e/common/node/runtime.go';
const INIT = 'e2e/common/node/init_container.go';
const of = (file: string, ...tests: string[]) => [{ file, tests }];
const image = { image: 'busybox', imagePullPolicy: 'IfNotPresent' };
const terminates = 'on terminated container';

/** Fails twice, then ends well: what comes of it is the Pod's restart policy. */
const FAILS_TWICE = 'n=$(cat /w/runs 2>/dev/null || echo 0); echo $((n+1)) >/w/runs; [ $n -ge 2 ] || end 1';

const runs: Scenario[] = [
  {
    id: 'always-runs-on',
    says: 'restartPolicy Always: restarted after every end',
    upstream: of(RUNTIME, 'when starting a container that exits should run with the expected status'),
    pod: { spec: stage({ containers: [actor('main', { first: FAILS_TWICE })] }) },
    happens: [{ until: { restarts: 'main', atLeast: 2 } }, { until: { ready: 'main', is: true } }],
    holds: [{ phase: 'Running' }, { restartCount: { main: 2 } }, { conditionIs: { Ready: 'True' } }],
  },
  {
    id: 'onfailure-to-the-end',
    says: 'restartPolicy OnFailure: restarted until it ends well',
    upstream: of(RUNTIME, 'when starting a container that exits should run with the expected status'),
    pod: {
      spec: stage({ restartPolicy: 'OnFailure', containers: [actor('main', { first: FAILS_TWICE, runs: 0.1 })] }),
    },
    happens: [{ until: { phase: 'Succeeded' } }],
    holds: [{ restartCount: { main: 2 } }, { exits: { main: [0, 'Completed'] } }, { conditionIs: { Ready: 'False' } }],
  },
  {
    id: 'never-once',
    says: 'restartPolicy Never: one run',
    upstream: of(RUNTIME, 'when starting a container that exits should run with the expected status'),
    pod: { spec: stage({ restartPolicy: 'Never', containers: [actor('main', { first: FAILS_TWICE })] }) },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [{ restartCount: { main: 0 } }, { exits: { main: [1, 'Error'] } }, { conditionIs: { Ready: 'False' } }],
  },
];

const messages: Scenario[] = [
  prints({
    id: 'message-file',
    says: 'a termination message is what stands in the file',
    upstream: of(RUNTIME, `${terminates} should report termination message if TerminationMessagePath is set`),
    container: { ...sh('printf DONE > /dev/termination-log'), securityContext: { runAsUser: 0 } },
    log: '',
    holds: [{ message: 'DONE', of: 'main' }],
  }),
  prints({
    id: 'message-file-elsewhere',
    says: 'a user that is not root may write the termination message, also at another path',
    upstream: of(
      RUNTIME,
      `${terminates} should report termination message if TerminationMessagePath is set as non-root user and at a non-default path`,
    ),
    container: {
      ...sh('printf DONE > /dev/termination-custom-log'),
      terminationMessagePath: '/dev/termination-custom-log',
      securityContext: { runAsUser: 1000 },
    },
    log: '',
    holds: [{ message: 'DONE', of: 'main' }],
  }),
  prints({
    id: 'message-log',
    says: 'FallbackToLogsOnError: the end of the log when the container failed',
    upstream: of(
      RUNTIME,
      `${terminates} should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set`,
    ),
    container: { ...sh('printf DONE; exit 1'), terminationMessagePolicy: 'FallbackToLogsOnError' },
    log: 'DONE',
    holds: [{ message: 'DONE', of: 'main' }],
  }),
  prints({
    id: 'message-none',
    says: 'FallbackToLogsOnError: nothing when it ended well',
    upstream: of(
      RUNTIME,
      `${terminates} should report termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set`,
    ),
    container: { ...sh('echo DONE'), terminationMessagePolicy: 'FallbackToLogsOnError' },
    log: 'DONE\n',
    holds: [{ message: '', of: 'main' }],
  }),
  prints({
    id: 'message-file-first',
    says: 'FallbackToLogsOnError: the file where it says something',
    upstream: of(
      RUNTIME,
      `${terminates} should report termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set`,
    ),
    container: {
      ...sh('echo no; printf OK > /dev/termination-log'),
      terminationMessagePolicy: 'FallbackToLogsOnError',
    },
    log: 'no\n',
    holds: [{ message: 'OK', of: 'main' }],
  }),
];

const images: Scenario[] = [
  {
    id: 'image-not-there',
    says: 'an image that nobody has: ErrImagePull, then ImagePullBackOff; the Pod waits',
    upstream: of(
      RUNTIME,
      'when running a container with a new image should not be able to pull image from invalid registry',
    ),
    pod: { spec: { containers: [{ name: 'main', image: 'outfit.local/nosuch:2' }] } },
    happens: [{ until: { waiting: 'main', reason: 'ImagePullBackOff' } }],
    holds: [
      { phase: 'Pending' },
      { event: /Normal Pulling spec\.containers\{main\}: Pulling image "outfit\.local\/nosuch:2"/ },
      { event: /Warning Failed spec\.containers\{main\}: Failed to pull image "outfit\.local\/nosuch:2"/ },
      { event: /Warning Failed spec\.containers\{main\}: Error: ErrImagePull/ },
      { event: /Warning Failed spec\.containers\{main\}: Error: ImagePullBackOff/ },
    ],
  },
  {
    id: 'image-pulled',
    says: 'policy Always: the image is asked for again though it is there',
    upstream: of(RUNTIME, 'when running a container with a new image should be able to pull image'),
    pod: { spec: stage({ containers: [actor('main', {}, { imagePullPolicy: 'Always' })] }) },
    happens: [{ until: { ready: 'main', is: true } }],
    holds: [
      { phase: 'Running' },
      { event: /Normal Pulled spec\.containers\{main\}: Successfully pulled image "busybox" in / },
    ],
  },
  {
    id: 'image-never-pulled',
    says: 'policy Never: an image that is not there is not asked for',
    upstream: [],
    pod: { spec: { containers: [{ name: 'main', image: 'outfit.local/nosuch:3', imagePullPolicy: 'Never' }] } },
    happens: [{ until: { waiting: 'main', reason: 'ErrImageNeverPull' } }],
    holds: [
      { noEvent: /Pulling/ },
      {
        event:
          /Warning ErrImageNeverPull .*Container image "outfit\.local\/nosuch:3" is not present with pull policy of Never/,
      },
    ],
  },
];

const two = (exit: number) => [
  { name: 'init1', ...image, command: ['true'] },
  { name: 'init2', ...image, command: exit === 0 ? ['true'] : ['false'] },
];

const init: Scenario[] = [
  {
    id: 'init-never-ok',
    says: 'init containers of a Pod with restartPolicy Never: Initialized, then the main container, then Succeeded',
    upstream: of(INIT, 'should invoke init containers on a RestartNever pod'),
    pod: {
      spec: {
        restartPolicy: 'Never',
        initContainers: two(0),
        containers: [{ name: 'main', ...image, command: ['true'] }],
      },
    },
    happens: [{ until: { phase: 'Succeeded' } }],
    holds: [
      { exits: { init1: [0, 'Completed'], init2: [0, 'Completed'], main: [0, 'Completed'] } },
      { conditions: ['PodScheduled=True', 'Initialized=False', 'Initialized=True'] },
      { conditionIs: { Initialized: 'True' } },
    ],
  },
  {
    id: 'init-always-ok',
    says: 'init containers of a Pod with restartPolicy Always: Initialized, then ready',
    upstream: of(INIT, 'should invoke init containers on a RestartAlways pod'),
    pod: { spec: stage({ initContainers: two(0), containers: [actor('main')] }) },
    happens: [{ until: { condition: 'Ready', is: 'True' } }],
    holds: [
      { conditions: ['Initialized=False', 'Initialized=True', 'Ready=True'] },
      { exits: { init1: [0, 'Completed'], init2: [0, 'Completed'] } },
      { neverPhase: 'Failed' },
    ],
  },
  {
    id: 'init-always-fails',
    says: 'an init container that fails is repeated, restartPolicy Always; what comes after it never starts',
    upstream: of(INIT, 'should not start app containers if init containers fail on a RestartAlways pod'),
    pod: {
      spec: stage({
        initContainers: [
          { name: 'init1', ...image, command: ['false'] },
          { name: 'init2', ...image, command: ['true'] },
        ],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { restarts: 'init1', atLeast: 3 } }],
    holds: [
      { neverStarted: 'main' },
      { phase: 'Pending' },
      { conditionIs: { Initialized: 'False', ContainersReady: 'False', Ready: 'False' } },
      { restartCount: { init2: 0 } },
      { row: /0\/1 +Init:(CrashLoopBackOff|Error|0\/2) +[3-9]/ },
    ],
  },
  {
    id: 'init-never-fails',
    says: 'an init container that fails is the end of the Pod, restartPolicy Never',
    upstream: of(
      INIT,
      'should not start app containers and fail the pod if init containers fail on a RestartNever pod',
    ),
    pod: { spec: stage({ restartPolicy: 'Never', initContainers: two(1), containers: [actor('main')] }) },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [
      { neverStarted: 'main' },
      { exits: { init1: [0, 'Completed'], init2: [1, 'Error'] } },
      { conditionIs: { Initialized: 'False' } },
    ],
  },
];

export const runtime: Scenario[] = [...runs, ...messages, ...images, ...init];
