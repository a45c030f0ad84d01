import { beforeEach, describe, expect, test } from 'vitest';
import { type Fixture, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('patch', () => {
  const patch = (type: string, body: unknown, query = '') =>
    f.ask('PATCH', `${PODS}/p${query}`, { body, headers: { 'Content-Type': `application/${type}` } });
  beforeEach(async () => {
    await f.post(PODS, podManifest('p'));
  });

  test('all three kinds', async () => {
    await patch('merge-patch+json', { metadata: { labels: { a: '1' } } });
    await patch('json-patch+json', [{ op: 'add', path: '/metadata/labels/b', value: '2' }]);
    await patch('strategic-merge-patch+json', { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } });
    expect(await f.object(`${PODS}/p`)).toMatchObject({
      metadata: { labels: { a: '1', b: '2' }, generation: 2 },
      spec: { containers: [{ name: 'c', image: 'nginx:2', imagePullPolicy: 'Always' }] },
    });
  });

  const refusals: [string, string, unknown, string, number, string | RegExp][] = [
    [
      'a failed test',
      'json-patch+json',
      [{ op: 'test', path: '/metadata/name', value: 'x' }],
      '',
      422,
      'the server rejected our request due to an error in our request',
    ],
    ['an unknown operation', 'json-patch+json', [{ op: 'mend', path: '/metadata' }], '', 422, /rejected our request/],
    [
      'a JSON patch that is no list',
      'json-patch+json',
      {},
      '',
      400,
      'json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    ],
    [
      'too many operations',
      'json-patch+json',
      Array(10_001).fill({ op: 'test', path: '', value: 1 }),
      '',
      413,
      /The allowed maximum operations in a JSON patch is 10000, got 10001/,
    ],
    ['no JSON', 'merge-patch+json', '{', '', 400, /unexpected end of JSON input/],
    [
      'a result that is no Pod',
      'merge-patch+json',
      { spec: { containers: 3 } },
      '',
      422,
      /^ "" is invalid: patch: Invalid value: .*cannot unmarshal number/,
    ],
    ['a result that is nothing', 'merge-patch+json', 3, '', 422, /"" is invalid: patch/],
    [
      'unknown fields, strictly',
      'merge-patch+json',
      { spec: { foo: 1 } },
      '?fieldValidation=Strict',
      422,
      /strict decoding error: unknown field "spec.foo"/,
    ],
    [
      'what may not change',
      'merge-patch+json',
      { spec: { nodeName: 'n' } },
      '',
      422,
      /spec: Forbidden: pod updates may not change fields other than/,
    ],
    ['another name', 'merge-patch+json', { metadata: { name: 'q' } }, '', 400, /does not match the name on the URL/],
    [
      'an old version',
      'merge-patch+json',
      { metadata: { resourceVersion: '1' } },
      '',
      409,
      /the object has been modified/,
    ],
    [
      'a strategic fault',
      'strategic-merge-patch+json',
      { spec: { containers: [{ image: 'x' }] } },
      '',
      400,
      /does not contain declared merge key: name/,
    ],
    [
      'force without apply',
      'merge-patch+json',
      {},
      '?force=true',
      422,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ],
    ['another type', 'json', {}, '', 415, /accepted media types include: application\/json-patch\+json/],
  ];
  test.each(refusals)('refuses %s', async (_, type, body, query, code, message) => {
    const before = await f.object(`${PODS}/p`);
    const answer = await patch(type, body, query);
    expect(answer.status).toBe(code);
    const text = (answer.json as { message: string }).message;
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await f.object(`${PODS}/p`)).toEqual(before);
  });

  test('dryRun changes nothing, and unknown fields are warned of', async () => {
    const before = await f.object(`${PODS}/p`);
    const answer = await patch('merge-patch+json', { metadata: { labels: { a: 'b' } }, foo: 1 }, '?dryRun=All');
    expect(answer).toMatchObject({ status: 200, json: { metadata: { labels: { a: 'b' } } } });
    expect(answer.headers.Warning).toEqual(['299 - "unknown field \\"foo\\""']);
    expect(await f.object(`${PODS}/p`)).toEqual(before);
  });
});
