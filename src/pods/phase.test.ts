import { expect, test } from 'vitest';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import type { ContainerStatus, Pod } from '../kube/generated/objects.ts';
import { podPhase } from './phase.ts';

/** A container's state in a word: `running`, `unstarted` (runs, its gate is closed), `waiting`, `0` or `1` (ended so), `loop0`/`loop1` (ended so, waits for its restart), `none`. */
function status(name: string, word: string): ContainerStatus[] {
  const base = { name, image: '', imageID: '', ready: false, restartCount: 0 };
  const end = (exitCode: number) => ({ terminated: { exitCode } });
  const waiting = { waiting: { reason: 'x' } };
  const states: Record<string, Partial<ContainerStatus>> = {
    running: { state: { running: {} }, started: true },
    unstarted: { state: { running: {} }, started: false },
    waiting: { state: waiting },
    '0': { state: end(0) },
    '1': { state: end(1) },
    loop0: { state: waiting, lastState: end(0) },
    loop1: { state: waiting, lastState: end(1) },
    empty: { state: {} },
  };
  const state = states[word];
  return state ? [{ ...base, ...state }] : [];
}

type Row = [title: string, policy: string, init: Record<string, string>, main: string[], ended: boolean, phase: string];

const LIVES = false;
const ENDED = true;

/** Init containers whose name begins with s are sidecars. */
const ROWS: Row[] = [
  ['nothing known', 'Always', {}, ['none', 'none'], LIVES, 'Pending'],
  ['all run', 'Always', {}, ['running', 'running'], LIVES, 'Running'],
  ['one runs, one waits for its first start', 'Always', {}, ['running', 'waiting'], LIVES, 'Pending'],
  ['one runs, one is unknown', 'Always', {}, ['running', 'none'], LIVES, 'Pending'],
  ['one runs, one has a state of nothing', 'Always', {}, ['running', 'empty'], LIVES, 'Pending'],
  ['one runs, one has ended', 'Always', {}, ['running', '1'], LIVES, 'Running'],
  ['all ended well, will restart', 'Always', {}, ['0', '0'], LIVES, 'Running'],
  ['all failed, will restart', 'Always', {}, ['1', '1'], LIVES, 'Running'],
  ['a crash loop is running', 'Always', {}, ['loop1', 'running'], LIVES, 'Running'],
  ['all in a crash loop', 'Always', {}, ['loop1', 'loop1'], LIVES, 'Running'],
  ['Always, ended well', 'Always', {}, ['0', '0'], ENDED, 'Succeeded'],
  ['Always, one failed', 'Always', {}, ['0', '1'], ENDED, 'Failed'],
  ['Never, all well', 'Never', {}, ['0', '0'], LIVES, 'Succeeded'],
  ['Never, one failed', 'Never', {}, ['0', '1'], LIVES, 'Failed'],
  ['Never, one still runs', 'Never', {}, ['1', 'running'], LIVES, 'Running'],
  ['Never, one unknown', 'Never', {}, ['0', 'none'], LIVES, 'Pending'],
  ['OnFailure, all well', 'OnFailure', {}, ['0', '0'], LIVES, 'Succeeded'],
  ['OnFailure, one failed, will restart', 'OnFailure', {}, ['0', '1'], LIVES, 'Running'],
  ['OnFailure, one in a crash loop', 'OnFailure', {}, ['0', 'loop1'], LIVES, 'Running'],
  ['OnFailure, ended by deletion', 'OnFailure', {}, ['0', '1'], ENDED, 'Failed'],

  ['init runs', 'Always', { i: 'running' }, ['waiting'], LIVES, 'Pending'],
  ['init waits', 'Always', { i: 'waiting' }, ['waiting'], LIVES, 'Pending'],
  ['init unknown', 'Always', { i: 'none' }, ['waiting'], LIVES, 'Pending'],
  ['init done, mains wait', 'Always', { i: '0' }, ['waiting'], LIVES, 'Pending'],
  ['init done, mains run', 'Always', { i: '0' }, ['running'], LIVES, 'Running'],
  ['init failed, will be repeated', 'Always', { i: '1' }, ['waiting'], LIVES, 'Pending'],
  ['init in a crash loop', 'OnFailure', { i: 'loop1' }, ['waiting'], LIVES, 'Pending'],
  ['init failed under Never', 'Never', { i: '1' }, ['waiting'], LIVES, 'Failed'],
  ['init failed under Never, seen as waiting', 'Never', { i: 'loop1' }, ['waiting'], LIVES, 'Failed'],

  ['sidecar runs, mains wait', 'Always', { s: 'running' }, ['waiting'], LIVES, 'Pending'],
  ['sidecar has not started, mains wait', 'Always', { s: 'unstarted' }, ['waiting'], LIVES, 'Pending'],
  ['sidecar waits', 'Always', { s: 'waiting' }, ['waiting'], LIVES, 'Pending'],
  ['sidecar unknown', 'Always', { s: 'none' }, ['running'], LIVES, 'Pending'],
  ['sidecar and mains run', 'Always', { s: 'running' }, ['running'], LIVES, 'Running'],
  ['sidecar being restarted beside a running main', 'Always', { s: 'unstarted' }, ['running'], LIVES, 'Running'],
  ['sidecar ended beside a running main', 'Always', { s: '1' }, ['running'], LIVES, 'Running'],
  ['sidecar in a crash loop beside a running main', 'Always', { s: 'loop1' }, ['running'], LIVES, 'Running'],
  ['sidecar waits for a first start beside a running main', 'Always', { s: 'waiting' }, ['running'], LIVES, 'Pending'],
  ['first sidecar starts after a crash, mains wait', 'Always', { s: 'loop1' }, ['waiting'], LIVES, 'Pending'],
  ['mains ended, sidecar shuts down', 'Never', { s: 'running' }, ['0'], LIVES, 'Running'],
  ['mains ended well, sidecar ended', 'Never', { s: '0' }, ['0'], LIVES, 'Succeeded'],
  ['mains ended well, sidecar failed', 'Never', { s: '1' }, ['0'], LIVES, 'Succeeded'],
  ['mains ended well, sidecar killed (137)', 'OnFailure', { s: '1' }, ['0'], ENDED, 'Succeeded'],
  ['a main failed, sidecar ended well', 'Never', { s: '0' }, ['1'], LIVES, 'Failed'],
  ['Always, mains ended, sidecar ended, will restart', 'Always', { s: '0' }, ['0'], LIVES, 'Running'],
  ['ended, a sidecar was alive at the last look', 'Never', { s: 'running' }, ['0'], ENDED, 'Succeeded'],
  ['ended, nothing is known of a sidecar', 'Never', { s: 'none' }, ['0'], ENDED, 'Succeeded'],
  ['Always, mains and sidecar ended for good', 'Always', { s: '0' }, ['0'], ENDED, 'Succeeded'],
  ['main in a crash loop beside a sidecar that has started', 'Always', { s: 'running' }, ['loop1'], LIVES, 'Running'],
  [
    'main in a crash loop beside one of which that is not known',
    'Always',
    { s: 'unstarted' },
    ['loop1'],
    LIVES,
    'Pending',
  ],
  [
    'Never, one main ended, the other runs, sidecar in a crash loop',
    'Never',
    { s: 'loop1' },
    ['0', 'running'],
    LIVES,
    'Running',
  ],
  ['OnFailure, main failed and will restart, sidecar runs', 'OnFailure', { s: 'running' }, ['1'], LIVES, 'Running'],
  ['OnFailure, main failed and will restart, sidecar ended', 'OnFailure', { s: '1' }, ['1'], LIVES, 'Running'],
  [
    'two sidecars, the second waits for the first',
    'Always',
    { s1: 'unstarted', s2: 'waiting' },
    ['waiting'],
    LIVES,
    'Pending',
  ],
  ['two sidecars, one ended beside a running main', 'Never', { s1: 'running', s2: '0' }, ['running'], LIVES, 'Running'],
  ['two sidecars, one has still to shut down', 'Never', { s1: 'running', s2: '1' }, ['0'], LIVES, 'Running'],
  ['init and sidecar: init runs', 'Always', { s: 'running', i: 'running' }, ['waiting'], LIVES, 'Pending'],
  ['init and sidecar: all through', 'Always', { i: '0', s: 'running' }, ['running'], LIVES, 'Running'],
  [
    'init failed under Never beside a sidecar that runs',
    'Never',
    { s: 'running', i: '1' },
    ['waiting'],
    LIVES,
    'Failed',
  ],
];

test.each(ROWS)('%s (%s)', (_, restartPolicy, init, main, ended, phase) => {
  const initContainers = Object.keys(init).map((name) => (name.startsWith('s') ? sidecar(name) : busybox(name)));
  const containers = main.map((_, index) => busybox(`m${index}`));
  const pod: Pod = makePod('p', { restartPolicy, initContainers, containers });
  const statuses = [
    ...Object.entries(init).flatMap(([name, word]) => status(name, word)),
    ...main.flatMap((word, index) => status(`m${index}`, word)),
  ];
  expect(podPhase(pod, statuses, ended)).toBe(phase);
});
