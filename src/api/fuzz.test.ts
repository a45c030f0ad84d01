import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { InMemoryAnswer } from './in-memory.ts';
import { MAPS, PODS, startApi } from './rest/fixture.ts';

const SPEC = { containers: [{ name: 'c', image: 'i' }] };

/** Enough that 20,000 are sent; each run sends so many, to what the requests before it have left. */
const BATCH = 20;
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000) / BATCH;
/** The same requests every time, unless another number is given. */
const SEED = Number(process.env.FUZZ_SEED ?? 1);

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
/** Headers by which other servers let somebody be somebody else, or do something else. */
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'X-Remote-User',
    'X-Remote-Group',
    'X-Forwarded-User',
    'X-Forwarded-For',
    'X-Original-URL',
    'X-HTTP-Method-Override',
    'Forwarded',
    'Host',
    'Cookie',
    'User-Agent',
    'If-None-Match',
    'Accept-Encoding',
    'Content-Encoding',
  ),
  fc.oneof(
    fc.constantFrom('outfit-admin', 'system:masters', '127.0.0.1', '/api/v1/secrets', 'DELETE', 'gzip', '*', ''),
    fc.string(),
  ),
  { maxKeys: 2 },
);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'),
  path: place,
  query: fc
    .array(parameter, { maxLength: 3 })
    .map((all) => all.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')),
  type: fc.oneof({ weight: 4, arbitrary: usualType }, { weight: 1, arbitrary: type }),
  accept: fc.oneof({ weight: 4, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: accept }),
  more: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders }),
  body,
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

const headersOf = ({ type, accept, more }: Request) => ({ ...more, 'Content-Type': type, Accept: accept });

test('no request is answered with an error of the server, and every refusal is a Status or plain text', async () => {
  const f = await startApi();
  const seeds = [PODS, MAPS, '/apis/coordination.k8s.io/v1/namespaces/default/leases', '/api/v1/nodes'];
  const seed = () =>
    Promise.all(seeds.map((url) => f.post(url, { metadata: { name: 'p' }, ...(url === PODS && { spec: SPEC }) })));
  const answered = async (one: Request): Promise<void> => {
    const { method, path, query, body } = one;
    const over = new AbortController();
    // A watch is over when it has told what is there.
    setImmediate(() => over.abort());
    const asked = f.ask(method, `${path}?${query}`, { headers: headersOf(one), body, signal: over.signal });
    const answer = await asked.catch(whatNeedsNoSocket);
    const context = JSON.stringify({ method, path, query, body, answer });
    expect(answer.status === 504 || answer.status < 500, context).toBe(true);
    if (answer.status >= 400 && answer.text !== '404 page not found\n')
      expect(answer.json, context).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  };
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: BATCH, maxLength: BATCH }), async (requests) => {
      await seed();
      for (const one of requests) await answered(one);
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 90_000 },
  );
}, 120_000);

function whatNeedsNoSocket(error: Error): InMemoryAnswer {
  if (error.message !== 'this answer needs a socket') throw error;
  return { status: 200, headers: {}, text: '', json: undefined };
}

test('strangers get nothing but health and version, whatever they ask and whoever they say they are', async () => {
  const f = await startApi();
  const shown = fc.constantFrom('', 'Basic b3V0Zml0LWFkbWluOg==', 'Bearer', 'Bearer ', 'Negotiate x', 'outfit-admin');
  await fc.assert(
    fc.asyncProperty(request, oddHeaders, shown, async (one, more, Authorization) => {
      const before = f.store.revision;
      const headers = { ...more, ...headersOf(one), Authorization };
      const { method, path, query, body } = one;
      const { status } = await f.ask(method, `${path}?${query}`, { headers, body, as: 'anonymous' });
      const open = /^\/(livez|version)(\/|$)/.test(path);
      if (!open) expect([400, 403]).toContain(status);
      expect(f.store.revision).toBe(before);
    }),
    { numRuns: 1_000, seed: SEED },
  );
});

test('whoever has shown who they are is nobody else, whatever other headers say', async () => {
  const f = await startApi();
  await fc.assert(
    fc.asyncProperty(oddHeaders, async (headers) => {
      const url = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const { status, json } = await f.post(url, {}, { headers: { 'Content-Type': 'application/json', ...headers } });
      // A Content-Encoding that does not fit is refused.
      if (status < 400) expect(json).toMatchObject({ status: { userInfo: { username: 'outfit-admin' } } });
      else expect([400, 415]).toContain(status);
    }),
    { numRuns: 300, seed: SEED },
  );
});

test('no name leads out of its place', async () => {
  const f = await startApi();
  await f.post('/api/v1/namespaces/kube-system/secrets', { metadata: { name: 'hidden' } });
  const up = ['..', '%2e%2e', '.%2e', '%2E.', '..%2f', '%2e%2e%2f', '..;', '..%5c', '%252e%252e', '...', '..%00'];
  for (const dots of up)
    for (const path of [
      `/api/v1/namespaces/default/secrets/${dots}/${dots}/kube-system/secrets/hidden`,
      `/api/v1/namespaces/${dots}/namespaces/kube-system/secrets/hidden`,
      `/livez/${dots}/api/v1/namespaces/kube-system/secrets/hidden`,
      `/openapi/v3/${dots}/${dots}/outfit.js`,
      `/api/v1/namespaces/default/secrets/${dots}`,
    ]) {
      const { status, text } = await f.get(path);
      expect([400, 404], path).toContain(status);
      expect(text).not.toContain('"Secret"');
    }
  for (const name of ['..', '.', 'a/b', '../a', 'a%2fb', '\u0000', '', ' ', '\\..\\x'])
    for (const url of [PODS, MAPS, '/api/v1/namespaces'])
      expect((await f.post(url, { metadata: { name }, ...(url === PODS && { spec: SPEC }) })).status, name).toBe(422);
  for (const namespace of ['..', '%2e%2e', 'A', 'a_b']) {
    const { status } = await f.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'x' } });
    expect([404, 422], namespace).toContain(status);
  }
});

test('nothing stays of what was refused: memory is as before', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const f = await startApi();
  const refused = async (): Promise<void> => {
    for (let i = 0; i < 500; i++) {
      const name = `${i}/${'x'.repeat(2_000)}`;
      await f.get(`/api/v1/namespaces/default/pods/${encodeURIComponent(name)}?labelSelector=${i}${'y'.repeat(2_000)}`);
      await f.post(PODS, { metadata: { name, labels: { a: name } } });
      await f.ask('PATCH', `${MAPS}/${i}`, {
        body: `[{"op":"${name}"}]`,
        headers: { 'Content-Type': 'application/json-patch+json' },
      });
    }
  };
  const used = async (): Promise<number> => {
    await refused();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  await used();
  const before = await used();
  expect((await used()) - before).toBeLessThan(2_000_000);
  expect(f.store.revision).toBeLessThan(20);
});
