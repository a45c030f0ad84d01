import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CoreV1Api,
  KubeConfig,
  type KubernetesListObject,
  ListWatch,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/api/audit/event.ts';
import { eventually, missing, NodeUnderTest } from '../e2e/node-under-test.ts';

const PYTHON = '/usr/bin/python3';
const noPython = existsSync('/usr/lib/python3/dist-packages/kubernetes')
  ? undefined
  : 'python3-kubernetes is not installed';

let node: NodeUnderTest;
beforeAll(async () => {
  if (missing) return;
  node = new NodeUnderTest(48);
  await node.start({ images: ['busybox'], flags: ['--audit-log', join(node.home, 'audit.log')] });
});
afterAll(() => node?.close());

/** What each step of client.py gives. */
const STEPS: Record<string, unknown> = {
  server: {
    version: '1.33',
    groups: expect.arrayContaining(['coordination.k8s.io', 'events.k8s.io', 'outfit.dev']),
  },
  create: { namespace: 'Active', pod: 'Pending', policy: 'ClusterFirst' },
  errors: {
    absent: { status: 404, reason: 'NotFound', message: 'pods "none" not found' },
    twice: { status: 409, reason: 'AlreadyExists', message: 'pods "web" already exists' },
    wrong: { status: 422, reason: 'Invalid', message: expect.stringContaining('ConfigMap "Upper" is invalid') },
    nowhere: { status: 404, reason: 'NotFound', message: 'namespaces "nowhere" not found' },
    selector: { status: 400, reason: 'BadRequest', message: 'field label not supported: spec.color' },
    stale: {
      status: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
    },
  },
  pages: { pages: 3, names: ['kube-root-ca.crt', 'page-0', 'page-1', 'page-2', 'page-3', 'page-4'] },
  resume: ['ADDED resume-0', 'ADDED resume-1', 'ADDED resume-2', 'MODIFIED resume-1', 'DELETED resume-0'],
  expired: { status: 410, reason: expect.stringMatching(/^Expired: too old resource version: \d+ \(\d+\)$/) },
  patch: {
    strategic: { app: 'web', tier: 'front' },
    json: { app: 'web', tier: 'back' },
    removed: { app: 'web' },
    wrong: {
      status: 422,
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    },
  },
  ready: ['counter', 'main'],
  execute: { lines: ['err', 'out'], said: 'you said hello', code: 7 },
  // The client tells no more of a refused handshake.
  execute_refused: { status: 0, reason: 'Handshake status 400 Bad Request' },
  forward: { page: 'hello\n', error: null },
  logs: { followed: ['line 1', 'line 2', 'line 3', 'last'], tail: 'last\n' },
  events: { some: true, same: true },
  lease: { holder: 'b', late: 'Conflict' },
  by_discovery: {
    pods: ['web'],
    sidecars: 'SidecarList',
    subresources: expect.arrayContaining(['attach', 'eviction', 'exec', 'log', 'portforward', 'status']),
  },
  delete: { first: 'MODIFIED', last: 'DELETED', pages: [] },
};

describe("Python's client", () => {
  let results: Record<string, unknown> = {};

  beforeAll(async () => {
    if (missing ?? noPython) return;
    const { code, stdout, stderr } = await node.run(PYTHON, [join(import.meta.dirname, 'client.py')]);
    if (code !== 0) throw new Error(stderr);
    results = JSON.parse(stdout);
  });

  test.for(Object.entries(STEPS))('%s', ([step, expected], { skip }) => {
    const reason = missing ?? noPython;
    if (reason) skip(reason);
    expect(results[step]).toEqual(expected);
  });
});

describe.skipIf(missing)('the audit log', () => {
  const entries = (): AuditEvent[] =>
    readFileSync(join(node.home, 'audit.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent);
  const stagesOf = (all: AuditEvent[], auditID: string) =>
    all.filter((entry) => entry.auditID === auditID).map(({ stage }) => stage);

  test('has every request of a client, from its coming to its end', async ({ skip }) => {
    if (noPython) skip(noPython);
    const python = entries().filter(({ userAgent }) => userAgent?.includes('python'));
    const created = python.find(({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'pods')!;
    expect(created).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      user: { username: 'outfit-admin', groups: ['system:masters', 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      objectRef: { resource: 'pods', namespace: 'python', apiVersion: 'v1' },
    });
    expect(stagesOf(python, created.auditID)).toEqual(['RequestReceived', 'ResponseComplete']);
    const watched = python.find(({ verb }) => verb === 'watch')!;
    await eventually(
      'the end of the watch',
      () => stagesOf(entries(), watched.auditID).join() === 'RequestReceived,ResponseStarted,ResponseComplete',
    );
    const refused = python.filter(({ responseStatus }) => responseStatus?.code === 404);
    expect(refused.map(({ responseStatus }) => responseStatus?.message)).toContain('pods "none" not found');
  });

  test('has commands and forwarded ports too', async ({ skip }) => {
    if (noPython) skip(noPython);
    const ends = await eventually('the end of all commands', () => {
      const of = (subresource: string) =>
        entries().filter((e) => e.objectRef?.subresource === subresource && e.stage === 'ResponseComplete');
      return of('exec').length >= 3 && of('portforward').length > 0 && [...of('exec'), ...of('portforward')];
    });
    expect(new Set(ends.map(({ responseStatus }) => responseStatus?.code))).toEqual(new Set([101, 400]));
  });
});

/** The informer that programs in JavaScript build upon, with a record of what it told. */
describe.skipIf(missing)(`the informer of @kubernetes/client-node${missing ? ` (${missing})` : ''}`, () => {
  let config: KubeConfig;
  let core: CoreV1Api;
  let stop = (): void => {};
  const namespace = 'informed';

  beforeAll(async () => {
    config = new KubeConfig();
    config.loadFromFile(node.env.KUBECONFIG!);
    core = config.makeApiClient(CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: namespace } } });
  });
  afterEach(() => stop());

  const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  const remove = (name: string) => core.deleteNamespacedConfigMap({ namespace, name });
  const change = (name: string, value: string) =>
    core.patchNamespacedConfigMap(
      { namespace, name, body: { data: { value } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );

  /** An informer of ConfigMaps that begins anew whenever it fails, as its documentation wants it. */
  function inform(watch = new Watch(config)) {
    const told: string[] = [];
    let connections = 0;
    let over = false;
    const list = (): Promise<KubernetesListObject<V1ConfigMap>> => core.listNamespacedConfigMap({ namespace });
    const informer = new ListWatch<V1ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps`, watch, list, false);
    const start = (): Promise<void> => informer.start().catch(() => {});
    for (const verb of ['add', 'update', 'delete'] as const)
      informer.on(verb, ({ metadata, data }) => {
        if (metadata!.name !== 'kube-root-ca.crt') told.push([verb, metadata!.name, data?.value].join(' ').trim());
      });
    informer.on('connect', () => {
      connections++;
    });
    informer.on('error', () => {
      if (!over) setTimeout(start, 100);
    });
    stop = () => {
      over = true;
      void informer.stop();
    };
    const names = () =>
      informer
        .list(namespace)
        .map((map) => map.metadata!.name)
        .sort();
    return { told, names, start, connections: () => connections };
  }

  test('tells what is there and every change, also over watches that the server ends', async () => {
    await create('a');
    const short = new (class extends Watch {
      override watch: Watch['watch'] = (path, query, ...rest) =>
        super.watch(path, { ...query, timeoutSeconds: 1 }, ...rest);
    })(config);
    const { told, names, start, connections } = inform(short);
    await start();
    expect(names()).toEqual(['a', 'kube-root-ca.crt']);
    const expected = ['add a'];
    for (let i = 0; connections() < 4; i++) {
      await change('a', String(i));
      expected.push(`update a ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await create('b');
    await remove('a');
    const last = `delete a ${expected.length - 2}`;
    await eventually('the deletion', () => told.at(-1) === last, 60);
    expect(told).toEqual([...expected, 'add b', last]);
    expect(names()).toEqual(['b', 'kube-root-ca.crt']);
  });

  test('finds its way back when the node was killed and its past is forgotten', async () => {
    const { told, names, start } = inform();
    await start();
    await eventually('what is there', () => told.join() === 'add b');
    process.kill(await node.pid(), 'SIGKILL');
    await eventually('the end of the node', async () => (await node.outfit('node', 'status')).code !== 0, 60);
    await node.start({ images: [] });
    await create('c');
    await remove('b');
    await eventually('the news', () => names().join() === 'c,kube-root-ca.crt', 60);
    await change('c', '1');
    await eventually('the change', () => told.at(-1) === 'update c 1', 60);
    expect(told.filter((line) => line.startsWith('delete'))).toEqual(['delete b']);
  });
});
