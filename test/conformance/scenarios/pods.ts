import { actor, every, exec, sidecar, stage } from '../cast.ts';
import type { Scenario, Step } from '../scenario.ts';
import { configMap } from './prints.ts';

const PODS = 'e2e/common/node/pods.go';
const CONDITIONS = 'e2e_node/pod_conditions_test.go';
const DELETED = 'e2e_node/deleted_pods_test.go';
const of = (file: string, ...tests: string[]) => [{ file, tests }];
const image = { image: 'busybox', imagePullPolicy: 'IfNotPresent' };
const READY: Step[] = [{ until: { told: 'main started' } }, { until: { ready: 'main', is: true } }];

const life: Scenario[] = [
  {
    id: 'host-ip',
    says: 'a Pod has the address of its machine, and one of its own',
    upstream: of(PODS, 'should get a host IP'),
    pod: { spec: stage({ containers: [actor('main')] }) },
    happens: READY,
    holds: [{ ips: true }],
  },
  {
    id: 'submitted-and-removed',
    says: 'a watch sees a Pod come, end and go; the last it sees is an end',
    upstream: of(PODS, 'should be submitted and removed'),
    pod: { spec: stage({ containers: [actor('main')] }) },
    happens: [...READY, { delete: {} }, { gone: true }],
    holds: [
      { conditions: ['PodScheduled=True', 'Ready=True', 'Ready=False'] },
      { phase: 'Succeeded' },
      { event: /Normal Killing spec\.containers\{main\}: Stopping container main/ },
    ],
  },
  {
    id: 'updated',
    says: 'labels of a Pod that runs may change; nothing is restarted for it',
    upstream: of(PODS, 'should be updated'),
    pod: { metadata: { labels: { time: 'before' } }, spec: stage({ containers: [actor('main')] }) },
    happens: [...READY, { patch: { metadata: { labels: { time: 'after' } } } }, { exec: 'main', script: 'sleep 1' }],
    holds: [{ label: ['time', 'after'] }, { notRestarted: 'main' }],
  },
  {
    id: 'deadline-updated',
    says: 'activeDeadlineSeconds may be set while the Pod runs, and ends it as Failed with its reason',
    upstream: of(PODS, 'should allow activeDeadlineSeconds to be updated'),
    pod: { spec: stage({ containers: [actor('main')] }) },
    happens: [...READY, { patch: { spec: { activeDeadlineSeconds: 1 } } }, { until: { phase: 'Failed' } }],
    holds: [
      {
        status: {
          reason: 'DeadlineExceeded',
          message: 'Pod was active on the node longer than the specified deadline',
        },
      },
      { event: /Normal DeadlineExceeded : Pod was active on the node longer than the specified deadline/ },
      { story: ['main started', 'main term', 'main exiting'] },
    ],
  },
  {
    id: 'back-off-reset',
    says: 'another image forgets the back-off of the one before',
    upstream: of(PODS, 'should have their auto-restart back-off timer reset on image update [Slow]'),
    pod: { spec: stage({ containers: [actor('main', { runs: 0.2, exit: 1 })] }) },
    happens: [
      { until: { restarts: 'main', atLeast: 3 } },
      { until: { waiting: 'main', reason: 'CrashLoopBackOff' } },
      { image: 'main', to: 'nginx' },
      { until: { event: /Container image "nginx" already present/ } },
      // The first two of the new image follow each other without back-off.
      { until: { restarts: 'main', atLeast: 5 } },
    ],
    holds: [
      { image: { main: /nginx/ } },
      {
        event:
          /Warning BackOff spec\.containers\{main\}: Back-off restarting failed container main in pod back-off-reset_default\([0-9a-f-]{36}\)/,
      },
    ],
  },
  {
    id: 'readiness-gates',
    says: 'a Pod is ready when its own conditions are True, too, and not any more when one is not',
    upstream: of(PODS, 'should support pod readiness gates'),
    pod: {
      spec: stage({ containers: [actor('main')], readinessGates: [{ conditionType: 'k8s.io/test-condition1' }] }),
    },
    happens: [
      ...READY,
      { until: { condition: 'ContainersReady', is: 'True' } },
      { until: { condition: 'Ready', is: 'False' } },
      {
        patch: { status: { conditions: [{ type: 'k8s.io/test-condition1', status: 'True' }] } },
        of: 'pods/readiness-gates/status',
      },
      { until: { condition: 'Ready', is: 'True' } },
      {
        patch: { status: { conditions: [{ type: 'k8s.io/test-condition1', status: 'False' }] } },
        of: 'pods/readiness-gates/status',
      },
      { until: { condition: 'Ready', is: 'False' } },
    ],
    holds: [
      { conditionIs: { ContainersReady: 'True', Ready: 'False', 'k8s.io/test-condition1': 'False' } },
      { conditions: ['ContainersReady=True', 'k8s.io/test-condition1=True', 'Ready=True'] },
    ],
  },
  {
    id: 'status-patched',
    says: "a condition that a user writes into a Pod's status stays beside those of the node",
    upstream: of(PODS, 'should patch a pod status', 'should run through the lifecycle of Pods and PodStatus'),
    pod: { metadata: { labels: { test: 'pod-static' } }, spec: stage({ containers: [actor('main')] }) },
    happens: [
      ...READY,
      {
        patch: {
          metadata: { labels: { test: 'patched' } },
          status: { conditions: [{ type: 'mine', status: 'True' }] },
        },
        of: 'pods/status-patched/status',
      },
      { image: 'main', to: 'nginx' },
      { until: { restarts: 'main', atLeast: 1 } },
      { until: { condition: 'Ready', is: 'True' } },
    ],
    holds: [{ conditionIs: { mine: 'True', Ready: 'True' } }, { image: { main: /nginx/ } }],
  },
];

/** With and without init containers, as upstream has it; and what is missing may be a ConfigMap or a Secret. */
const conditions: Scenario[] = [false, true].flatMap((hasInit): Scenario[] => {
  const suffix = hasInit ? 'init' : 'plain';
  const words = hasInit ? 'with init containers' : 'without init containers';
  const initContainers = hasInit ? [{ name: 'init', ...image, command: ['true'] }] : [];
  const before = hasInit
    ? ['PodScheduled=True', 'PodReadyToStartContainers=True', 'Initialized=True']
    : ['PodScheduled=True', 'PodReadyToStartContainers=True'];
  return [
    {
      id: `conditions-${suffix}`,
      says: `the conditions of a Pod ${words} become True in their order, and readiness goes at the end`,
      upstream: of(
        CONDITIONS,
        `a pod ${words} should report all conditions in expected order after the pod is up`,
        `a pod ${words} should report conditions when it ends`,
      ),
      pod: {
        spec: stage({ restartPolicy: 'Never', initContainers, containers: [actor('main', { runs: { until: 'go' } })] }),
      },
      happens: [
        { until: { condition: 'Ready', is: 'True' } },
        { touch: 'go' },
        { until: { phase: 'Succeeded' } },
        { until: { condition: 'PodReadyToStartContainers', is: 'False' } },
      ],
      holds: [
        { conditions: [...before, 'ContainersReady=True'] },
        { conditions: [...before, 'Ready=True', 'PodReadyToStartContainers=False'] },
        {
          conditionIs: {
            Initialized: 'True',
            Ready: 'False',
            ContainersReady: 'False',
            PodReadyToStartContainers: 'False',
            PodScheduled: 'True',
          },
        },
      ],
    },
    ...(['ConfigMap', 'Secret'] as const).map(
      (kind): Scenario => ({
        id: `conditions-no-${kind.toLowerCase()}-${suffix}`,
        says: `a Pod ${words} whose volume needs a ${kind} that is not there has no sandbox yet`,
        upstream: of(
          CONDITIONS,
          `a pod ${words} failing to mount volumes should report scheduled but not ready (${kind})`,
        ),
        pod: {
          spec: {
            initContainers,
            containers: [
              { name: 'main', ...image, command: ['sleep', '1000'], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
            ],
            volumes: [
              {
                name: 'v',
                ...(kind === 'ConfigMap'
                  ? { configMap: { name: 'does-not-exist' } }
                  : { secret: { secretName: 'does-not-exist' } }),
              },
            ],
          },
        },
        happens: [
          {
            until: {
              event: new RegExp(
                `Warning FailedMount : MountVolume\\.SetUp failed for volume "v" : ${kind.toLowerCase()} "does-not-exist" not found`,
              ),
            },
          },
        ],
        holds: [
          {
            conditionIs: {
              PodScheduled: 'True',
              Initialized: hasInit ? 'False' : 'True',
              PodReadyToStartContainers: 'False',
              ContainersReady: 'False',
              Ready: 'False',
            },
          },
          { phase: 'Pending' },
        ],
      }),
    ),
  ];
});

const FINALIZER = 'outfit.dev/conformance';
const free: Step = { patch: { metadata: { finalizers: null } } };

const deletions: Scenario[] = [
  ...(['Never', 'Always'] as const).map(
    (policy): Scenario => ({
      id: `deleted-${policy.toLowerCase()}`,
      says: `a deleted Pod ends in a phase for good before it goes (restartPolicy ${policy})`,
      upstream: of(DELETED, `Should transition to Failed phase a pod which is deleted while pending (${policy})`),
      pod: {
        spec: stage({
          restartPolicy: policy,
          containers: [actor('main', { onTerm: { after: 0.2, exit: policy === 'Never' ? 5 : 0 } })],
        }),
      },
      happens: [...READY, { delete: {} }, { gone: true }],
      holds: [{ phase: policy === 'Never' ? 'Failed' : 'Succeeded' }, { notRestarted: 'main' }],
    }),
  ),
  {
    id: 'deleted-pending',
    says: 'a Pod that is deleted before a container could be made ends Failed',
    upstream: of(DELETED, 'Should transition to Failed phase a deleted pod which was pending on a missing image'),
    pod: {
      metadata: { finalizers: [FINALIZER] },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'outfit.local/nosuch:4' }] },
    },
    happens: [
      { until: { waiting: 'main', reason: 'ImagePullBackOff' } },
      { delete: {} },
      { until: { phase: 'Failed' } },
      { until: { ended: 'main' } },
      free,
      { gone: true },
    ],
    holds: [{ phase: 'Failed' }, { exits: { main: [137, 'ContainerStatusUnknown'] } }],
  },
  {
    id: 'deleted-finalizer',
    says: 'a Pod with a finalizer ends like any other; its object goes when the finalizer does',
    upstream: of(
      DELETED,
      'Should transition to Succeeded phase a deleted pod with a finalizer when all its containers succeed',
    ),
    pod: {
      metadata: { finalizers: [FINALIZER] },
      spec: stage({ restartPolicy: 'Never', containers: [actor('main')] }),
    },
    happens: [...READY, { delete: {} }, { until: { phase: 'Succeeded' } }, free, { gone: true }],
    holds: [{ phase: 'Succeeded' }],
  },
  {
    id: 'deleted-twice',
    says: 'a second deletion may shorten the grace period, and so may force end it',
    upstream: [],
    pod: { spec: stage({ terminationGracePeriodSeconds: 600, containers: [actor('main', { onTerm: 'ignore' })] }) },
    happens: [
      ...READY,
      { delete: {} },
      { until: { told: 'main term' } },
      { delete: { gracePeriodSeconds: 0 } },
      { gone: true },
    ],
    holds: [{ notTold: 'main exiting' }],
  },
  {
    id: 'killed-is-error',
    says: 'a container that was killed with SIGKILL ended with 137, Error',
    upstream: of(
      'e2e_node/pods_lifecycle_termination_test.go',
      'should set the exit code and the reason of a container that was killed by SIGKILL',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [actor('main', { onTerm: 'ignore' })],
      }),
    },
    happens: [...READY, { delete: {} }, { gone: true }],
    holds: [{ exits: { main: [137, 'Error'] } }, { phase: 'Failed' }],
  },
  {
    id: 'terminated-in-order',
    says: 'a Pod that ends is unready before it is gone, and its containers are told to stop at once',
    upstream: of(
      'e2e_node/terminate_pods_test.go',
      'should not hang when terminating pods mounting non-existent volumes',
    ),
    pod: {
      spec: {
        containers: [
          { name: 'main', ...image, command: ['sleep', '1000'], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        ],
        volumes: [{ name: 'v', secret: { secretName: 'non-existent-2' } }],
      },
    },
    happens: [{ until: { event: /FailedMount/ } }, { delete: {} }, { gone: true }],
    holds: [{ neverPhase: 'Running' }],
  },
];

/** Not at once: in the first instant of a container containerd does not listen for the kernel's word yet. */
const greedy = ['sh', '-c', 'sleep 2; exec tail /dev/zero'];

const oom: Scenario[] = [
  {
    id: 'oom',
    says: 'a container that uses more memory than it may is OOMKilled',
    upstream: of(
      'e2e_node/oomkiller_linux_test.go',
      'The containers terminated by OOM killer should have the reason set to OOMKilled (single process)',
    ),
    pod: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', ...image, command: greedy, resources: { limits: { memory: '16Mi' } } }],
      },
    },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [{ exits: { main: [137, 'OOMKilled'] } }, { row: /0\/1 +OOMKilled +0 / }],
  },
  {
    id: 'oom-init',
    says: 'so is an init container',
    upstream: of(
      'e2e_node/oomkiller_linux_test.go',
      'The containers terminated by OOM killer should have the reason set to OOMKilled (init container)',
    ),
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [{ name: 'init', ...image, command: greedy, resources: { limits: { memory: '16Mi' } } }],
        containers: [actor('main')],
      }),
    },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [{ exits: { init: [137, 'OOMKilled'] } }, { neverStarted: 'main' }],
  },
];

const restarts: Scenario[] = [
  {
    id: 'crash-loop',
    says: 'a container that fails again and again waits longer and longer: CrashLoopBackOff',
    upstream: of(
      'e2e_node/container_restart_test.go',
      'Container Restart with default back-off: container should crash loop',
    ),
    pod: { spec: stage({ containers: [actor('main', { runs: 0.1, exit: 1 })] }) },
    happens: [{ until: { restarts: 'main', atLeast: 3 } }, { until: { waiting: 'main', reason: 'CrashLoopBackOff' } }],
    holds: [
      { countsUp: 'main' },
      { event: /Warning BackOff spec\.containers\{main\}: Back-off restarting failed container main/ },
    ],
  },
  {
    id: 'sidecar-crash-loop-columns',
    says: 'a sidecar that crashes beside a main container that runs leaves the Pod Running and not ready',
    upstream: [],
    pod: {
      spec: stage({
        initContainers: [sidecar('side', { runs: { until: 'sick' }, exit: 3 })],
        containers: [actor('main')],
      }),
    },
    happens: [
      { until: { condition: 'Ready', is: 'True' } },
      { touch: 'sick' },
      { until: { restarts: 'side', atLeast: 2 } },
      { until: { condition: 'Ready', is: 'False' } },
    ],
    holds: [{ phase: 'Running' }, { notRestarted: 'main' }, { conditionIs: { Initialized: 'True' } }],
  },
  {
    id: 'configmap-arrives',
    says: 'a container that waits for a ConfigMap starts when it comes',
    upstream: [],
    pod: {
      spec: stage({ containers: [actor('main', {}, { envFrom: [{ configMapRef: { name: 'configmap-arrives' } }] })] }),
    },
    happens: [
      { until: { waiting: 'main', reason: 'CreateContainerConfigError' } },
      { create: configMap('configmap-arrives', { A: 'a' }) },
      { until: { ready: 'main', is: true } },
    ],
    holds: [
      { event: /Warning Failed spec\.containers\{main\}: Error: configmap "configmap-arrives" not found/ },
      { restartCount: { main: 0 } },
    ],
  },
  {
    id: 'sidecar-ready-counts',
    says: "a sidecar's readiness is the Pod's, too, and holds nobody up",
    upstream: [],
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        initContainers: [sidecar('side', {}, { readinessProbe: every(1, exec('test -e /w/up')) })],
        containers: [actor('main')],
      }),
    },
    happens: [
      ...READY,
      { until: { event: /Readiness probe failed/ } },
      { touch: 'up' },
      { until: { condition: 'Ready', is: 'True' } },
    ],
    holds: [{ conditions: ['Initialized=True', 'ContainersReady=True'] }, { row: /2\/2 +Running +0 / }],
  },
];

export const pods: Scenario[] = [...life, ...conditions, ...deletions, ...oom, ...restarts];
