import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { busybox, pass, virtualTime, World } from '../../test/pods/world.ts';
import { NO_ABILITIES } from './runtime-abilities.ts';

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

test('a Pod that takes too much of the disk is ended within a second, and has Failed for that', async () => {
  world.runtime.script('c', { termAfterMs: 60_000 });
  await world.create('greedy');
  await pass();
  world.events.length = 0;
  const message = 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ';
  world.loop.evict('uid-greedy', message);
  world.loop.evict('uid-greedy', 'again');
  await pass(5_000);
  expect(world.eventsOf('greedy')).toEqual([
    `Warning Evicted ${message}`,
    'Normal Killing Stopping container c',
    expect.stringContaining('ExceededGracePeriod'),
  ]);
  expect(world.status('greedy')).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
  expect(world.container('greedy', 'c').state?.terminated?.exitCode).toBe(137);
  expect(await world.sandboxes()).toEqual(['greedy/0 NOTREADY']);
  await pass(120_000);
  expect(world.status('greedy').phase).toBe('Failed');
});

test('a Pod with a sysctl that is not safe is not let in, and stays so after a restart of the node', async () => {
  const sysctls = [{ name: 'kernel.msgmax', value: '65536' }];
  await world.create('unsafe', { containers: [busybox('c')], securityContext: { sysctls } });
  await pass();
  const rejected = {
    phase: 'Failed',
    reason: 'SysctlForbidden',
    message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    qosClass: 'BestEffort',
    startTime: '2026-11-23T18:00:00Z',
  };
  expect(world.status('unsafe')).toEqual(rejected);
  expect(world.eventsOf('unsafe')).toEqual([
    'Warning SysctlForbidden forbidden sysctl: "kernel.msgmax" not allowlisted',
  ]);
  await world.loop.stop();
  await world.newLoop().start();
  await pass(120_000);
  expect(world.status('unsafe')).toEqual(rejected);
  expect(world.runtime.changes()).toEqual([]);
  await world.delete('unsafe', 0);
  await pass();
  expect(world.get('unsafe')).toBeUndefined();
});

test.each([
  [true, 'Running', undefined],
  [false, 'Failed', 'SupplementalGroupsPolicyNotSupported'],
])('strict groups, the runtime can: %s', async (supplementalGroupsPolicy, phase, reason) => {
  await world.loop.stop();
  await world.newLoop({ abilities: () => ({ ...NO_ABILITIES, supplementalGroupsPolicy }) }).start();
  await world.create('strict', { securityContext: { supplementalGroupsPolicy: 'Strict' } });
  await pass();
  expect(world.status('strict').phase).toBe(phase);
  expect(world.status('strict').reason).toBe(reason);
});
