import { exited, observed, running, sandbox } from '../../test/pods/observed.ts';
import { B, type Case, dead, decides } from '../../test/pods/plan-table.ts';
import { BEGIN, busybox } from '../../test/pods/world.ts';

const ALL_WELL = [running('a'), running('b')];

const SANDBOXES: Case[] = [
  {
    name: 'a dead sandbox: everything begins anew',
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'dead before any container was made',
    observed: observed([], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/0', 'b/0'] },
  },
  {
    name: 'OnFailure: what had succeeded is not run again',
    spec: { restartPolicy: 'OnFailure' },
    observed: observed([exited('a', 0), exited('b', 137)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['b/1'] },
  },
  {
    name: 'OnFailure and all had succeeded: finished',
    spec: { restartPolicy: 'OnFailure' },
    observed: observed([exited('a', 0), exited('b', 0)], [dead]),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'Never: a Pod whose containers ran is finished',
    spec: { restartPolicy: 'Never' },
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'Never: a Pod that ran nothing yet gets its sandbox',
    spec: { restartPolicy: 'Never' },
    observed: observed([running('a', { state: 'CREATED' })], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/0 for a/0', 'b/0'] },
  },
  {
    name: 'a sandbox without address is of no use',
    observed: observed(ALL_WELL, [sandbox({ ips: [] })]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'two ready sandboxes are one too many',
    observed: observed(ALL_WELL, [sandbox({ attempt: 1 }), sandbox()]),
    expected: { sandbox: '2 for sandbox-1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'with init containers the first of them begins',
    spec: { initContainers: [busybox('i'), busybox('j')] },
    observed: observed([exited('a', 137), exited('i', 0), exited('j', 0)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['i/1'] },
  },
  {
    name: 'in the new sandbox the second init container runs again, though it ran in the old one',
    spec: { initContainers: [busybox('i'), busybox('j')] },
    observed: observed(
      [exited('i', 0, { attempt: 1, sandboxId: 'sandbox-1' }), exited('a', 137), exited('i', 0), exited('j', 0)],
      [sandbox({ attempt: 1 }), dead],
    ),
    expected: { start: ['j/1'] },
  },
  {
    name: 'a crash in the old sandbox counts for the back-off',
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 5_000 }]],
    expected: {
      sandbox: '1 for sandbox-0',
      start: ['a/1'],
      wait: ['b 9s: back-off 10s restarting failed container=b pod=p_default(uid-p)'],
      wake: 9,
    },
  },
];

decides([['sandboxes', SANDBOXES]]);
