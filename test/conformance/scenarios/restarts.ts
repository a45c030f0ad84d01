import { actor, sidecar, stage } from '../cast.ts';
import type { Scenario, Step } from '../scenario.ts';

const FILE = 'e2e_node/container_lifecycle_test.go';
const upstream = (...tests: string[]) => [{ file: FILE, tests }];
const begun = (...names: string[]): Step[] => names.map((name) => ({ until: { told: `${name} started` } }));
const READY: Step = { until: { condition: 'Ready', is: 'True' } };
const INIT = ['i1', 'i2', 'i3'];
const withSidecar = {
  spec: stage({
    initContainers: [actor('i1', { runs: 0.1 }), sidecar('s2'), actor('i3', { runs: 0.1 })],
    containers: [actor('main')],
  }),
};

/** The node's process is killed, and starts again; with `killSandbox` everything of the Pod is killed meanwhile, as by a reboot. */
export const restarts: Scenario[] = [
  {
    id: 'reboot',
    alone: true,
    says: 'after a reboot a Pod begins anew with its first init container',
    upstream: upstream('A node reboots: should restart the containers in right order after the node reboot'),
    pod: {
      spec: stage({ initContainers: INIT.map((name) => actor(name, { runs: 0.1 })), containers: [actor('main')] }),
    },
    happens: [...begun('main'), READY, { killSandbox: true }, { until: { told: 'main started', times: 2 } }, READY],
    holds: [
      { story: [...INIT, 'main', ...INIT, 'main'].map((name) => `${name} starting`) },
      { restartCount: { i1: 1, i2: 1, i3: 1, main: 1 } },
    ],
  },
  {
    id: 'node-restart',
    alone: true,
    says: 'init containers that have finished are not run again when the node starts again; nothing that runs is restarted',
    upstream: upstream(
      'initialized and running: should not restart any completed init container after the kubelet restart',
    ),
    pod: {
      spec: stage({ initContainers: INIT.map((name) => actor(name, { runs: 0.1 })), containers: [actor('main')] }),
    },
    happens: [...begun('main'), READY, { restartNode: true }, { exec: 'main', script: 'sleep 2' }, READY],
    holds: [
      ...INIT.map((name) => ({ notRestarted: name })),
      { notRestarted: 'main' },
      { restartCount: { i1: 0, i2: 0, i3: 0, main: 0 } },
    ],
  },
  {
    id: 'node-restart-during-init',
    alone: true,
    says: 'an init container goes on through a restart of the node; those before it are not run again',
    upstream: upstream('initializing: should not restart any completed init container after the kubelet restart'),
    pod: {
      spec: stage({
        initContainers: [
          actor('i1', { runs: 0.1 }),
          actor('i2', { runs: 0.1 }),
          actor('i3', { runs: { until: 'go' } }),
        ],
        containers: [actor('main')],
      }),
    },
    happens: [
      ...begun('i3'),
      { until: { running: 'i3' } },
      { restartNode: true },
      { exec: 'i3', script: 'sleep 1' },
      { touch: 'go' },
      ...begun('main'),
      READY,
    ],
    holds: [
      ...INIT.map((name) => ({ notRestarted: name })),
      { notRestarted: 'main' },
      { endsBeforeStart: ['i3', 'main'] },
    ],
  },
  {
    id: 'reboot-with-sidecar',
    alone: true,
    says: 'after a reboot sidecars start in their places among the init containers; the Pod is Pending again until then',
    upstream: upstream(
      'A node running restartable init containers reboots: should restart the containers in right order after the node reboot',
    ),
    pod: withSidecar,
    happens: [...begun('main'), READY, { killSandbox: true }, { until: { told: 'main started', times: 2 } }, READY],
    holds: [{ story: ['i1', 's2', 'i3', 'main', 'i1', 's2', 'i3', 'main'].map((name) => `${name} starting`) }],
  },
  {
    id: 'reboot-and-update',
    alone: true,
    says: 'an image that changes while the node is away is that of the next start',
    upstream: upstream(
      'A node is rebooting and receives an update request: should handle an update during the node reboot',
    ),
    pod: withSidecar,
    happens: [
      ...begun('main'),
      READY,
      { killSandbox: true },
      { image: 's2', to: 'nginx' },
      { until: { restarts: 'main', atLeast: 1 } },
      { until: { restarts: 's2', atLeast: 1 } },
      READY,
    ],
    holds: [{ image: { s2: /nginx/ } }, { phase: 'Running' }],
  },
  {
    id: 'node-restart-and-update',
    alone: true,
    says: 'an image that changes after a restart of the node restarts that sidecar only',
    upstream: upstream(
      'A node is rebooting and receives an update request: should handle an update during the kubelet restart',
    ),
    pod: withSidecar,
    happens: [
      ...begun('main'),
      READY,
      { restartNode: true },
      { image: 's2', to: 'nginx' },
      { until: { restarts: 's2', atLeast: 1 } },
      READY,
    ],
    holds: [{ image: { s2: /nginx/ } }, { notRestarted: 'main' }, { restartCount: { i1: 0, s2: 1, i3: 0, main: 0 } }],
  },
];
