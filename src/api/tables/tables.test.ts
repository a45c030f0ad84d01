import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { asTable } from './as-table.ts';
import { events } from './events.ts';
import { humanDuration, timeSince } from './human-duration.ts';
import { nodes } from './nodes.ts';
import { pods } from './pods.ts';
import { configmaps, namespaces, persistentvolumeclaims, podtemplates, secrets } from './small-kinds.ts';

const now = new Date('2026-01-01T00:00:40Z');
const at = (second: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + second * 1_000).toISOString();

describe('humanDuration', () => {
  const [s, m, h, d] = [1, 60, 3_600, 86_400];
  test.each([
    [-2 * s, '<invalid>'],
    [-1 * s, '0s'],
    [0, '0s'],
    [119 * s, '119s'],
    [120 * s, '2m'],
    [5 * m + 10, '5m10s'],
    [10 * m + 5, '10m'],
    [179 * m, '179m'],
    [3 * h, '3h'],
    [3 * h + 5 * m, '3h5m'],
    [8 * h + 5 * m, '8h'],
    [47 * h, '47h'],
    [48 * h, '2d'],
    [50 * h, '2d2h'],
    [8 * d, '8d'],
    [729 * d, '729d'],
    [730 * d, '2y'],
    [735 * d, '2y5d'],
    [8 * 365 * d + 5 * d, '8y'],
  ])('%i s is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1_000)).toBe(text);
  });

  test('part of a second counts as none', () => {
    expect(humanDuration(-500)).toBe('0s');
    expect(humanDuration(1_999)).toBe('1s');
  });

  test.each([undefined, null, '', 'x'])('no time is unknown: %s', (time) => {
    expect(timeSince(time, now)).toBe('<unknown>');
  });
});

/** Rows of `reference/real-kubernetes` (kubectl and Kubernetes v1.32), and of the rules in kubelet-behaviour §3.4. */
describe('pods', () => {
  const running = (name: string, more: Partial<ContainerStatus> = {}): ContainerStatus =>
    status(name, { ready: true, started: true, state: { running: { startedAt: at(1) } }, ...more });
  const ended = (name: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): ContainerStatus =>
    status(name, { state: { terminated: { exitCode, reason } } });
  const waiting = (name: string, reason: string, more: Partial<ContainerStatus> = {}): ContainerStatus =>
    status(name, { state: { waiting: { reason } }, ...more });
  const again = (count: number, finished: number): Partial<ContainerStatus> => ({
    restartCount: count,
    lastState: { terminated: { exitCode: 1, finishedAt: at(finished) } },
  });
  function status(name: string, more: Partial<ContainerStatus>): ContainerStatus {
    return { name, image: 'i', imageID: '', ready: false, restartCount: 0, ...more };
  }
  const ready = {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Initialized', status: 'True' },
    ],
  };
  const initialized = { conditions: [{ type: 'Initialized', status: 'True' }] };
  const init = (...statuses: ContainerStatus[]) => ({ initContainerStatuses: statuses });
  const main = (...statuses: ContainerStatus[]) => ({ containerStatuses: statuses });

  const pod = (change: {
    status?: Pod['status'];
    containers?: number;
    init?: (string | [string])[];
    deleted?: boolean;
    spec?: object;
  }): Pod => ({
    metadata: { name: 'p', creationTimestamp: at(0), ...(change.deleted && { deletionTimestamp: at(30) }) },
    spec: {
      containers: Array.from({ length: change.containers ?? 1 }, (_, i) => ({ name: `c${i}` })),
      // A name in brackets is a sidecar.
      ...(change.init && {
        initContainers: change.init.map((c) =>
          typeof c === 'string' ? { name: c } : { name: c[0], restartPolicy: 'Always' },
        ),
      }),
      ...change.spec,
    },
    status: { phase: 'Running', ...change.status },
  });
  const row = (p: Pod) => pods.cells(p, now).slice(1, 4).join(' | ');

  const cases: [string, Parameters<typeof pod>[0], string][] = [
    ['just created', { containers: 2, status: { phase: 'Pending' } }, '0/2 | Pending | 0'],
    [
      'being created',
      { status: { phase: 'Pending', ...main(waiting('c0', 'ContainerCreating')) } },
      '0/1 | ContainerCreating | 0',
    ],
    ['running', { containers: 2, status: { ...ready, ...main(running('c0'), running('c1')) } }, '2/2 | Running | 0'],
    ['running but not ready', { status: main(running('c0', { ready: false })) }, '0/1 | Running | 0'],
    ['ended badly', { status: { phase: 'Failed', ...main(ended('c0', 3)) } }, '0/1 | Error | 0'],
    [
      'could not start',
      { status: { phase: 'Failed', ...main(ended('c0', 128, 'StartError')) } },
      '0/1 | StartError | 0',
    ],
    [
      'ended without a reason',
      { status: main(status('c0', { state: { terminated: { exitCode: 3 } } })) },
      '0/1 | ExitCode:3 | 0',
    ],
    [
      'ended by a signal',
      { status: main(status('c0', { state: { terminated: { exitCode: 137, signal: 9 } } })) },
      '0/1 | Signal:9 | 0',
    ],
    [
      'ended in a crash loop',
      { status: main(status('c0', { state: { terminated: { exitCode: 1, reason: 'Error' } }, ...again(3, 16) })) },
      '0/1 | Error | 3 (24s ago)',
    ],
    [
      'waiting in a crash loop',
      { status: main(waiting('c0', 'CrashLoopBackOff', again(3, 31))) },
      '0/1 | CrashLoopBackOff | 3 (9s ago)',
    ],
    [
      'restarted, with no word of when',
      { status: { ...ready, ...main(running('c0', { restartCount: 2 })) } },
      '1/1 | Running | 2',
    ],
    [
      'the latest restart counts',
      { containers: 2, status: { ...ready, ...main(running('c0', again(1, 35)), running('c1', again(2, 10))) } },
      '2/2 | Running | 3 (5s ago)',
    ],
    [
      'the first container is heard',
      {
        containers: 2,
        status: { phase: 'Pending', ...main(waiting('c0', 'ErrImagePull'), waiting('c1', 'ContainerCreating')) },
      },
      '0/2 | ErrImagePull | 0',
    ],
    [
      'one done, one ready',
      { containers: 2, status: { ...ready, ...main(ended('c0', 0), running('c1')) } },
      '1/2 | Running | 0',
    ],
    [
      'one done, the Pod not ready',
      { containers: 2, status: { ...initialized, ...main(ended('c0', 0), running('c1')) } },
      '1/2 | NotReady | 0',
    ],
    ['done', { status: { phase: 'Succeeded', ...main(ended('c0', 0)) } }, '0/1 | Completed | 0'],
    [
      'one ended well and one badly',
      { containers: 2, status: { phase: 'Failed', ...main(ended('c0', 0), ended('c1', 4)) } },
      '0/2 | Completed | 0',
    ],
    ['too late', { status: { phase: 'Failed', reason: 'DeadlineExceeded' } }, '0/1 | DeadlineExceeded | 0'],
    [
      'gated',
      {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      '0/1 | SchedulingGated | 0',
    ],

    [
      'init has not begun',
      {
        init: ['a', 'b'],
        status: { phase: 'Pending', ...init(waiting('a', 'PodInitializing'), waiting('b', 'PodInitializing')) },
      },
      '0/1 | Init:0/2 | 0',
    ],
    [
      'the second init runs',
      {
        init: ['a', 'b'],
        status: { phase: 'Pending', ...init(ended('a', 0), running('b')), ...main(waiting('c0', 'PodInitializing')) },
      },
      '0/1 | Init:1/2 | 0',
    ],
    [
      'init is done',
      { init: ['a'], status: { phase: 'Pending', ...init(ended('a', 0)), ...main(waiting('c0', 'PodInitializing')) } },
      '0/1 | PodInitializing | 0',
    ],
    ['init failed', { init: ['a'], status: { phase: 'Pending', ...init(ended('a', 1)) } }, '0/1 | Init:Error | 0'],
    [
      'init failed without a reason',
      { init: ['a'], status: { phase: 'Pending', ...init(status('a', { state: { terminated: { exitCode: 7 } } })) } },
      '0/1 | Init:ExitCode:7 | 0',
    ],
    [
      'init was killed',
      {
        init: ['a'],
        status: { phase: 'Pending', ...init(status('a', { state: { terminated: { exitCode: 137, signal: 9 } } })) },
      },
      '0/1 | Init:Signal:9 | 0',
    ],
    [
      'init crashes',
      { init: ['a'], status: { phase: 'Pending', ...init(waiting('a', 'CrashLoopBackOff', again(2, 30))) } },
      '0/1 | Init:CrashLoopBackOff | 2 (10s ago)',
    ],
    [
      'restarts of init are forgotten afterwards',
      {
        init: ['a'],
        status: {
          ...ready,
          ...init(status('a', { state: { terminated: { exitCode: 0 } }, ...again(1, 3) })),
          ...main(running('c0')),
        },
      },
      '1/1 | Running | 0',
    ],

    [
      'a sidecar is not started yet',
      { init: [['s']], status: { phase: 'Pending', ...init(running('s', { started: false, ready: false })) } },
      '0/2 | Init:0/1 | 0',
    ],
    [
      'a sidecar counts',
      { init: [['s']], status: { ...ready, ...init(running('s')), ...main(running('c0')) } },
      '2/2 | Running | 0',
    ],
    [
      'restarts of a sidecar count',
      {
        init: ['a', ['s']],
        status: { ...ready, ...init(ended('a', 0), running('s', again(1, 20))), ...main(running('c0', again(1, 10))) },
      },
      '2/2 | Running | 2 (20s ago)',
    ],
    [
      'a sidecar fails while the main container runs',
      { init: [['s']], status: { ...initialized, ...init(ended('s', 1)), ...main(running('c0')) } },
      '1/2 | Init:Error | 0',
    ],
    [
      'a sidecar ended well while the main container runs',
      { init: [['s']], status: { ...initialized, ...init(ended('s', 0)), ...main(running('c0')) } },
      '1/2 | Running | 0',
    ],
    [
      'a sidecar and the main container are done',
      {
        init: [['s']],
        status: { phase: 'Succeeded', ...initialized, ...init(ended('s', 0)), ...main(ended('c0', 0)) },
      },
      '0/2 | Completed | 0',
    ],

    ['being deleted', { deleted: true, status: { ...ready, ...main(running('c0')) } }, '1/1 | Terminating | 0'],
    ['deleted and done', { deleted: true, status: { phase: 'Failed', ...main(ended('c0', 143)) } }, '0/1 | Error | 0'],
    ['deleted on a lost node', { deleted: true, status: { reason: 'NodeLost' } }, '0/1 | Unknown | 0'],
  ];
  test.each(cases)('%s', (_, change, expected) => {
    expect(row(pod(change))).toBe(expected);
  });

  test('the wide columns', () => {
    expect(pods.cells(pod({}), now).slice(4)).toEqual(['40s', '<none>', '<none>', '<none>', '<none>']);
    const full = pod({
      spec: { nodeName: 'node1', readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] },
      status: { podIPs: [{ ip: '10.0.0.1' }], nominatedNodeName: 'n2', conditions: [{ type: 'b', status: 'True' }] },
    });
    expect(pods.cells(full, now).slice(4)).toEqual(['40s', '10.0.0.1', 'node1', 'n2', '1/2']);
  });

  test('rows of Pods that are done say so', () => {
    const of = (phase: string) => pods.conditions?.(pod({ status: { phase } })).map((c) => [c.type, c.reason]);
    expect(['Succeeded', 'Failed', 'Running'].map(of)).toEqual([
      [['Completed', 'Succeeded']],
      [['Completed', 'Failed']],
      [],
    ]);
  });
});

test('events', () => {
  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'web-app', fieldPath: 'spec.containers{app}' },
    reason: 'Started',
    type: 'Normal',
    message: ' Started container app\n',
    source: { component: 'kubelet', host: 'node1' },
    firstTimestamp: at(0),
    lastTimestamp: at(30),
    count: 4,
  };
  expect(events.cells(event, now)).toEqual([
    '10s',
    'Normal',
    'Started',
    'pod/web-app',
    'spec.containers{app}',
    'kubelet, node1',
    'Started container app',
    '40s',
    4,
    'e',
  ]);
  const modern = {
    metadata: {},
    involvedObject: { kind: 'Node' },
    eventTime: at(10),
    reportingComponent: 'x',
    series: { count: 3, lastObservedTime: at(39) },
  };
  expect(events.cells(modern, now)).toEqual(['1s', '', '', 'node', '', 'x', '', '30s', 3, '']);
  expect(events.cells({ metadata: {}, involvedObject: {} }, now)[0]).toBe('<unknown>');
});

test('nodes', () => {
  const node = {
    metadata: {
      name: 'n',
      creationTimestamp: at(0),
      labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: {
        kubeletVersion: 'v1.33.0',
        osImage: 'Debian',
        kernelVersion: '6.1',
        containerRuntimeVersion: 'containerd://1.6',
      },
    },
  } as unknown as Parameters<typeof nodes.cells>[0];
  expect(nodes.cells(node, now)).toEqual([
    'n',
    'Ready,SchedulingDisabled',
    'control-plane,worker',
    '40s',
    'v1.33.0',
    '10.0.0.1',
    '<none>',
    'Debian',
    '6.1',
    'containerd://1.6',
  ]);
  expect(nodes.cells({ metadata: { name: 'n' } }, now).slice(0, 5)).toEqual([
    'n',
    'Unknown',
    '<none>',
    '<unknown>',
    '',
  ]);
});

test('small kinds', () => {
  const metadata = { name: 'x', creationTimestamp: at(0) };
  expect(namespaces.cells({ metadata, status: { phase: 'Active' } }, now)).toEqual(['x', 'Active', '40s']);
  expect(configmaps.cells({ metadata, data: { a: '', b: '' }, binaryData: { c: '' } }, now)).toEqual(['x', 3, '40s']);
  expect(secrets.cells({ metadata, type: 'Opaque' }, now)).toEqual(['x', 'Opaque', 0, '40s']);
  expect(
    podtemplates.cells(
      {
        metadata,
        template: {
          metadata: { labels: { a: 'b' } },
          spec: {
            containers: [
              { name: 'c', image: 'i' },
              { name: 'd', image: 'j' },
            ],
          },
        },
      },
      now,
    ),
  ).toEqual(['x', 'c,d', 'i,j', 'a=b']);
  const claim = {
    metadata,
    spec: { volumeName: 'v', storageClassName: 's', volumeMode: 'Filesystem' },
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] },
  };
  expect(persistentvolumeclaims.cells(claim, now)).toEqual([
    'x',
    'Bound',
    'v',
    '1Gi',
    'RWO,RWX',
    's',
    '<unset>',
    '40s',
    'Filesystem',
  ]);
});

describe('asTable', () => {
  const stored: KubeObject = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'x', creationTimestamp: at(0) },
    data: {},
  };
  const make = (includeObject: 'None' | 'Metadata' | 'Object', columns = true) =>
    asTable(
      [{ stored, shown: stored }],
      { resourceVersion: '5' },
      { kind: 'configmaps', version: 'v1', includeObject, columns, now },
    );

  test('has a row with the object or as much of it as is wanted', () => {
    expect(make('Metadata')).toEqual({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '5' },
      columnDefinitions: configmaps.columns,
      rows: [
        {
          cells: ['x', 0, '40s'],
          object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: stored.metadata },
        },
      ],
    });
    expect(make('Object').rows).toEqual([{ cells: ['x', 0, '40s'], object: stored }]);
    expect(make('None', false)).toMatchObject({ columnDefinitions: null, rows: [{ cells: ['x', 0, '40s'] }] });
  });

  test('kinds without columns of their own have name and creation', () => {
    const table = asTable(
      [{ stored, shown: stored }],
      {},
      { kind: 'widgets', version: 'v1', includeObject: 'None', columns: true, now },
    );
    expect(table.rows).toEqual([{ cells: ['x', at(0)] }]);
  });
});
