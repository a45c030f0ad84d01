import { expect, test } from 'vitest';
import type { Pod, PodStatus } from '../../src/kube/generated/objects.ts';
import { problem, type Seen } from './judge.ts';
import type { Assertion } from './scenario.ts';
import { Story } from './story.ts';

const c = (change: object) => ({ name: 'c', image: 'busybox', imageID: '', ready: false, restartCount: 0, ...change });
const version = (status: PodStatus): Pod => ({ metadata: { name: 'p', labels: { a: 'b' } }, status });
const condition = (type: string, status: string) => ({ type, status });

/** A Pod that waited, ran, was ready, and failed with 3 after one restart. */
const SEEN: Seen = {
  sight: {
    gone: true,
    events: ['Normal Started spec.containers{c}: Started container c'],
    versions: [
      version({
        phase: 'Pending',
        conditions: [condition('Ready', 'False')],
        containerStatuses: [c({ state: { waiting: {} } })],
      }),
      version({
        phase: 'Running',
        conditions: [condition('Ready', 'False')],
        containerStatuses: [c({ state: { running: {} } })],
      }),
      version({
        phase: 'Running',
        conditions: [condition('Ready', 'True')],
        containerStatuses: [c({ ready: true, restartCount: 1 })],
      }),
      version({
        phase: 'Failed',
        reason: 'R',
        conditions: [condition('Ready', 'False')],
        containerStatuses: [
          c({ restartCount: 1, state: { terminated: { exitCode: 3, reason: 'Error', message: 'oh' } } }),
        ],
      }),
    ],
  },
  story: new Story('1 c starting\n2 c exiting\n3 c starting'),
  row: 'p   0/1   Error   1   5s\n',
  logs: new Map([['c', 'hello\n']]),
};

test.each<[holds: Assertion, fails: Assertion, complaint: string]>([
  [{ phase: 'Failed' }, { phase: 'Running' }, 'phase: "Failed", not "Running"'],
  [{ neverPhase: 'Succeeded' }, { neverPhase: 'Pending' }, 'the pod was Pending'],
  [
    { exits: { c: [3, 'Error'] } },
    { exits: { c: [0, 'Completed'] } },
    'exit codes: {"c":[3,"Error"]}, not {"c":[0,"Completed"]}',
  ],
  [{ restartCount: { c: 1 } }, { restartCount: { c: 0 } }, 'restart counts: {"c":1}, not {"c":0}'],
  [{ image: { c: /busybox/ } }, { image: { c: /nginx/ } }, 'image of c is busybox'],
  [{ event: /Started container c$/ }, { event: /Killing/ }, 'no event /Killing/'],
  [{ noEvent: /Killing/ }, { noEvent: /Started/ }, 'an event /Started/'],
  [
    { conditions: ['Ready=False', 'Ready=True', 'Ready=False'] },
    { conditions: ['Ready=True', 'Ready=False', 'Ready=True'] },
    'Ready=True did not come after Ready=False',
  ],
  [
    { conditionIs: { Ready: 'False' } },
    { conditionIs: { Other: 'True' } },
    'conditions: {"Other":"absent"}, not {"Other":"True"}',
  ],
  [{ status: { reason: 'R' } }, { status: { reason: 'S' } }, 'status: {"reason":"R"}, not {"reason":"S"}'],
  [{ label: ['a', 'b'] }, { label: ['a', 'c'] }, 'label: "b", not "c"'],
  [{ row: /0\/1 +Error +1 / }, { row: /1\/1/ }, 'the row is p   0/1   Error   1   5s, not /1\\/1/'],
  [{ log: 'hello\n', of: 'c' }, { log: /bye/, of: 'c' }, 'log is "hello\\n", not /bye/'],
  [{ message: 'oh', of: 'c' }, { message: '', of: 'c' }, 'message is "oh", not '],
  [{ unreadyFirst: 'c' }, { unreadyFirst: 'd' }, 'd was ready as soon as it ran'],
  [{ neverReady: 'd' }, { neverReady: 'c' }, 'c was ready'],
  [{ countsUp: 'c' }, { ips: true }, 'addresses: {}'],
  [{ restarted: 'c' }, { notRestarted: 'c' }, 'c started 2 times'],
  [{ notTold: 'c term' }, { notTold: 'c exiting' }, '"c exiting" was told'],
  [{ neverStarted: 'd' }, { neverStarted: 'c' }, 'c started'],
])('%j', (holds, fails, complaint) => {
  expect(problem(holds, SEEN)).toBeUndefined();
  expect(problem(fails, SEEN)).toBe(complaint);
});
