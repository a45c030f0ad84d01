import { describe, expect, test } from 'vitest';
import { Authorizer } from './authorizer.ts';
import type { Identity } from './identity.ts';
import { impersonate } from './impersonate.ts';

const OWNER: Identity = { name: 'outfit-admin', groups: ['system:masters', 'system:authenticated'] };
const ACCOUNT: Identity = { name: 'system:serviceaccount:shop:web', groups: ['system:authenticated'] };
const as = (headers: Record<string, string>, who = OWNER) => impersonate(who, headers, new Authorizer('view'));

describe('who a request is taken for', () => {
  const CASES: [string, Record<string, string>, Identity][] = [
    ['nobody else', { authorization: 'x' }, OWNER],
    ['a user', { 'impersonate-user': 'ann' }, { name: 'ann', groups: ['system:authenticated'] }],
    [
      'a user with groups, a uid and more',
      {
        'impersonate-user': 'ann',
        'impersonate-group': 'dev, ops',
        'impersonate-uid': '7',
        'impersonate-extra-example.org%2fteam': 'red',
      },
      {
        name: 'ann',
        groups: ['dev', 'ops', 'system:authenticated'],
        uid: '7',
        extra: { 'example.org/team': ['red'] },
      },
    ],
    [
      'a service account, whose groups are known',
      { 'impersonate-user': 'system:serviceaccount:shop:web' },
      {
        name: 'system:serviceaccount:shop:web',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      },
    ],
    [
      'a stranger',
      { 'impersonate-user': 'system:anonymous' },
      { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
  ];
  test.each(CASES)('%s', (_, headers, expected) => expect(as(headers)).toEqual(expected));

  test.each([
    [
      { 'impersonate-user': 'outfit-admin' },
      'users "outfit-admin" is forbidden: User "system:serviceaccount:shop:web" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [
      { 'impersonate-user': 'system:serviceaccount:shop:web', 'impersonate-group': 'system:masters' },
      'serviceaccounts "web" is forbidden: User "system:serviceaccount:shop:web" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
    ],
  ])('only the owner may be another: %j', (headers, message) => {
    expect(() => as(headers as Record<string, string>, ACCOUNT)).toThrow(
      expect.objectContaining({ reason: 'Forbidden', message }),
    );
  });

  test('groups of nobody are refused', () => {
    expect(() => as({ 'impersonate-group': 'dev' })).toThrow(
      'requested impersonate-group without impersonating a user',
    );
  });
});
