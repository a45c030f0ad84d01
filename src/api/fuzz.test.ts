import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAPS, PODS, startApi } from './rest/fixture.ts';

const SPEC = { containers: [{ name: 'c', image: 'i' }] };

/** Requests that are nearly right, or wrong in the ways that clients and attackers are. */
const segment = fc.oneof(
  fc.constantFrom(
    'pods',
    'configmaps',
    'namespaces',
    'nodes',
    'events',
    'leases',
    'secrets',
    'default',
    'p',
    'status',
    'log',
    'exec',
    'finalize',
    'proxy',
  ),
  fc.constantFrom(
    '..',
    '.',
    '',
    '%2e%2e',
    '%2f',
    '%00',
    '%zz',
    '%',
    '__proto__',
    'constructor',
    'a b',
    'ä',
    '%ff',
    'x'.repeat(300),
  ),
);
const root = fc.constantFrom(
  '/api/v1',
  '/api/v1/namespaces/default',
  '/apis/coordination.k8s.io/v1',
  '/apis/events.k8s.io/v1/namespaces/default',
  '/apis',
  '/openapi/v3',
  '/openapi',
  '/livez',
  '/version',
  '',
  '/api/v2',
  '//api/v1',
);
const parameter = fc.tuple(
  fc.constantFrom(
    'watch',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'labelSelector',
    'fieldSelector',
    'timeoutSeconds',
    'sendInitialEvents',
    'allowWatchBookmarks',
    'dryRun',
    'fieldValidation',
    'gracePeriodSeconds',
    'propagationPolicy',
    'pretty',
    'includeObject',
    'fieldManager',
    'force',
    'hash',
    '__proto__',
  ),
  fc.oneof(
    fc.constantFrom(
      'true',
      'false',
      '0',
      '1',
      '-1',
      'All',
      'Exact',
      'NotOlderThan',
      'Strict',
      'a=b',
      'a in (b',
      '!',
      'metadata.name=p',
      '999999999999999999999',
      'e30',
      'eyJ2IjoxfQ',
      '[]',
    ),
    fc.string(),
  ),
);
const object = fc.record(
  {
    kind: fc.constantFrom('Pod', 'ConfigMap', 'Lease', '', 3, null),
    apiVersion: fc.constantFrom('v1', 'v2', '', null, []),
    metadata: fc.oneof(
      fc.constantFrom(null, 3, [], {}),
      fc.record(
        {
          name: fc.constantFrom('p', 'P', '', null, 3),
          generateName: fc.constantFrom('g-', ''),
          labels: fc.constantFrom({}, { a: 1 }, { a: 'b' }, []),
          finalizers: fc.constantFrom([], ['x'], ['x.io/y'], 'z'),
          resourceVersion: fc.constantFrom('', '1', 'x', '99999'),
        },
        { requiredKeys: [] },
      ),
    ),
    spec: fc.oneof(
      fc.jsonValue(),
      fc.constantFrom({ containers: [{ name: 'c', image: 'i' }] }, { containers: [null] }, { containers: {} }),
    ),
    status: fc.jsonValue(),
    data: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc.constantFrom('', '/', '/metadata/name', '/spec/containers/0', '/__proto__/x', '/metadata/labels/a', 'x'),
    from: fc.constantFrom('', '/metadata', '/spec'),
    value: fc.jsonValue(),
  },
  { requiredKeys: ['op', 'path'] },
);
const body = fc.oneof(
  object.map((o) => JSON.stringify(o)),
  fc.array(operation).map((o) => JSON.stringify(o)),
  fc.string(),
  fc.constantFrom('', 'null', '{', '[[[[', 'a: &a [*a]', '\u0000'),
);
const type = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/vnd.kubernetes.protobuf',
  'text/plain',
  '',
);
const accept = fc.constantFrom(
  '',
  '*/*',
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
  'text/html',
  ';;;q=x,,',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
);
const usualType = fc.constantFrom(
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
);
/** Mostly what is served, so that faults further in are reached too. */
const place = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          '/api/v1/namespaces/default/pods',
          '/api/v1/namespaces/default/configmaps',
          '/api/v1/namespaces/default/events',
          '/apis/events.k8s.io/v1/namespaces/default/events',
          '/apis/coordination.k8s.io/v1/namespaces/default/leases',
          '/api/v1/namespaces',
          '/api/v1/nodes',
          '/api/v1/namespaces/default/secrets',
          '/api/v1/namespaces/default/persistentvolumeclaims',
          '/api/v1/namespaces/default/podtemplates',
        ),
        fc.constantFrom('', '/p', '/p', '/p', '/p/status', '/n'),
      )
      .map(([collection, name]) => collection + name),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(root, fc.array(segment, { maxLength: 4 })).map(([start, rest]) => [start, ...rest].join('/')),
  },
);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'),
  path: place,
  query: fc
    .array(parameter, { maxLength: 3 })
    .map((all) => all.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')),
  type: fc.oneof({ weight: 4, arbitrary: usualType }, { weight: 1, arbitrary: type }),
  accept: fc.oneof({ weight: 4, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: accept }),
  body,
});

test('no request is answered with an error of the server, and every refusal is a Status or plain text', async () => {
  const f = await startApi();
  const seeds = [`${PODS}`, `${MAPS}`, '/apis/coordination.k8s.io/v1/namespaces/default/leases', '/api/v1/nodes'];
  const seed = () =>
    Promise.all(seeds.map((url) => f.post(url, { metadata: { name: 'p' }, ...(url === PODS && { spec: SPEC }) })));
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, type, accept, body }) => {
      await seed();
      const ends = AbortSignal.timeout(5);
      const headers = { 'Content-Type': type, Accept: accept };
      const answer = await f.ask(method, `${path}?${query}`, { headers, body, signal: ends }).catch((error: Error) => {
        if (error.message === 'this answer needs a socket')
          return { status: 200, headers: {}, text: '', json: undefined };
        throw error;
      });
      expect(answer.status === 504 || answer.status < 500, JSON.stringify(answer)).toBe(true);
      if (answer.status >= 400 && answer.text !== '404 page not found\n')
        expect(answer.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: answer.status });
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 1_000) },
  );
}, 120_000);

test('strangers get nothing but health and version, whatever they ask', async () => {
  const f = await startApi();
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, type, accept, body }) => {
      const before = f.store.revision;
      const answer = await f.ask(method, `${path}?${query}`, {
        headers: { 'Content-Type': type, Accept: accept },
        body,
        as: 'anonymous',
      });
      const open = /^\/(livez|version)(\/|$)/.test(path);
      if (!open) expect([400, 403]).toContain(answer.status);
      expect(f.store.revision).toBe(before);
    }),
    { numRuns: 500 },
  );
});
