import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { busybox, pass, virtualTime, World } from '../../test/pods/world.ts';
import type { PodSpec } from '../kube/generated/objects.ts';

let world: World;

beforeEach(async () => {
  virtualTime();
  world = new World();
  await world.loop.start();
});

afterEach(async () => {
  await world.close();
  vi.useRealTimers();
});

const UNBOUND: Partial<PodSpec> = { nodeName: undefined };
const scheduled = (name: string) => world.status(name).conditions?.find(({ type }) => type === 'PodScheduled');

test('a Pod is bound to the node and started', async () => {
  await world.registerNode();
  await world.create('web', UNBOUND);
  await pass();
  expect(world.get('web')?.spec?.nodeName).toBe('node1');
  expect(world.eventsOf('web').slice(0, 3)).toEqual([
    'Normal Scheduled Successfully assigned default/web to node1',
    'Normal Pulled Container image "busybox" already present on machine',
    'Normal Created Created container: c',
  ]);
  expect(scheduled('web')).toMatchObject({ status: 'True', lastTransitionTime: '2026-11-23T18:00:00Z' });
  expect(world.status('web').phase).toBe('Running');
});

test('a Pod that does not fit says why, once', async () => {
  await world.registerNode();
  await world.create('web', { ...UNBOUND, nodeSelector: { x: 'y' } });
  await pass(120_000);
  const message =
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
  expect(world.eventsOf('web')).toEqual([`Warning FailedScheduling ${message}`]);
  expect(scheduled('web')).toMatchObject({ status: 'False', reason: 'Unschedulable', message });
  expect(world.status('web').phase).toBe('Pending');
  expect(await world.sandboxes()).toEqual([]);
});

test('it is bound when the node gets the label', async () => {
  await world.registerNode();
  await world.create('web', { ...UNBOUND, nodeSelector: { x: 'y' } });
  await pass();
  await world.store.update({ group: '', resource: 'nodes', namespace: '', name: 'node1' }, (node) => ({
    ...node,
    metadata: { ...node.metadata, labels: { x: 'y' } },
  }));
  await pass();
  expect(world.status('web').phase).toBe('Running');
});

test('before the node is known, Pods wait for it', async () => {
  await world.create('web', UNBOUND);
  await pass();
  expect(world.eventsOf('web')).toEqual(['Warning FailedScheduling no nodes available to schedule pods']);
  await world.registerNode();
  await pass();
  expect(world.status('web').phase).toBe('Running');
});

test('room that becomes free is given to who waits for it', async () => {
  const half = busybox('c', { resources: { requests: { cpu: '600m' } } });
  await world.registerNode({ status: { allocatable: { cpu: '1' } } });
  await world.create('first', { ...UNBOUND, containers: [half] });
  await world.create('second', { ...UNBOUND, containers: [half] });
  await pass();
  expect(world.eventsOf('second')).toEqual([
    'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  ]);
  await world.delete('first');
  await pass(1000);
  expect(world.status('second').phase).toBe('Running');
});

test('a finished Pod takes no room', async () => {
  const half = busybox('c', { resources: { requests: { cpu: '600m' } } });
  world.runtime.script('c', { exitsAfterMs: 5000 });
  await world.registerNode({ status: { allocatable: { cpu: '1' } } });
  await world.create('first', { ...UNBOUND, containers: [half], restartPolicy: 'Never' });
  await world.create('second', { ...UNBOUND, containers: [half] });
  await pass(1000);
  expect(world.get('second')?.spec?.nodeName).toBeUndefined();
  await pass(5000);
  expect(world.get('second')?.spec?.nodeName).toBe('node1');
});

test('scheduling gates hold a Pod back until they are taken off', async () => {
  await world.registerNode();
  await world.create('web', { ...UNBOUND, schedulingGates: [{ name: 'example.com/gate' }] });
  await pass();
  expect(scheduled('web')).toMatchObject({ status: 'False', reason: 'SchedulingGated' });
  expect(world.eventsOf('web')).toEqual([]);
  await world.edit('web', (pod) => ({ ...pod, spec: { ...pod.spec!, schedulingGates: [] } }));
  await pass();
  expect(world.status('web').phase).toBe('Running');
});

test('Pods of another scheduler or node are left alone', async () => {
  await world.registerNode();
  await world.create('other', { ...UNBOUND, schedulerName: 'mine' });
  await world.create('elsewhere', { nodeName: 'node2' });
  await pass(60_000);
  expect(world.get('other')?.spec?.nodeName).toBeUndefined();
  expect(world.rows).toEqual(['other Pending', 'elsewhere Pending']);
});

test('a Pod that is deleted before it is bound is not bound', async () => {
  await world.create('web', UNBOUND);
  await pass();
  await world.delete('web');
  await world.registerNode();
  await pass();
  expect(world.get('web')?.spec?.nodeName).toBeUndefined();
});
