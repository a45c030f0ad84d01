import { actor, every, exec, stage, told } from '../cast.ts';
import type { Scenario, Step } from '../scenario.ts';

const FILE = 'e2e_node/container_lifecycle_test.go';
const POLICIES = ['Always', 'OnFailure', 'Never'] as const;
const short = (policy: string) => policy.toLowerCase();
const upstream = (...tests: string[]) => [{ file: FILE, tests }];
const FINISHED: Step = { until: { phase: 'Succeeded' } };
const FAILING = every(1, exec('exit 1'));

const imageOfRunning: Scenario[] = POLICIES.map((policy) => ({
  id: `image-${short(policy)}`,
  says: `another image restarts that container and no other (restartPolicy ${policy})`,
  upstream: upstream(
    policy === 'Always'
      ? 'should successfully restart when the image is updated, restartPolicy=Always'
      : `should successfully restart when the image is updated and restartPolicy=${policy}`,
  ),
  pod: { spec: stage({ restartPolicy: policy, containers: [actor('a'), actor('b')] }) },
  happens: [
    { until: { told: 'a started' } },
    { until: { told: 'b started' } },
    { until: { phase: 'Running' } },
    { image: 'a', to: 'nginx' },
    { until: { told: 'a started', times: 2 } },
    { until: { restarts: 'a', atLeast: 1 } },
    { until: { running: 'a' } },
  ],
  holds: [
    { restarted: 'a' },
    { notRestarted: 'b' },
    { restartCount: { a: 1, b: 0 } },
    { image: { a: /nginx/, b: /busybox/ } },
    { event: /Normal Killing spec\.containers\{a\}: Container a definition changed, will be restarted/ },
  ],
}));

const imageDuringInit: Scenario[] = POLICIES.map((policy) => ({
  id: `image-during-init-${short(policy)}`,
  says: `an image that changes while an init container runs is that of the first start (restartPolicy ${policy})`,
  upstream: upstream(`Should not start a regular container, restartPolicy=${policy}`),
  pod: {
    spec: stage({
      restartPolicy: policy,
      initContainers: [actor('init', { runs: { until: 'go' } })],
      containers: [actor('a'), actor('b')],
    }),
  },
  happens: [
    { until: { told: 'init started' } },
    { image: 'a', to: 'nginx' },
    { until: { event: /Started container init/ } },
    { touch: 'go' },
    { until: { phase: 'Running' } },
    { until: { told: 'a started' } },
    { until: { told: 'b started' } },
  ],
  holds: [
    { endsBeforeStart: ['init', 'a'] },
    { notRestarted: 'init' },
    { notRestarted: 'a' },
    { notRestarted: 'b' },
    { restartCount: { a: 0, b: 0 } },
    { image: { a: /nginx/ } },
  ],
}));

const imageAfterProbe: Scenario[] = (['startup', 'liveness'] as const).flatMap((probe) =>
  (['Always', 'OnFailure'] as const).map((policy) => ({
    id: `image-after-${probe}-${short(policy)}`,
    says: `a container that a ${probe} probe restarts gets its new image (restartPolicy ${policy})`,
    upstream: upstream(
      `The regular container has its image updated after a failed ${probe} probe: should update the image when restartPolicy=${policy}`,
    ),
    pod: {
      spec: stage({
        restartPolicy: policy,
        containers: [actor('a', {}, { [`${probe}Probe`]: FAILING })],
      }),
    },
    happens: [
      { until: { restarts: 'a', atLeast: 1 } },
      { image: 'a', to: 'nginx' },
      { until: { restarts: 'a', atLeast: 2 } },
      { until: { event: /Container image "nginx" already present/ } },
    ],
    holds: [
      { restarted: 'a' },
      { event: new RegExp(`Container a failed ${probe} probe, will be restarted`) },
      { image: { a: /nginx/ } },
    ],
  })),
);

const imageDuringTermination: Scenario[] = POLICIES.map((policy) => ({
  id: `image-during-end-${short(policy)}`,
  says: `a Pod that is ending does not take a new image (restartPolicy ${policy})`,
  upstream: upstream(
    `The regular container has its image updated during termination: should not update the image when restartPolicy=${policy}`,
  ),
  pod: {
    spec: stage({
      restartPolicy: policy,
      terminationGracePeriodSeconds: 60,
      containers: [actor('a', { onTerm: { after: 2, exit: 1 } })],
    }),
  },
  happens: [
    { until: { told: 'a started' } },
    { until: { running: 'a' } },
    { delete: {} },
    { until: { told: 'a term' } },
    { image: 'a', to: 'nginx' },
    { gone: true },
  ],
  holds: [{ notRestarted: 'a' }, { restartCount: { a: 0 } }, { exits: { a: [1, 'Error'] } }, { phase: 'Failed' }],
}));

const init: Scenario[] = [
  {
    id: 'init-serially',
    says: 'init containers run one after the other, before the main container',
    upstream: upstream('should launch init container serially before a regular container'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: ['i1', 'i2', 'i3'].map((name) => actor(name, { runs: 0.2 })),
        containers: [actor('main', { runs: 0.2 })],
      }),
    },
    happens: [FINISHED],
    holds: [
      { endsBeforeStart: ['i1', 'i2'] },
      { endsBeforeStart: ['i2', 'i3'] },
      { endsBeforeStart: ['i3', 'main'] },
      { exits: { i1: [0, 'Completed'], i2: [0, 'Completed'], i3: [0, 'Completed'], main: [0, 'Completed'] } },
      { row: /^\S+ +0\/1 +Completed +0 / },
    ],
  },
  {
    id: 'init-fails',
    says: 'a main container never starts after an init container that failed, restartPolicy Never',
    upstream: upstream('should not launch regular containers if an init container fails'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [actor('init', { runs: 0.2, exit: 1 })],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [{ notRestarted: 'init' }, { neverStarted: 'main' }, { neverPhase: 'Running' }, { row: /Init:Error/ }],
  },
  {
    id: 'init-before-poststart',
    says: 'postStart of a main container comes after the init containers, while the container runs',
    upstream: upstream('should run Init container to completion before call to PostStart of regular container'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [actor('init', { runs: 0.2 })],
        containers: [
          actor('main', { runs: { until: 'go' } }, { lifecycle: { postStart: told('PostStart', { takes: 0.5 }) } }),
        ],
      }),
    },
    happens: [{ until: { told: 'PostStart exiting' } }, { touch: 'go' }, FINISHED],
    holds: [{ endsBeforeStart: ['init', 'PostStart'] }, { runTogether: ['main', 'PostStart'] }],
  },
  {
    id: 'failed-restarts',
    says: 'a container that fails is restarted, restartPolicy Always',
    upstream: upstream('should restart failing container when pod restartPolicy is Always'),
    pod: { spec: stage({ restartPolicy: 'Always', containers: [actor('main', { runs: 0.2, exit: 1 })] }) },
    happens: [{ until: { restarts: 'main', atLeast: 3 } }],
    holds: [
      { restarted: 'main' },
      { story: ['main starting', 'main exiting', 'main starting', 'main exiting'] },
      { neverPhase: 'Failed' },
    ],
  },
  {
    id: 'poststart-blocks',
    says: 'the second container starts when the postStart hook of the first is done',
    upstream: upstream('should not launch second container before PostStart of the first container completed'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        containers: [
          actor('a', { runs: { until: 'go' } }, { lifecycle: { postStart: told('PostStart', { takes: 0.5 }) } }),
          actor('b', { runs: { until: 'go' } }),
        ],
      }),
    },
    happens: [{ until: { told: 'b started' } }, { touch: 'go' }, FINISHED],
    holds: [{ endsBeforeStart: ['PostStart', 'b'] }, { runTogether: ['a', 'b'] }],
  },
  {
    id: 'init-bad-image',
    says: 'an init container whose image cannot be had holds up everything',
    upstream: upstream(
      'an init container fails to start because of a bad image: should mark a Pod as failed and produce log',
      'an init container fails to start because of a bad image: should not start an init container',
      'an init container fails to start because of a bad image: should not start a regular container',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [actor('init', {}, { image: 'outfit.local/nosuch:1' })],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { waiting: 'init', reason: 'ImagePullBackOff' } }],
    holds: [
      { neverStarted: 'init' },
      { neverStarted: 'main' },
      { phase: 'Pending' },
      { row: /Init:ImagePullBackOff|Init:ErrImagePull/ },
    ],
  },
  {
    id: 'init-not-again',
    says: 'init containers do not run again when a main container restarts',
    upstream: upstream("shouldn't restart init containers upon regular container restart"),
    pod: {
      spec: stage({
        restartPolicy: 'Always',
        initContainers: ['i1', 'i2', 'i3'].map((name) => actor(name, { runs: 0.1 })),
        containers: [actor('main', { runs: 0.3, exit: 255 })],
      }),
    },
    happens: [{ until: { restarts: 'main', atLeast: 3 } }],
    holds: [
      { endsBeforeStart: ['i1', 'i2'] },
      { endsBeforeStart: ['i2', 'i3'] },
      { endsBeforeStart: ['i3', 'main'] },
      { notRestarted: 'i1' },
      { notRestarted: 'i2' },
      { notRestarted: 'i3' },
      { restarted: 'main' },
      { restartCount: { i1: 0, i2: 0, i3: 0 } },
    ],
  },
  {
    id: 'grace-ends',
    says: 'a container that ignores SIGTERM is killed when its grace is over',
    upstream: upstream('should respect termination grace period seconds'),
    pod: { spec: stage({ terminationGracePeriodSeconds: 2, containers: [actor('main', { onTerm: 'ignore' })] }) },
    happens: [{ until: { told: 'main started' } }, { until: { running: 'main' } }, { delete: {} }, { gone: true }],
    holds: [{ story: ['main started', 'main term'] }, { exits: { main: [137, 'Error'] } }, { phase: 'Failed' }],
  },
  {
    id: 'grace-ends-in-prestop',
    says: 'a preStop hook that outlasts the grace does not hold up the end',
    upstream: upstream('should respect termination grace period seconds with long-running preStop hook'),
    pod: {
      spec: stage({
        terminationGracePeriodSeconds: 2,
        containers: [actor('main', {}, { lifecycle: { preStop: told('PreStop', { takes: 'forever' }) } })],
      }),
    },
    happens: [{ until: { told: 'main started' } }, { until: { running: 'main' } }, { delete: {} }, { gone: true }],
    holds: [
      { story: ['PreStop starting', 'main term', 'main exiting'] },
      { notTold: 'PreStop exiting' },
      { event: /Warning FailedPreStopHook spec\.containers\{main\}: PreStopHook failed/ },
    ],
  },
  ...(['startup', 'liveness'] as const).map(
    (probe): Scenario => ({
      id: `prestop-${probe}`,
      says: `a ${probe} probe that fails runs the preStop hook and ends the container; under Never that is the end of the Pod`,
      upstream: upstream(`should call the container's preStop hook and terminate it if its ${probe} probe fails`),
      pod: {
        spec: stage({
          restartPolicy: 'Never',
          containers: [
            actor(
              'main',
              { onTerm: { after: 0.2, exit: 0 } },
              {
                [`${probe}Probe`]: FAILING,
                lifecycle: { preStop: told('PreStop', { takes: 0.3 }) },
              },
            ),
          ],
        }),
      },
      happens: [FINISHED],
      holds: [
        { runTogether: ['main', 'PreStop'] },
        { story: ['PreStop starting', 'PreStop exiting', 'main term', 'main exiting'] },
        { notRestarted: 'main' },
        { event: /Normal Killing spec\.containers\{main\}: Stopping container main/ },
      ],
    }),
  ),
  {
    id: 'readiness-in-prestop',
    says: 'while a container ends for its liveness, readiness is asked for and liveness is not',
    upstream: upstream('should execute readiness probe while in preStop, but not liveness'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 100,
        containers: [
          actor(
            'main',
            {},
            {
              livenessProbe: every(1, told('Liveness', { exit: 1 }), { initialDelaySeconds: 2 }),
              readinessProbe: every(1, told('Readiness')),
              lifecycle: {
                preStop: exec(
                  'n=$(grep -c "Readiness starting" /w/story); read -r now _ </proc/uptime; echo "$now PreStop starting" >>/w/story; until [ $(grep -c "Readiness starting" /w/story) -ge $((n+3)) ]; do sleep 0.2; done',
                ),
              },
            },
          ),
        ],
      }),
    },
    happens: [FINISHED],
    holds: [
      { story: ['Liveness starting', 'PreStop starting', 'Readiness starting', 'Readiness starting', 'main term'] },
      { allBefore: [['PreStop starting'], ['main term']] },
      { allBefore: [['Liveness starting'], ['PreStop starting']] },
    ],
  },
  {
    id: 'no-sidecar-liveness-in-end',
    says: 'while a Pod ends, liveness of its sidecars is not asked for and they are not restarted',
    upstream: upstream(
      'should not continue running liveness probes for restartable init containers and restart them while in preStop',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 100,
        initContainers: [
          actor(
            'side',
            {},
            {
              restartPolicy: 'Always',
              livenessProbe: every(1, exec('test ! -e /w/sick'), { failureThreshold: 1 }),
            },
          ),
        ],
        containers: [
          actor(
            'main',
            {},
            {
              lifecycle: {
                preStop: exec(
                  'touch /w/sick; echo "0 PreStop starting" >>/w/story; until [ -e /w/go ]; do sleep 0.1; done',
                ),
              },
            },
          ),
        ],
      }),
    },
    happens: [
      { until: { told: 'main started' } },
      { until: { ready: 'main', is: true } },
      { delete: {} },
      { until: { told: 'PreStop starting' } },
      { exec: 'side', script: 'sleep 3' },
      { touch: 'go' },
      { gone: true },
    ],
    holds: [
      { notRestarted: 'side' },
      { noEvent: /Liveness probe failed/ },
      { exitsBefore: ['main', 'side'] },
      { restartCount: { side: 0 } },
    ],
  },
];

const imageOfInit: Scenario[] = [
  {
    id: 'init-image-after',
    says: 'another image of an init container that has finished changes nothing',
    upstream: upstream('should not restart init container when updated with a new image after finishing'),
    pod: { spec: stage({ initContainers: [actor('init', { runs: 0.1 })], containers: [actor('main')] }) },
    happens: [
      { until: { told: 'main started' } },
      { until: { running: 'main' } },
      { image: 'init', to: 'nginx' },
      // A change that does something, after it: what the first one would have done has happened by then.
      { image: 'main', to: 'nginx' },
      { until: { told: 'main started', times: 2 } },
    ],
    holds: [{ notRestarted: 'init' }, { restartCount: { init: 0 } }, { image: { init: /busybox/ } }],
  },
  {
    id: 'init-image-during',
    says: 'another image does not restart an init container that runs',
    upstream: upstream('should not restart the init container if the image is updated during initialization'),
    pod: { spec: stage({ initContainers: [actor('init', { runs: { until: 'go' } })], containers: [actor('main')] }) },
    happens: [
      { until: { told: 'init started' } },
      { until: { running: 'init' } },
      { image: 'init', to: 'outfit.local/nosuch:1' },
      { touch: 'go' },
      { until: { told: 'main started' } },
      { until: { running: 'main' } },
    ],
    holds: [{ notRestarted: 'init' }, { exits: { init: [0, 'Completed'] } }, { image: { init: /busybox/ } }],
  },
  {
    id: 'init-image-end',
    says: 'another image does not bring an init container back while the Pod ends',
    upstream: upstream('should not restart the init container if the image is updated during termination'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [actor('init', { runs: 0.1 })],
        containers: [actor('main', { onTerm: { after: 2, exit: 1 } })],
      }),
    },
    happens: [
      { until: { told: 'main started' } },
      { until: { running: 'main' } },
      { delete: {} },
      { until: { told: 'main term' } },
      { image: 'init', to: 'nginx' },
      { gone: true },
    ],
    holds: [{ notRestarted: 'init' }, { restartCount: { init: 0 } }],
  },
];

/** Init and main containers, without native sidecars. */
export const containerLifecycle: Scenario[] = [
  ...imageOfRunning,
  ...imageDuringInit,
  ...imageAfterProbe,
  ...imageDuringTermination,
  ...init,
  ...imageOfInit,
];
