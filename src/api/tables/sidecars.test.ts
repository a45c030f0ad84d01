import { describe, expect, test } from 'vitest';
import { sidecars } from './sidecars.ts';

const now = new Date('2026-01-01T00:00:40Z');
const metadata = { name: 'hello', creationTimestamp: '2026-01-01T00:00:00Z' };
const rowOf = (spec: object, status?: object) => sidecars.cells({ metadata, spec, ...(status && { status }) }, now);

describe('sidecars as rows', () => {
  test('name, selector, joins, joined, accepted, age; reason and message when wide', () => {
    const condition = { type: 'Accepted', status: 'False', reason: 'OrderCycle', message: 'Both want to be first.' };
    expect(
      rowOf({ selector: { names: ['web-app'] }, joins: 'OnRequest' }, { joined: 3, conditions: [condition] }),
    ).toEqual(['hello', 'names=web-app', 'OnRequest', 3, 'False', '40s', 'OrderCycle', 'Both want to be first.']);
    expect(sidecars.columns.map(({ name, priority }) => `${name} ${priority}`)).toEqual([
      'Name 0',
      'Selector 0',
      'Joins 0',
      'Joined 0',
      'Accepted 0',
      'Age 0',
      'Reason 1',
      'Message 1',
    ]);
  });

  test('before anybody has looked at it', () => {
    expect(rowOf({ selector: { matchAll: true } })).toEqual([
      'hello',
      '<all>',
      'Always',
      '<unknown>',
      'Unknown',
      '40s',
      '',
      '',
    ]);
  });

  test.each([
    [{ matchAll: true, names: ['web-*', 'db'] }, 'names=web-*|db'],
    [{ matchLabels: { app: 'web', tier: 'front' } }, 'app=web, tier=front'],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['x', 'y'] },
          { key: 'b', operator: 'Exists' },
          { key: 'c', operator: 'DoesNotExist' },
          { key: 'd', operator: 'NotIn', values: ['z'] },
        ],
      },
      'a in (x,y), b, !c, d notin (z)',
    ],
    [{ kinds: ['Deployment'], condition: 'true' }, 'kinds=Deployment, condition'],
    [{ namespaceSelector: { matchLabels: { team: 'shop' } } }, 'namespaces:team=shop'],
    [{ namespaceSelector: {} }, '<all>'],
    [{ names: ['a'.repeat(80)] }, `names=${'a'.repeat(53)}…`],
    [{}, '<none>'],
    ['text', '<none>'],
    [{ names: 'web', matchLabels: [5], kinds: [null] }, 'kinds='],
  ])('selector %j is %s', (selector, text) => {
    expect(rowOf({ selector })[1]).toBe(text);
  });
});
