import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pass, virtualTime, World } from '../../../test/pods/world.ts';
import type { Node, Taint, Toleration } from '../../kube/generated/objects.ts';
import { withCordonTaint } from './cordon.ts';
import { secondsTolerated } from './tolerations.ts';

const KEY = { group: '', resource: 'nodes', namespace: '', name: 'node1' };
const NOW = Date.parse('2026-11-23T18:00:00Z');

let world: World;

beforeEach(async () => {
  virtualTime();
  world = new World();
  await world.loop.start();
  await world.registerNode({ spec: {} });
});

afterEach(async () => {
  await world.close();
  vi.useRealTimers();
});

const node = (): Node => world.store.get(KEY) as Node;
const change = async (spec: Node['spec']): Promise<void> => {
  await world.store.update(KEY, (current) => ({ ...current, spec: { ...(current.spec as object), ...spec } }));
  await pass();
};
const marked = (name: string) => {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = world.get(name)?.metadata ?? {};
  return { deletionTimestamp, deletionGracePeriodSeconds, generation };
};
const evicted = (name: string): string => `Normal TaintManagerEviction Marking for deletion Pod default/${name}`;
const said = (name: string) => world.eventsOf(name).filter((line) => line.includes('Taint'));

const TAINT: Taint = { key: 'maintenance', value: 'soon', effect: 'NoExecute' };
const toleration = (tolerationSeconds?: number): Toleration => ({
  key: 'maintenance',
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
});

describe('a node that is cordoned', () => {
  test('has the taint for it until it is uncordoned, beside those of others', async () => {
    const other: Taint = { key: 'gpu', effect: 'NoSchedule' };
    await change({ unschedulable: true, taints: [other] });
    const own = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: '2026-11-23T18:00:00Z' };
    expect(node().spec?.taints?.map(({ timeAdded, ...taint }) => taint)).toEqual([
      other,
      { key: own.key, effect: own.effect },
    ]);
    expect(node().spec?.taints?.[1]?.timeAdded).toMatch(/^2026-11-23T18:00:0/);
    await change({ unschedulable: false });
    expect(node().spec?.taints).toEqual([other]);
  });

  test('keeps its Pods, takes no new ones but those that tolerate it, and takes the others when it is uncordoned', async () => {
    await world.create('old');
    await change({ unschedulable: true });
    await world.create('new', { nodeName: undefined });
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }];
    await world.create('daemon', { nodeName: undefined, tolerations });
    await pass(1000);
    expect(world.status('old').phase).toBe('Running');
    expect(world.status('daemon').phase).toBe('Running');
    expect(world.eventsOf('new')).toEqual([
      'Warning FailedScheduling 0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    ]);
    await change({ unschedulable: false });
    await pass(1000);
    expect(world.status('new').phase).toBe('Running');
  });

  test.each<[string, Node['spec'], Node['spec'] | 'same']>([
    ['nothing to say', {}, 'same'],
    [
      'a taint of the same key and another effect is another taint',
      { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoExecute' }] },
      'same',
    ],
    [
      'it is said already',
      { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
      'same',
    ],
    [
      'no taint is left',
      { podCIDR: 'x', taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
      { podCIDR: 'x' },
    ],
  ])('%s', (_, spec, expected) => {
    const given: Node = { metadata: { name: 'n' }, spec };
    const made = withCordonTaint(given, NOW);
    if (expected === 'same') expect(made).toBe(given);
    else expect(made).toEqual({ ...given, spec: expected });
  });
});

describe('a taint NoExecute', () => {
  test('ends the Pods that do not tolerate it, within their grace period, and says why', async () => {
    world.runtime.script('c', { termAfterMs: 4000 });
    await world.create('web', { terminationGracePeriodSeconds: 7 }, { generation: 1 });
    await world.create('firm', { tolerations: [toleration()] });
    await pass(1000);
    await change({ taints: [TAINT] });
    expect(said('web')).toEqual([evicted('web')]);
    expect(marked('web')).toMatchObject({ deletionGracePeriodSeconds: 7, generation: 2 });
    expect(world.status('web').conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    });
    await pass(10_000);
    expect(world.get('web')).toBeUndefined();
    expect(world.status('firm').phase).toBe('Running');
    expect(said('firm')).toEqual([]);
  });

  test('leaves those that tolerate it for a time until that is over', async () => {
    await world.create('web', { tolerations: [toleration(60)] });
    await change({ taints: [TAINT] });
    await pass(58_000);
    expect(marked('web').deletionTimestamp).toBeUndefined();
    await pass(3_000);
    expect(said('web')).toEqual([evicted('web')]);
  });

  test('that is taken off in time ends nobody', async () => {
    await world.create('web', { tolerations: [toleration(60)] });
    await change({ taints: [TAINT] });
    await change({ taints: [] });
    await pass(120_000);
    expect(said('web')).toEqual(['Normal TaintManagerEviction Cancelling deletion of Pod default/web']);
    expect(world.status('web').phase).toBe('Running');
  });

  test('takes Pods that come later, too, and no new one without a node', async () => {
    await change({ taints: [TAINT] });
    await world.create('late');
    await world.create('free', { nodeName: undefined });
    await pass(1000);
    expect(said('late')).toEqual([evicted('late')]);
    expect(world.eventsOf('free')[0]).toContain('1 node(s) had untolerated taint {maintenance: soon}');
  });

  test('of another effect ends nobody', async () => {
    await world.create('web');
    await change({
      taints: [
        { ...TAINT, effect: 'NoSchedule' },
        { ...TAINT, effect: 'PreferNoSchedule' },
      ],
    });
    await world.create('free', { nodeName: undefined, tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] });
    await pass(1000);
    expect([world.status('web').phase, world.status('free').phase]).toEqual(['Running', 'Running']);
  });
});

test.each<[string, Toleration[], Taint[], number]>([
  ['no taints', [], [], Number.POSITIVE_INFINITY],
  ['not tolerated', [], [TAINT], 0],
  ['for ever', [toleration()], [TAINT], Number.POSITIVE_INFINITY],
  ['for a time', [toleration(5)], [TAINT], 5],
  ['below nothing', [toleration(-5)], [TAINT], 0],
  ['the first toleration counts', [toleration(9), toleration(5)], [TAINT], 9],
  [
    'the shortest of several taints',
    [toleration(9), { key: 'b', operator: 'Exists', tolerationSeconds: 3 }],
    [TAINT, { key: 'b', effect: 'NoExecute' }],
    3,
  ],
  ['one of two is not tolerated', [toleration(9)], [TAINT, { key: 'b', effect: 'NoExecute' }], 0],
])('%s', (_, tolerations, taints, expected) => {
  expect(secondsTolerated({ spec: { containers: [], tolerations } }, taints)).toBe(expected);
});
