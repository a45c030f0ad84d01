import { expect, test } from 'vitest';
import type { RuntimeEvent } from '../cri/runtime.ts';
import { Owners } from './owners.ts';

function owners() {
  const delivered: string[] = [];
  const known = new Owners((uid, { id, type }) => void delivered.push(`${uid} ${id} ${type}`));
  return { known, delivered };
}

const exited = (id: string): RuntimeEvent => ({ id, type: 'exited' });

test('an event finds its Pod', () => {
  const { known, delivered } = owners();
  known.know('c1', 'pod1');
  known.report(exited('c1'));
  expect(delivered).toEqual(['pod1 c1 exited']);
});

test('an event that comes too early is delivered once, when its owner is known', () => {
  const { known, delivered } = owners();
  known.report(exited('c1'));
  expect(delivered).toEqual([]);
  known.know('c1', 'pod1');
  known.know('c1', 'pod1');
  expect(delivered).toEqual(['pod1 c1 exited']);
});

test('what was deleted is forgotten', () => {
  const { known, delivered } = owners();
  known.know('c1', 'pod1');
  known.report({ id: 'c1', type: 'deleted' });
  known.report(exited('c1'));
  expect(delivered).toEqual(['pod1 c1 deleted']);
});

test('events of strangers are kept within bounds, the latest ones', () => {
  const { known, delivered } = owners();
  for (let i = 0; i < 1000; i++) known.report(exited(`c${i}`));
  known.know('c0', 'pod');
  known.know('c999', 'pod');
  expect(delivered).toEqual(['pod c999 exited']);
});

test('a Pod that is gone owns nothing', () => {
  const { known, delivered } = owners();
  known.know('c1', 'pod1');
  known.know('c2', 'pod2');
  known.forget('pod1');
  known.report(exited('c1'));
  known.report(exited('c2'));
  expect(delivered).toEqual(['pod2 c2 exited']);
});
