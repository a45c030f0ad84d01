import { actor, every, exec, type Part, sidecar, stage, started, told } from '../cast.ts';
import type { Assertion, Scenario, Step } from '../scenario.ts';

const FILE = 'e2e_node/container_lifecycle_test.go';
const upstream = (when: string, ...tests: string[]) => [{ file: FILE, tests: tests.map((test) => `${when}: ${test}`) }];
const short = (policy: string) => policy.toLowerCase();
type Policy = 'Always' | 'OnFailure' | 'Never';
const POLICIES: Policy[] = ['Never', 'OnFailure', 'Always'];
const FINISHED: Step = { until: { phase: 'Succeeded' } };
const FAILING = every(1, exec('exit 1'));
const done = (...names: string[]): Assertion => ({
  exits: Object.fromEntries(names.map((name) => [name, [0, 'Completed']])),
});

const order: Scenario[] = [
  {
    id: 'sidecars-among-init',
    says: 'init containers and sidecars start in the order of the manifest; sidecars go on beside what comes after them',
    upstream: upstream(
      'three init containers and two restartable ones',
      'should finish and produce log',
      'should run the first init container to completion before starting first restartable init container',
      'should run first init container and first restartable init container together',
      'should run second init container to completion before starting second restartable init container',
      'should start second restartable init container before third init container',
      'should run both restartable init containers and third init container together',
      'should run third init container to completion before starting regular container',
      'should run both restartable init containers and a regular container together',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [
          actor('i1', { runs: 0.2 }),
          sidecar('s1'),
          actor('i2', { runs: 0.2 }),
          sidecar('s2'),
          actor('i3', { runs: 0.2 }),
        ],
        containers: [actor('main', { runs: 0.3 })],
      }),
    },
    happens: [FINISHED],
    holds: [
      { endsBeforeStart: ['i1', 's1'] },
      { startsBefore: ['s1', 'i2'] },
      { runTogether: ['s1', 'i2'] },
      { endsBeforeStart: ['i2', 's2'] },
      { startsBefore: ['s2', 'i3'] },
      { runTogether: ['s1', 's2'] },
      { runTogether: ['s1', 'i3'] },
      { runTogether: ['s2', 'i3'] },
      { endsBeforeStart: ['i3', 'main'] },
      { runTogether: ['s1', 'main'] },
      { runTogether: ['s2', 'main'] },
      done('i1', 's1', 'i2', 's2', 'i3', 'main'),
    ],
  },
  ...POLICIES.map(
    (policy): Scenario => ({
      id: `sidecar-image-during-init-${short(policy)}`,
      says: `a sidecar whose image changes while a later init container runs is restarted, nothing else (restartPolicy ${policy})`,
      upstream: upstream(
        'initializing an init container after a restartable init container',
        `Should begin initializing the pod, restartPolicy=${policy}`,
      ),
      pod: {
        spec: stage({
          restartPolicy: policy,
          initContainers: [
            actor('i1', { runs: 0.1 }),
            sidecar('s1', { onTerm: { after: 0.3 } }),
            actor('i2', policy === 'Never' ? { runs: { until: 'go' }, exit: 1 } : {}),
            sidecar('s2'),
          ],
          containers: [actor('main')],
        }),
      },
      happens: [
        { until: { told: 'i2 started' } },
        { until: { running: 'i2' } },
        { image: 's1', to: 'nginx' },
        { until: { restarts: 's1', atLeast: 1 } },
        { until: { told: 's1 started', times: 2 } },
        ...(policy === 'Never' ? [{ touch: 'go' }, { until: { phase: 'Failed' } }] : []),
      ],
      holds: [
        { startsBefore: ['i1', 's1', 'i2'] },
        { neverStarted: 's2' },
        { neverStarted: 'main' },
        { notRestarted: 'i1' },
        { notRestarted: 'i2' },
        { restarted: 's1' },
        { image: { s1: /nginx/ } },
        { neverPhase: 'Running' },
        ...(policy === 'Never' ? [{ exitsBefore: ['i2', 's1'] }] : []),
      ],
    }),
  ),
];

/** What upstream repeats for each restart policy of the Pod. Under Always the main container begins again, otherwise the Pod ends. */
function ofPolicy(policy: Policy): Scenario[] {
  const id = (name: string) => `${name}-${short(policy)}`;
  const says = (text: string) => `${text} (restartPolicy ${policy})`;
  const within = (when: string, ...tests: string[]) => upstream(`restartPolicy=${policy}, ${when}`, ...tests);
  const again = policy === 'Always';
  const pod = (initContainers: ReturnType<typeof actor>[], main: Part) => ({
    spec: stage({ restartPolicy: policy, initContainers, containers: [actor('main', main)] }),
  });
  const outcome: Step = again ? { until: { restarts: 'main', atLeast: 1 } } : FINISHED;
  const exitsAllTheTime = (exit: number): Scenario => ({
    id: id(`sidecar-exits-${exit}`),
    says: says(
      `a sidecar that ends with ${exit} again and again is started again, before and after the main container has started`,
    ),
    upstream: within(
      `a restartable init container starts and exits with exit code ${exit} continuously`,
      again
        ? 'should keep running a Pod continuously and produce log'
        : 'should complete a Pod successfully and produce log',
      'should restart a restartable init container before the regular container started',
      'should restart a restartable init container after the regular container started',
      again ? 'should start a regular container' : 'should run a regular container to completion',
    ),
    pod: pod([sidecar('side', { runs: 0.5, exit }), actor('init', { runs: { until: 'init' } })], {
      runs: { until: 'go' },
    }),
    happens: [
      { until: { told: 'side starting', times: 2 } },
      { touch: 'init' },
      { until: { told: 'main started' } },
      { until: { restarts: 'side', atLeast: 3 } },
      { until: { running: 'side' } },
      { touch: 'go' },
      outcome,
    ],
    holds: [
      { startsBefore: ['side', 'init', 'main'] },
      { story: ['side starting', 'side exiting', 'side starting', 'main starting'] },
      { startsAgainAfter: ['side', 'main'] },
      { story: ['main starting', 'main exiting'] },
      { notRestarted: 'init' },
      ...(again ? [] : [{ phase: 'Succeeded' }]),
      { neverPhase: 'Failed' },
    ],
  });
  return [
    {
      id: id('sidecar-runs-on'),
      says: says(
        again
          ? 'a sidecar runs on while the main container begins again'
          : 'a Pod ends when its main container has, whatever the sidecar would like',
      ),
      upstream: within(
        'a restartable init container runs continuously',
        again
          ? 'should keep running a Pod continuously and produce log'
          : 'should complete a Pod successfully and produce log',
        'should not restart a restartable init container',
        again ? 'should start a regular container' : 'should run a regular container to completion',
      ),
      pod: pod([sidecar('side')], { runs: 0.4 }),
      happens: [again ? { until: { restarts: 'main', atLeast: 2 } } : FINISHED],
      holds: [
        { notRestarted: 'side' },
        { startsBefore: ['side', 'main'] },
        { runTogether: ['side', 'main'] },
        ...(again
          ? [{ restarted: 'main' }, { restartCount: { side: 0 } }]
          : [{ exitsBefore: ['main', 'side'] }, done('side', 'main'), { row: /^\S+ +0\/2 +Completed +0 / }]),
      ],
    },
    {
      id: id('sidecar-image'),
      says: says('another image restarts that sidecar and nothing else'),
      upstream: within(
        'a restartable init container runs continuously',
        'should restart when updated with a new image',
      ),
      pod: pod([sidecar('s1'), sidecar('s2')], { runs: { until: 'go' } }),
      happens: [
        { until: { told: 'main started' } },
        { until: { running: 'main' } },
        { image: 's1', to: 'nginx' },
        { until: { restarts: 's1', atLeast: 1 } },
        { until: { told: 's1 started', times: 2 } },
        { until: { running: 's1' } },
        { touch: 'go' },
        outcome,
      ],
      holds: [
        { restarted: 's1' },
        { notRestarted: 's2' },
        { image: { s1: /nginx/, s2: /busybox/ } },
        ...(again ? [] : [{ notRestarted: 'main' }, { phase: 'Succeeded' }]),
        { event: /Killing spec\.initContainers\{s1\}: Init container s1 definition changed/ },
      ],
    },
    {
      id: id('sidecar-bad-image'),
      says: says('a sidecar whose image cannot be had holds up everything'),
      upstream: within(
        'a restartable init container fails to start because of a bad image',
        again
          ? 'should continuously run Pod keeping it Pending and produce log'
          : 'should mark a Pod as failed and produce log',
        'should not start a restartable init container',
        'should not start a regular container',
      ),
      pod: pod([sidecar('side', {}, { image: 'outfit.local/nosuch:1' })], {}),
      happens: [{ until: { waiting: 'side', reason: 'ImagePullBackOff' } }],
      holds: [{ neverStarted: 'side' }, { neverStarted: 'main' }, { phase: 'Pending' }, { neverPhase: 'Failed' }],
    },
    exitsAllTheTime(0),
    exitsAllTheTime(1),
    {
      id: id('init-fails-before-sidecar'),
      says: says('a sidecar does not start behind an init container that fails'),
      upstream:
        policy === 'Never'
          ? within(
              'an Init container before restartable init container fails',
              'should mark a Pod as failed and produce log',
              'should mark an Init container as failed',
              'should not start restartable init container',
            )
          : within(
              'an Init container before restartable init container continuously fails',
              'should continuously run Pod keeping it Pending',
              'should have Init container restartCount greater than 0',
              'should not start restartable init container',
            ),
      pod: pod([actor('init', { runs: 0.1, exit: 1 }), sidecar('side')], {}),
      happens: [{ until: policy === 'Never' ? { phase: 'Failed' } : { restarts: 'init', atLeast: 3 } }],
      holds: [
        { neverStarted: 'side' },
        { neverStarted: 'main' },
        { neverPhase: 'Running' },
        ...(policy === 'Never'
          ? [{ notRestarted: 'init' }, { exits: { init: [1, 'Error'] as [number, string] } }]
          : [{ restarted: 'init' }, { phase: 'Pending' }]),
      ],
    },
    {
      id: id('init-fails-after-sidecar'),
      says: says('an init container that fails behind a sidecar runs beside it'),
      upstream:
        policy === 'Never'
          ? within(
              'an Init container after restartable init container fails',
              'should mark a Pod as failed and produce log',
              'should mark an Init container as failed',
              'should be running restartable init container and a failed Init container in parallel',
            )
          : within(
              'an Init container after restartable init container fails',
              'should continuously run Pod keeping it Pending',
              'should have Init container restartCount greater than 0',
              'should be running restartable init container and a failed Init container in parallel',
            ),
      pod: pod([sidecar('side'), actor('init', { runs: 0.1, exit: 1 })], {}),
      happens: [{ until: policy === 'Never' ? { phase: 'Failed' } : { restarts: 'init', atLeast: 3 } }],
      holds: [
        { startsBefore: ['side', 'init'] },
        { runTogether: ['side', 'init'] },
        { notRestarted: 'side' },
        { neverStarted: 'main' },
        { neverPhase: 'Running' },
        ...(policy === 'Never' ? [{ notRestarted: 'init' }] : [{ restarted: 'init' }, { phase: 'Pending' }]),
      ],
    },
  ];
}

const probes: Scenario[] = [
  {
    id: 'sidecars-startup-serially',
    says: 'a sidecar starts when the startup probe of the one before has succeeded',
    upstream: upstream(
      'running restartable init containers with startup probes',
      'should launch restartable init containers serially considering the startup probe',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: ['s1', 's2'].map((name) =>
          sidecar(name, { startAfter: 1 }, { startupProbe: every(1, started(name), { failureThreshold: 100 }) }),
        ),
        containers: [actor('main', { runs: 0.2 })],
      }),
    },
    happens: [FINISHED],
    holds: [
      { story: ['s1 starting', 's1 started', 's2 starting', 's2 started', 'main starting'] },
      done('s1', 's2', 'main'),
    ],
  },
  ...(['startup', 'liveness'] as const).flatMap((probe) =>
    POLICIES.map(
      (policy): Scenario => ({
        id: `sidecar-image-${probe}-${short(policy)}`,
        says: `a sidecar that its ${probe} probe restarts gets its new image, the other one runs on (restartPolicy ${policy})`,
        upstream: upstream(
          probe === 'startup'
            ? "the image is updated after the restartable init container's startup probe fails"
            : 'A restartable init container has its image changed after its liveness probe fails',
          `should update the image when restartPolicy=${policy}`,
        ),
        pod: {
          spec: stage({
            restartPolicy: policy,
            initContainers: [sidecar('s1'), sidecar('s2', {}, { [`${probe}Probe`]: FAILING })],
            containers: [actor('main')],
          }),
        },
        happens: [
          { until: { restarts: 's2', atLeast: 1 } },
          { image: 's2', to: 'nginx' },
          { until: { restarts: 's2', atLeast: 2 } },
          { until: { event: /Container image "nginx" already present/ } },
        ],
        holds: [
          { notRestarted: 's1' },
          { image: { s2: /nginx/ } },
          ...(probe === 'startup' ? [{ neverStarted: 'main' }, { phase: 'Pending' }] : [{ notRestarted: 'main' }]),
        ],
      }),
    ),
  ),
  {
    id: 'sidecar-startup-fails',
    says: 'a sidecar whose startup probe fails ends with its preStop hook; nothing starts after it',
    upstream: upstream(
      'running restartable init containers with startup probes, using a PreStop hook',
      "should call the container's preStop hook and not launch next container if the restartable init container's startup probe fails",
    ),
    pod: {
      spec: stage({
        initContainers: [
          sidecar(
            'side',
            { onTerm: { after: 0.2 } },
            { startupProbe: FAILING, lifecycle: { preStop: told('PreStop', { takes: 0.2 }) } },
          ),
        ],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { restarts: 'side', atLeast: 2 } }],
    holds: [
      { runTogether: ['side', 'PreStop'] },
      { story: ['side started', 'PreStop starting', 'PreStop exiting', 'side term', 'side exiting', 'side starting'] },
      { neverStarted: 'main' },
      { phase: 'Pending' },
      { event: /Normal Killing spec\.initContainers\{side\}: Init container side failed startup probe$/ },
    ],
  },
  {
    id: 'sidecar-liveness-fails',
    says: 'a sidecar whose liveness probe fails ends with its preStop hook; the main container starts all the same',
    upstream: upstream(
      'running restartable init containers with liveness probes',
      "should call the container's preStop hook and start the next container if the restartable init container's liveness probe fails",
    ),
    pod: {
      spec: stage({
        initContainers: [
          sidecar(
            'side',
            { onTerm: { after: 0.2 } },
            { livenessProbe: FAILING, lifecycle: { preStop: told('PreStop', { takes: 0.2 }) } },
          ),
        ],
        containers: [actor('main', { runs: 0.5 })],
      }),
    },
    happens: [{ until: { restarts: 'side', atLeast: 2 } }, { until: { restarts: 'main', atLeast: 1 } }],
    holds: [
      { runTogether: ['side', 'PreStop'] },
      { story: ['PreStop starting', 'side term', 'side exiting', 'side starting'] },
      { startsBefore: ['side', 'main'] },
    ],
  },
  {
    id: 'sidecar-recovers',
    says: 'the main container starts when a sidecar that failed at first has come up and its startup probe succeeded',
    upstream: upstream(
      'A restartable init container with startup probe fails initially',
      'should continue probing and allow regular container to start after the restartable init container recovers',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [
          sidecar(
            'side',
            { first: 'if [ ! -e /w/once ]; then touch /w/once; end 1; fi' },
            { startupProbe: every(1, exec('true'), { initialDelaySeconds: 1, failureThreshold: 10 }) },
          ),
        ],
        containers: [actor('main', {}, { startupProbe: every(1, exec('true')) })],
      }),
    },
    happens: [
      { until: { restarts: 'side', atLeast: 1 } },
      { until: { running: 'side' } },
      { until: { running: 'main' } },
      { until: { ready: 'main', is: true } },
    ],
    holds: [
      { story: ['side starting', 'side exiting', 'side starting', 'side started', 'main starting'] },
      { notRestarted: 'main' },
      { row: /^\S+ +2\/2 +Running +1 / },
    ],
  },
];

const SIDECARS = ['s1', 's2', 's3'];
const inOrderOfStart: Assertion = { startsBefore: [...SIDECARS, 'main'] };
const inOrderOfEnd: Assertion = { exitsBefore: ['main', 's3', 's2', 's1'] };
const preStops = (what: string) => SIDECARS.map((name) => `PreStop-${name} ${what}`);
const BEGUN: Step[] = [{ until: { told: 'main started' } }, { until: { ready: 'main', is: true } }];
const DELETED: Step[] = [...BEGUN, { delete: {} }, { gone: true }];

interface Trio {
  main?: Part;
  parts?: Record<string, Part>;
  preStop?: Record<string, ReturnType<typeof told>>;
  grace?: number;
}

/** Three sidecars and a main container. */
function trio({ main = {}, parts = {}, preStop = {}, grace = 30 }: Trio) {
  const lifecycle = (name: string) => (preStop[name] ? { lifecycle: { preStop: preStop[name] } } : {});
  return {
    spec: stage({
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: grace,
      initContainers: SIDECARS.map((name) => sidecar(name, parts[name], lifecycle(name))),
      containers: [actor('main', main, lifecycle('main'))],
    }),
  };
}

const hooksOfAll = (takes: number | 'forever') =>
  Object.fromEntries(SIDECARS.map((name) => [name, told(`PreStop-${name}`, { takes })]));
const within = 'A pod with restartable init containers is terminating';

const termination: Scenario[] = [
  {
    id: 'sidecars-end-in-reverse',
    says: 'sidecars end in reverse order, when all main containers have ended',
    upstream: upstream(within, 'should terminate sidecars in reverse order after all main containers have exited'),
    pod: trio({
      main: { runs: 0.5 },
      parts: Object.fromEntries(SIDECARS.map((name) => [name, { onTerm: { after: 0.3 } }])),
    }),
    happens: [FINISHED],
    holds: [
      inOrderOfStart,
      inOrderOfEnd,
      { story: ['main exiting', 's3 term', 's3 exiting', 's2 term', 's2 exiting', 's1 term', 's1 exiting'] },
      done(...SIDECARS, 'main'),
    ],
  },
  ...POLICIES.map(
    (policy): Scenario => ({
      id: `sidecar-image-end-${short(policy)}`,
      says: `a sidecar whose image changes while the Pod ends is not restarted (restartPolicy ${policy})`,
      upstream: upstream(
        `${within}, A restartable init container has its image updated during pod termination`,
        `should terminate gracefully when restartPolicy=${policy}`,
      ),
      pod: {
        spec: stage({
          restartPolicy: policy,
          terminationGracePeriodSeconds: 180,
          initContainers: [
            actor('i1', { runs: 0.1 }),
            ...['s2', 's3'].map((name) => sidecar(name, { onTerm: { after: 1 } })),
          ],
          containers: [actor('main', { onTerm: { after: 1 } })],
        }),
      },
      happens: [
        ...BEGUN,
        { delete: {} },
        { until: { told: 'main term' } },
        { image: 's2', to: 'nginx' },
        { gone: true },
      ],
      holds: [
        { notRestarted: 's2' },
        { notRestarted: 's3' },
        { exitsBefore: ['main', 's3', 's2'] },
        { restartCount: { i1: 0, s2: 0, s3: 0 } },
      ],
    }),
  ),
  {
    id: 'sidecars-end-together',
    says: 'when the grace is over, sidecars whose preStop hooks hang are told to end at once, not one after the other',
    upstream: upstream(within, "should terminate sidecars simultaneously if prestop doesn't exit"),
    pod: trio({
      main: { runs: 0.5 },
      grace: 3,
      preStop: hooksOfAll('forever'),
      parts: Object.fromEntries(SIDECARS.map((name) => [name, { onTerm: 'ignore' as const }])),
    }),
    happens: [FINISHED],
    holds: [
      inOrderOfStart,
      { allBefore: [preStops('starting'), SIDECARS.map((name) => `${name} term`)] },
      ...SIDECARS.map((name): Assertion => ({ notTold: `PreStop-${name} exiting` })),
      { exits: { s1: [137, 'Error'], s2: [137, 'Error'], s3: [137, 'Error'], main: [0, 'Completed'] } },
    ],
  },
  {
    id: 'prestop-hooks-together',
    says: 'the preStop hooks of all sidecars begin at once',
    upstream: upstream(within, 'should call sidecar container PreStop hook simultaneously'),
    pod: trio({
      main: { runs: 0.5 },
      preStop: hooksOfAll(2),
      parts: Object.fromEntries(SIDECARS.map((name) => [name, { onTerm: { after: 0.2 } }])),
    }),
    happens: [FINISHED],
    holds: [
      inOrderOfStart,
      { allBefore: [preStops('starting'), preStops('exiting')] },
      inOrderOfEnd,
      done(...SIDECARS, 'main'),
    ],
  },
  {
    id: 'deleted-during-init',
    says: 'a Pod that is deleted while an init container runs does not wait for sidecars that never started',
    upstream: upstream(within, 'should not hang in termination if terminated during initialization'),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 600,
        initContainers: [
          actor('init'),
          ...SIDECARS.map((name) => sidecar(name, {}, { lifecycle: { preStop: told('PreStop', { takes: 1 }) } })),
        ],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { told: 'init started' } }, { until: { running: 'init' } }, { delete: {} }, { gone: true }],
    holds: [
      { neverStarted: 's1' },
      { neverStarted: 'main' },
      { notTold: 'PreStop starting' },
      { story: ['init term', 'init exiting'] },
      { neverPhase: 'Running' },
    ],
  },
  {
    id: 'deleted-before-started',
    says: 'a Pod that is deleted while a sidecar waits for its startup probe ends within its grace',
    upstream: upstream(
      within,
      'should terminate restartable init containers gracefully if there is a non-started restartable init container',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 600,
        initContainers: [
          actor('i1', { runs: 0.1 }),
          sidecar(
            's2',
            { onTerm: { after: 0.3 } },
            { startupProbe: every(1, exec('false'), { failureThreshold: 600 }) },
          ),
          sidecar('s3'),
        ],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { told: 's2 started' } }, { until: { running: 's2' } }, { delete: {} }, { gone: true }],
    holds: [
      { neverStarted: 's3' },
      { neverStarted: 'main' },
      { story: ['s2 term', 's2 exiting'] },
      { neverPhase: 'Running' },
    ],
  },
  {
    id: 'sidecar-ends-badly',
    says: 'a Pod succeeds whatever its sidecars end with',
    upstream: upstream(
      within,
      'should mark pod as succeeded if any of the restartable init containers have terminated with non-zero exit code',
    ),
    pod: trio({ parts: { s2: { exit: 1 } } }),
    happens: DELETED,
    holds: [
      { phase: 'Succeeded' },
      { exits: { main: [0, 'Completed'], s1: [0, 'Completed'], s2: [1, 'Error'], s3: [0, 'Completed'] } },
    ],
  },
  {
    id: 'prestop-of-sidecar-fails',
    says: 'a Pod succeeds when the preStop hook of a sidecar fails',
    upstream: upstream(
      within,
      'should mark pod as succeeded if any of the restartable init containers have terminated with non-zero exit code by prestop hook',
    ),
    pod: trio({ preStop: { s1: told('PreStop-s1'), s2: told('PreStop-s2', { exit: 1 }), s3: told('PreStop-s3') } }),
    happens: DELETED,
    holds: [
      { phase: 'Succeeded' },
      done(...SIDECARS, 'main'),
      { event: /Warning FailedPreStopHook spec\.initContainers\{s2\}: PreStopHook failed/ },
    ],
  },
  {
    id: 'main-outlasts-grace',
    says: 'a Pod fails when its main container has to be killed; sidecars then have two seconds, all at once',
    upstream: upstream(
      within,
      'should mark pod as failed if regular container has exceeded its termination grace period seconds',
    ),
    pod: trio({
      grace: 2,
      main: { onTerm: 'ignore' },
      parts: { s1: { onTerm: 'ignore' }, s2: { onTerm: { after: 0.1 } }, s3: { onTerm: 'ignore' } },
    }),
    happens: DELETED,
    holds: [
      { phase: 'Failed' },
      { exits: { main: [137, 'Error'], s1: [137, 'Error'], s2: [0, 'Completed'], s3: [137, 'Error'] } },
      { story: ['main term', 's1 term'] },
    ],
  },
  {
    id: 'sidecar-outlasts-grace',
    says: 'a Pod succeeds when a sidecar has to be killed',
    upstream: upstream(
      within,
      'should mark pod as succeeded if any of the restartable init containers have exceeded its termination grace period seconds',
    ),
    pod: trio({
      grace: 2,
      parts: { s1: { onTerm: { after: 0.1 } }, s2: { onTerm: 'ignore' }, s3: { onTerm: { after: 0.1 } } },
    }),
    happens: DELETED,
    holds: [
      { phase: 'Succeeded' },
      { exits: { main: [0, 'Completed'], s1: [0, 'Completed'], s2: [137, 'Error'], s3: [0, 'Completed'] } },
    ],
  },
  {
    id: 'main-prestop-outlasts-grace',
    says: 'a Pod fails when the preStop hook of its main container uses up the grace and the container then has to be killed',
    upstream: upstream(
      within,
      'should mark pod as failed if any of the prestop hook in regular container has exceeded its termination grace period seconds',
    ),
    pod: trio({
      grace: 2,
      main: { onTerm: 'ignore' },
      preStop: { main: told('PreStop-main', { takes: 'forever' }) },
      parts: { s1: { onTerm: { after: 0.1 } }, s2: { onTerm: 'ignore' }, s3: { onTerm: { after: 0.1 } } },
    }),
    happens: DELETED,
    holds: [
      { phase: 'Failed' },
      { exits: { main: [137, 'Error'], s1: [0, 'Completed'], s2: [137, 'Error'], s3: [0, 'Completed'] } },
      { story: ['PreStop-main starting', 'main term'] },
    ],
  },
  {
    id: 'sidecar-prestop-outlasts-grace',
    says: 'a Pod succeeds when the preStop hook of a sidecar uses up the grace and the sidecar has to be killed',
    upstream: upstream(
      within,
      'should mark pod as succeeded if any of the prestop hook in restartable init containers have exceeded its termination grace period seconds',
    ),
    pod: trio({
      grace: 2,
      preStop: { s1: told('PreStop-s1'), s2: told('PreStop-s2', { takes: 'forever' }), s3: told('PreStop-s3') },
      parts: { s1: { onTerm: { after: 0.1 } }, s2: { onTerm: 'ignore' }, s3: { onTerm: { after: 0.1 } } },
    }),
    happens: DELETED,
    holds: [
      { phase: 'Succeeded' },
      { exits: { main: [0, 'Completed'], s1: [0, 'Completed'], s2: [137, 'Error'], s3: [0, 'Completed'] } },
    ],
  },
];

/** Init containers with restartPolicy Always (KEP-753). */
export const nativeSidecars: Scenario[] = [...order, ...POLICIES.flatMap(ofPolicy), ...probes, ...termination];
