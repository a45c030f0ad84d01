import { expect, test } from 'vitest';
import { alreadyExists, conflict, invalid, notFound } from './errors.ts';

const pods = { group: '', resource: 'pods' };

test.each([
  ['an absent Pod', notFound(pods, 'x'), 404, 'pods "x" not found'],
  ['a taken name', alreadyExists(pods, 'x'), 409, 'pods "x" already exists'],
  [
    'an absent object of a group',
    notFound({ group: 'outfit.dev', resource: 'sidecars' }, 'x'),
    404,
    'sidecars.outfit.dev "x" not found',
  ],
  [
    'a stale write',
    conflict(pods, 'x'),
    409,
    'Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again',
  ],
])('%s is told in the words of Kubernetes', (_case, error, code, message) => {
  expect(error.toStatus()).toMatchObject({ kind: 'Status', status: 'Failure', code, message });
});

test('several faults of one object are one list, and each is a cause', () => {
  const error = invalid({ group: '', kind: 'Pod' }, 'x', [
    { field: 'spec.containers', reason: 'FieldValueRequired', message: 'Required value' },
    { field: 'spec.restartPolicy', reason: 'FieldValueForbidden', message: 'Forbidden: no' },
  ]);
  expect(error.message).toBe(
    'Pod "x" is invalid: [spec.containers: Required value, spec.restartPolicy: Forbidden: no]',
  );
  expect(error.toStatus()).toMatchObject({
    reason: 'Invalid',
    code: 422,
    details: { name: 'x', kind: 'Pod', causes: [{}, { field: 'spec.restartPolicy' }] },
  });
});
