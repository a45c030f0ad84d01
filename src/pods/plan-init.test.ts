import { exited, observed, running } from '../../test/pods/observed.ts';
import { A, type Case, dead, decides, deleted } from '../../test/pods/plan-table.ts';
import { BEGIN, busybox, sidecar } from '../../test/pods/world.ts';
import type { Health } from './health.ts';
import { NOTHING_OBSERVED } from './observed.ts';

const I = busybox('i');
const J = busybox('j');
const INIT = { initContainers: [I, J], containers: [A] };

const INIT_CONTAINERS: Case[] = [
  {
    name: 'a new Pod begins with the first',
    spec: INIT,
    observed: NOTHING_OBSERVED,
    expected: { sandbox: '0', start: ['i/0'] },
  },
  { name: 'an empty sandbox begins with the first', spec: INIT, containers: [], expected: { start: ['i/0'] } },
  { name: 'while the first runs nothing else starts', spec: INIT, containers: [running('i')], expected: {} },
  { name: 'after the first the second', spec: INIT, containers: [exited('i')], expected: { start: ['j/0'] } },
  {
    name: 'after the last the main containers',
    spec: INIT,
    containers: [exited('j'), exited('i')],
    expected: { start: ['a/0'] },
  },
  { name: 'a failed one is run again', spec: INIT, containers: [exited('i', 1)], expected: { start: ['i/1'] } },
  {
    name: 'a failed one is run again under OnFailure',
    spec: { ...INIT, restartPolicy: 'OnFailure' },
    containers: [exited('i', 1)],
    expected: { start: ['i/1'] },
  },
  {
    name: 'under Never a failed one is the end of the Pod',
    spec: { ...INIT, restartPolicy: 'Never' },
    containers: [exited('i', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a failed one has back-off',
    spec: INIT,
    containers: [exited('i', 1, { attempt: 1 })],
    backOffs: [[I, { delayMs: 10_000, since: BEGIN - 2_000 }]],
    expected: { wait: ['i 9s: back-off 10s restarting failed container=i pod=p_default(uid-p)'], wake: 9 },
  },
  {
    name: 'made and never started: made again, also under Never',
    spec: { ...INIT, restartPolicy: 'Never' },
    containers: [running('i', { state: 'CREATED' })],
    expected: { start: ['i/0 for i/0'] },
  },
  {
    name: 'in a state nobody knows: killed and made anew',
    spec: INIT,
    containers: [running('i', { state: 'UNKNOWN' })],
    expected: { kill: ['i/0: Init container is in "unknown" state, try killing it before restart'], start: ['i/1'] },
  },
  {
    name: 'after initialization it is never run again, whatever was removed',
    spec: INIT,
    containers: [running('a')],
    expected: {},
  },
  {
    name: 'a main container that ended proves initialization too',
    spec: INIT,
    containers: [exited('a', 1), exited('j', 1), exited('i')],
    expected: { start: ['a/1'] },
  },
];

const S = sidecar('s');
const T = sidecar('t');
const SIDECARS = { initContainers: [S, T], containers: [A] };
const waitingFor = (name: string): Partial<Health> => ({ started: (container) => container.name !== name });

const NATIVE_SIDECARS: Case[] = [
  { name: 'the first starts alone', spec: SIDECARS, containers: [], expected: { start: ['s/0'] } },
  { name: 'when it has started, the next', spec: SIDECARS, containers: [running('s')], expected: { start: ['t/0'] } },
  {
    name: 'while its startup probe has not succeeded, nothing',
    spec: SIDECARS,
    containers: [running('s')],
    health: waitingFor('s'),
    expected: {},
  },
  {
    name: 'after the last the main containers',
    spec: SIDECARS,
    containers: [running('t'), running('s')],
    expected: { start: ['a/0'] },
  },
  {
    name: 'the last holds the main containers up too',
    spec: SIDECARS,
    containers: [running('t'), running('s')],
    health: waitingFor('t'),
    expected: {},
  },
  { name: 'all well', spec: SIDECARS, containers: [running('a'), running('t'), running('s')], expected: {} },
  {
    name: 'one that ended is restarted beside the main container',
    spec: SIDECARS,
    containers: [running('a'), running('t'), exited('s', 1)],
    expected: { start: ['s/1'] },
  },
  {
    name: 'also after exit 0 and under Never',
    spec: { ...SIDECARS, restartPolicy: 'Never' },
    containers: [running('a'), exited('t', 0), running('s')],
    expected: { start: ['t/1'] },
  },
  {
    name: 'also before initialization',
    spec: SIDECARS,
    containers: [exited('s', 1)],
    expected: { start: ['s/1'] },
  },
  {
    name: 'an earlier one is restarted while a later one is being started',
    spec: SIDECARS,
    containers: [running('t'), exited('s', 1)],
    health: waitingFor('t'),
    expected: { start: ['s/1'] },
  },
  {
    name: 'restarted in the order of the manifest',
    spec: SIDECARS,
    containers: [running('a'), exited('t', 1), exited('s', 1)],
    expected: { start: ['s/1', 't/1'] },
  },
  {
    name: 'one whose record is gone is started again after initialization',
    spec: SIDECARS,
    containers: [running('a'), running('t')],
    expected: { start: ['s/0'] },
  },
  {
    name: 'its liveness does not hold the next one up',
    spec: SIDECARS,
    containers: [running('s')],
    health: { failing: () => 'liveness' },
    expected: { kill: ['s/0: Init container s failed liveness probe'], start: ['s/1', 't/0'] },
  },
  {
    name: 'a failed startup probe restarts it and holds the next one up',
    spec: SIDECARS,
    containers: [running('s')],
    health: { failing: () => 'startup', started: () => false },
    expected: { kill: ['s/0: Init container s failed startup probe'], start: ['s/1'] },
  },
  {
    name: 'another image restarts it',
    spec: { ...SIDECARS, initContainers: [sidecar('s', { image: 'nginx' }), T] },
    containers: [running('a'), running('t'), running('s')],
    expected: { kill: ['s/0: Init container s definition changed'], start: ['s/1'] },
  },
  {
    name: 'has back-off',
    spec: SIDECARS,
    containers: [running('a'), running('t'), exited('s', 1)],
    backOffs: [[S, { delayMs: 10_000, since: BEGIN }]],
    expected: { wait: ['s 9s: back-off 10s restarting failed container=s pod=p_default(uid-p)'], wake: 9 },
  },
  {
    name: 'when the main containers have finished, the Pod is killed and no sidecar restarted',
    spec: { ...SIDECARS, restartPolicy: 'Never' },
    containers: [exited('a', 0), running('t'), exited('s', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a regular init container after a sidecar runs beside it',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [running('s')],
    expected: { start: ['i/0'] },
  },
  {
    name: 'a failing init container after a sidecar is repeated, the sidecar goes on',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [exited('i', 1), running('s')],
    expected: { start: ['i/1'] },
  },
  {
    name: 'both have failed: both again',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [exited('i', 1), exited('s', 1)],
    expected: { start: ['s/1', 'i/1'] },
  },
  {
    name: 'under Never a failed init container ends the Pod, sidecars and all',
    spec: { initContainers: [S, I], containers: [A], restartPolicy: 'Never' },
    containers: [exited('i', 1), exited('s', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'an init container before a sidecar is through: the sidecar starts',
    spec: { initContainers: [I, S], containers: [A] },
    containers: [exited('i')],
    expected: { start: ['s/0'] },
  },
  {
    name: 'a new Pod begins with the first, in a sandbox',
    spec: SIDECARS,
    observed: NOTHING_OBSERVED,
    expected: { sandbox: '0', start: ['s/0'] },
  },
  {
    name: 'a dead sandbox: begun anew with the first, whatever ran in it',
    spec: SIDECARS,
    observed: observed([exited('a', 137), exited('t', 137), exited('s', 137)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['s/1'] },
  },
  {
    name: 'under Never a dead sandbox is the end, sidecars or not',
    spec: { ...SIDECARS, restartPolicy: 'Never' },
    observed: observed([exited('a', 137), exited('t', 137), exited('s', 137)], [dead]),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'made and never started: made again under its number',
    spec: SIDECARS,
    containers: [running('s', { state: 'CREATED' })],
    expected: { start: ['s/0 for s/0'] },
  },
  {
    name: 'in a state nobody knows: killed and made anew, beside the main container, too',
    spec: SIDECARS,
    containers: [running('a'), running('t'), running('s', { state: 'UNKNOWN' })],
    expected: { kill: ['s/0: Init container is in "unknown" state, try killing it before restart'], start: ['s/1'] },
  },
  {
    name: 'OnFailure and all main containers ended well: the Pod is killed, sidecars and all',
    spec: { ...SIDECARS, restartPolicy: 'OnFailure' },
    containers: [exited('a', 0), running('t'), running('s')],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'OnFailure and a main container failed: it is restarted, and so is a sidecar that ended',
    spec: { ...SIDECARS, restartPolicy: 'OnFailure' },
    containers: [exited('a', 1), running('t'), exited('s', 0)],
    expected: { start: ['s/1', 'a/1'] },
  },
  {
    name: 'a deleted Pod restarts no sidecar',
    spec: SIDECARS,
    pod: deleted,
    containers: [running('a'), running('t'), exited('s', 1)],
    expected: { killPod: 'Deleted 12s' },
  },
  {
    name: 'a failed startup probe and another image: one restart, for the image',
    spec: { ...SIDECARS, initContainers: [sidecar('s', { image: 'nginx' }), T] },
    containers: [running('s')],
    health: { failing: () => 'startup', started: () => false },
    expected: { kill: ['s/0: Init container s definition changed'], start: ['s/1'] },
  },
  {
    name: 'one that ended before its startup probe succeeded is started again, nothing after it',
    spec: SIDECARS,
    containers: [exited('s', 0)],
    health: waitingFor('s'),
    expected: { start: ['s/1'] },
  },
  {
    name: 'when the last one waits for its back-off the main containers wait, too',
    spec: SIDECARS,
    containers: [exited('t', 1), running('s')],
    backOffs: [[T, { delayMs: 10_000, since: BEGIN }]],
    expected: { wait: ['t 9s: back-off 10s restarting failed container=t pod=p_default(uid-p)'], wake: 9 },
  },
  {
    name: 'a main container in its back-off does not finish the Pod: sidecars are kept',
    spec: { ...SIDECARS, restartPolicy: 'OnFailure' },
    containers: [exited('a', 1), running('t'), exited('s', 1)],
    backOffs: [[A, { delayMs: 10_000, since: BEGIN }]],
    expected: {
      start: ['s/1'],
      wait: ['a 9s: back-off 10s restarting failed container=a pod=p_default(uid-p)'],
      wake: 9,
    },
  },
];

decides([
  ['init containers', INIT_CONTAINERS],
  ['native sidecars', NATIVE_SIDECARS],
]);
