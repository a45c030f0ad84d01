import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { type Fixture, type Json, podManifest, startApi } from '../../../api/rest/fixture.ts';
import type { Container } from '../../../kube/generated/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { attach } from '../../../sidecar/attach.ts';
import { hello, webApp } from '../../../sidecar/fixtures/hello.ts';
import { small } from '../../../sidecar/fixtures/small.ts';
import type { Sidecar } from '../../../sidecar/sidecar.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { sidecarAdmission } from './admission.ts';
import { Carriers, carriedBy, containersOf } from './carriers.ts';
import { KnownSidecars } from './known-sidecars.ts';
import { sidecarKinds } from './sidecar-kinds.ts';
import { sidecarStatuses } from './sidecar-status.ts';

const log = pino({ level: 'silent' });
const SIDECARS = '/apis/outfit.dev/v1alpha1/namespaces/default/sidecars';
const WIDE = '/apis/outfit.dev/v1alpha1/clustersidecars';
const PODS = '/api/v1/namespaces/default/pods';

/** An API as the node has it, in memory. */
async function start(): Promise<Fixture & { known: KnownSidecars }> {
  const store = memoryStore();
  const known = new KnownSidecars(store, log);
  const api = await startApi({ store, admit: sidecarAdmission(store, known), customKinds: sidecarKinds() });
  return { ...api, known };
}

const attachedPod = (): KubeObject => {
  const pod = { ...webApp(), metadata: { name: 'web-app', namespace: 'default', uid: 'u' } };
  return attach({ template: pod, workload: pod, sidecars: [hello()] }).template as KubeObject;
};

describe('admission', () => {
  test('a new Pod gets the sidecar, and the answer says so', async () => {
    const { post, object } = await start();
    expect((await post(SIDECARS, hello())).status).toBe(201);
    const { headers, status } = await post(PODS, webApp());
    expect({ status, warning: headers.Warning }).toEqual({
      status: 201,
      warning: ['299 - "sidecar \\"hello\\" joins Pod \\"web-app\\" with container sidecar-container"'],
    });
    const { spec, metadata } = await object(`${PODS}/web-app`);
    const access = { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
    expect(spec).toMatchObject({
      containers: [
        { name: 'main-container', volumeMounts: [access, { name: 'var-logs', mountPath: '/usr/share/nginx/html' }] },
        {
          name: 'sidecar-container',
          imagePullPolicy: 'Always',
          // The container has come after the account's token, and gets it as every other.
          volumeMounts: [{ name: 'var-logs', mountPath: '/var/log' }, access],
        },
      ],
      volumes: [
        { name: expect.stringMatching(/^kube-api-access-.{5}$/), projected: {} },
        { name: 'var-logs', emptyDir: {} },
      ],
    });
    expect(metadata.annotations).toHaveProperty(['outfit.dev/attached']);
  });

  test('the version that it carries is that of a file', async () => {
    const { post, object } = await start();
    await post(SIDECARS, hello());
    await post(PODS, webApp());
    const [carried] = carriedBy(await object(`${PODS}/web-app`));
    expect(carried?.digest).toBe(carriedBy(attachedPod())[0]?.digest);
  });

  test('what was attached elsewhere is brought up to date, though it has got the token of its account by then', async () => {
    const { post, object } = await start();
    await post(SIDECARS, {
      ...hello(),
      spec: { ...hello().spec, parameters: [{ name: 'interval', type: 'integer', default: 60 }] },
    });
    const { uid: _, ...metadata } = attachedPod().metadata;
    expect((await post(PODS, { ...attachedPod(), metadata })).status).toBe(201);
    const { containers } = (await object(`${PODS}/web-app`)).spec as { containers: Container[] };
    expect(containers[1]?.args?.[1]).toContain('sleep 60;');
    expect(containers[1]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
      '/var/log',
      '/var/run/secrets/kubernetes.io/serviceaccount',
    ]);
  });

  test('a change of a Pod is not looked at', async () => {
    const { post, merge, object } = await start();
    await post(PODS, webApp());
    await post(SIDECARS, hello());
    await merge(`${PODS}/web-app`, { metadata: { labels: { a: 'b' } } });
    expect((await object(`${PODS}/web-app`)).spec).toMatchObject({ containers: { length: 1 } });
  });

  test('a Pod that it cannot join is refused as a webhook would; an invalid one as ever', async () => {
    const { post } = await start();
    await post(WIDE, small('c'));
    const pod = (name: string, container: string): Json =>
      podManifest(name, { spec: { containers: [{ name: container, image: 'i' }] } });
    expect((await post(PODS, pod('p', 'c-container'))).json).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: expect.stringMatching(
        /^admission webhook "sidecars\.outfit\.dev" denied the request: sidecar "c": container "c-container": the Pod has its own/,
      ),
    });
    expect((await post(PODS, pod('P', 'c-container'))).json).toMatchObject({ code: 422, reason: 'Invalid' });
  });

  test('labels and annotations of the namespace count', async () => {
    const { post, object } = await start();
    const selector = { namespaceSelector: { matchLabels: { team: 'shop' } } };
    await post(WIDE, small('wide', { selector }));
    const namespaces: [string, Json][] = [
      ['yes', { labels: { team: 'shop' } }],
      ['no', { labels: { team: 'bank' } }],
      ['never', { labels: { team: 'shop' }, annotations: { 'outfit.dev/inject': 'false' } }],
    ];
    for (const [name, metadata] of namespaces) {
      await post('/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name, ...metadata } });
      await post(`/api/v1/namespaces/${name}/pods`, podManifest('p'));
    }
    const sizes = namespaces.map(async ([name]) => {
      const { spec } = await object(`/api/v1/namespaces/${name}/pods/p`);
      return (spec as { containers: unknown[] }).containers.length;
    });
    expect(await Promise.all(sizes)).toEqual([2, 1, 1]);
  });
});

describe('the kinds', () => {
  const refused = async (spec: Json) => {
    const { post } = await start();
    const { spec: given } = hello();
    return ((await post(SIDECARS, { ...hello(), spec: { ...given, ...spec } })).json as { message: string }).message;
  };

  test.each<[string, Json, string]>([
    [
      'a word of Kubernetes',
      { joins: 'Sometimes' },
      'spec.joins: Unsupported value: "Sometimes": supported values: "Always", "OnRequest"',
    ],
    [
      'an expression',
      { selector: { condition: '1 + 2' } },
      'spec.selector.condition: Invalid value: "1 + 2": must be a bool, and is a int',
    ],
    [
      'something in a list',
      { parameters: [{ name: 'interval', type: 'integer', default: 0, minimum: 1 }] },
      'spec.parameters[0].default: Invalid value: 0: must be greater than or equal to 1',
    ],
    [
      'a wrong type',
      { parameters: 'none' },
      'spec.parameters: Invalid value: "string": spec.parameters in body must be of type array: "string"',
    ],
  ])('%s', async (_, spec, expected) => {
    expect(await refused(spec)).toBe(`Sidecar.outfit.dev "hello" is invalid: ${expected}`);
  });

  test('Pods that carry it are named when its spec changes, and only then', async () => {
    const { post, merge } = await start();
    await post(SIDECARS, hello());
    await merge(`${SIDECARS}/hello/status`, { status: { joined: 2 } });
    expect((await merge(`${SIDECARS}/hello`, { metadata: { labels: { a: 'b' } } })).headers.Warning).toBeUndefined();
    expect((await merge(`${SIDECARS}/hello`, { spec: { joins: 'OnRequest' } })).headers.Warning).toEqual([
      '299 - "2 Pods carry it as it was; they get the change when they are created anew"',
    ]);
  });
});

describe('the compiled set', () => {
  test('is the same until a definition comes, changes or goes; labels and status are no change', async () => {
    const { post, merge, remove, known } = await start();
    const first = known.current();
    expect(known.current()).toBe(first);
    await post(SIDECARS, hello());
    const second = known.current();
    expect(second).not.toBe(first);
    await merge(`${SIDECARS}/hello`, { metadata: { labels: { a: 'b' } } });
    await merge(`${SIDECARS}/hello/status`, { status: { joined: 2 } });
    expect(known.current()).toBe(second);
    await merge(`${SIDECARS}/hello`, { spec: { joins: 'OnRequest' } });
    const third = known.current();
    expect(third).not.toBe(second);
    await remove(`${SIDECARS}/hello`);
    expect(known.current().definitions).toEqual([]);
  });
});

describe('carriers', () => {
  const plain: KubeObject = { ...webApp(), metadata: { name: 'p', uid: 'u' } };
  const ended: KubeObject = { ...attachedPod(), status: { phase: 'Succeeded' } };
  const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject, previous?: KubeObject) => ({
    type,
    object,
    revision: 1,
    ...(previous && { previous }),
  });

  test.each([
    ['a plain Pod', [], event('ADDED', plain), false, 0],
    ['a Pod with a sidecar', [], event('ADDED', attachedPod()), true, 1],
    [
      'its status changes',
      [attachedPod()],
      event('MODIFIED', { ...attachedPod(), status: { phase: 'Running' } }, attachedPod()),
      false,
      1,
    ],
    ['it ends', [attachedPod()], event('MODIFIED', ended, attachedPod()), true, 0],
    ['it goes after that', [ended], event('DELETED', ended), false, 0],
    ['it goes', [attachedPod()], event('DELETED', attachedPod()), true, 0],
    ['its annotation is taken away', [attachedPod()], event('MODIFIED', plain, attachedPod()), true, 0],
  ])('%s', (_, before, change, changed, count) => {
    const carriers = new Carriers();
    carriers.reset(before);
    expect(carriers.update(change)).toBe(changed);
    expect([...carriers.all()]).toHaveLength(count);
  });

  test('tell which containers came with a sidecar, not which got something of it', () => {
    expect(carriedBy(attachedPod()).map(containersOf)).toEqual([['sidecar-container']]);
  });
});

describe('the status', () => {
  const now = '2026-01-01T00:00:00Z';
  const named = (sidecar: Sidecar, namespace?: string): Sidecar => ({
    ...sidecar,
    metadata: { ...sidecar.metadata, generation: 3, uid: sidecar.metadata.name ?? '', ...(namespace && { namespace }) },
  });

  async function setOf(...definitions: Sidecar[]) {
    const store = memoryStore();
    for (const { kind, metadata, ...rest } of definitions) {
      const resource = kind === 'Sidecar' ? 'sidecars' : 'clustersidecars';
      const key = { group: 'outfit.dev', resource, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
      await store.create(key, { kind, metadata, ...rest } as unknown as KubeObject);
    }
    return new KnownSidecars(store, log).current();
  }

  test('counts the Pods of its namespace, and a condition keeps its time', async () => {
    const set = await setOf(named(hello(), 'default'));
    const carrier = (namespace: string) => ({ namespace, sidecars: [{ name: 'hello', digest: 'd', attached: {} }] });
    const of = (before: unknown, at: string) =>
      sidecarStatuses(set, [carrier('default'), carrier('default'), carrier('shop')], {
        before: () => before,
        now: at,
      });
    const first = of(undefined, now).get('default/hello');
    expect(first).toEqual({
      observedGeneration: 3,
      joined: 2,
      conditions: [
        {
          type: 'Accepted',
          status: 'True',
          observedGeneration: 3,
          lastTransitionTime: now,
          reason: 'Accepted',
          message: 'The definition is valid.',
        },
      ],
    });
    expect(of(first, '2026-01-02T00:00:00Z').get('default/hello')).toEqual(first);
  });

  test('where a Sidecar and a ClusterSidecar share a name, the version tells which a Pod carries', async () => {
    const set = await setOf(named(small('a')), named(small('a', {}, 'Sidecar'), 'default'));
    const [wide] = set.compiled.sidecars.filter(({ kind }) => kind === 'ClusterSidecar');
    const carriers = [wide?.digest ?? '', 'another'].map((digest) => ({
      namespace: 'default',
      sidecars: [{ name: 'a', digest, attached: {} }],
    }));
    const statuses = sidecarStatuses(set, carriers, { before: () => undefined, now });
    expect([...statuses].map(([key, { joined, conditions }]) => [key, joined, conditions[0]?.reason])).toEqual([
      ['/a', 1, 'Accepted'],
      ['default/a', 1, 'NameTaken'],
    ]);
  });

  test('of a definition that an earlier version let in', async () => {
    const set = await setOf(named({ ...hello(), spec: { selector: {} } }, 'default'));
    const [status] = sidecarStatuses(set, [], { before: () => undefined, now }).values();
    expect(status?.conditions[0]).toMatchObject({
      status: 'False',
      reason: 'Invalid',
      message: expect.stringMatching(/^spec\.selector: Required value/),
    });
  });
});
