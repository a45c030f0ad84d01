import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runOutfit } from '../testing-outfit.ts';

interface Answer {
  code?: number;
  headers?: Record<string, string>;
  /** JSON, or lines of a watch, or text. */
  body: unknown;
}

/** The answers of the API, by `METHOD /path`; what was asked is kept. */
let answers: Record<string, Answer | Answer[]>;
let asked: { request: string; query: Record<string, string>; body: unknown; accept: string | undefined }[];
let server: Server;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'outfit-verbs-'));
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(home, 'kubeconfig'),
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [
        { name: 'x', context: { cluster: 'c', user: 'u' } },
        { name: 'team', context: { cluster: 'c', user: 'u', namespace: 'team-a' } },
      ],
      'current-context': 'x',
    }),
  );
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  answers = {};
  asked = [];
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, 'http://x');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const key = `${request.method} ${url.pathname}${url.searchParams.has('watch') ? '?watch' : ''}`;
  const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
  asked.push({ request: key, query: Object.fromEntries(url.searchParams), body, accept: request.headers.accept });
  const found = answers[key];
  const answer =
    (Array.isArray(found) ? (found.length > 1 ? found.shift() : found[0]) : found) ?? notFound(url.pathname);
  response.writeHead(answer.code ?? 200, { 'content-type': 'application/json', ...answer.headers });
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  // A watch stays open.
  if (key.endsWith('?watch')) response.write(text);
  else response.end(text);
}

const failure = (code: number, reason: string, message: string, details?: object): Answer => ({
  code,
  body: { kind: 'Status', status: 'Failure', code, reason, message, ...(details && { details }) },
});
const notFound = (path: string): Answer => failure(404, 'NotFound', `pods "${path.split('/').at(-1)}" not found`);
const pod = (name: string, status: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '5', ...metadata },
  spec: { containers: [{ name: 'app' }, { name: 'side' }] },
  status,
});
const list = (...items: object[]) => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '10' },
  items,
});
const columns = ['Name', 'Ready', 'Status', 'Restarts', 'Age'].map((name) => ({ name, priority: 0 }));
const table = (...rows: unknown[][]) => ({
  kind: 'Table',
  metadata: { resourceVersion: '10' },
  columnDefinitions: columns,
  rows: rows.map((cells) => ({
    cells,
    object: { metadata: { name: cells[0], namespace: 'default', resourceVersion: '11' } },
  })),
});
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const PODS = '/api/v1/namespaces/default/pods';

async function run(
  argv: string[],
  { stdin = '', env = {}, abortAfterMs }: { stdin?: string; env?: object; abortAfterMs?: number } = {},
) {
  const controller = new AbortController();
  if (abortAfterMs) {
    const { Interrupt } = await import('../command.ts');
    setTimeout(() => controller.abort(new Interrupt('SIGINT')), abortAfterMs);
  }
  return runOutfit(argv, {
    stdin,
    env: { OUTFIT_HOME: home, ...env },
    cwd: process.cwd(),
    now: () => new Date(),
    signal: controller.signal,
  });
}

describe('get', () => {
  test('prints the table that the server makes', async () => {
    answers[`GET ${PODS}`] = { body: table(['web-app', '1/1', 'Running', 0, '45m']) };
    expect(await run(['get', 'po'])).toEqual({
      code: 0,
      stdout: 'NAME      READY   STATUS    RESTARTS   AGE\nweb-app   1/1     Running   0          45m\n',
      stderr: '',
    });
    expect(asked[0]).toMatchObject({ query: { limit: '500' }, accept: expect.stringContaining('as=Table') });
  });

  test.each([
    [['get', 'po'], 'No resources found in default namespace.\n'],
    [['get', 'po', '-n', 'other'], 'No resources found in other namespace.\n'],
    [['get', 'po', '-A'], 'No resources found\n'],
    [['get', 'nodes'], 'No resources found\n'],
    [['get', 'po', '-l', 'app=x', '--ignore-not-found'], ''],
  ])('%j finds nothing and says so', async (argv, stderr) => {
    for (const path of [PODS, '/api/v1/namespaces/other/pods', '/api/v1/pods', '/api/v1/nodes'])
      answers[`GET ${path}`] = { body: table() };
    expect(await run(argv)).toEqual({ code: 0, stdout: '', stderr });
  });

  test('asks with selectors, page by page', async () => {
    answers[`GET ${PODS}`] = [
      { body: { ...table(['a', '1/1', 'Running', 0, '1s']), metadata: { continue: 'more' } } },
      { body: table(['b', '1/1', 'Running', 0, '1s']) },
    ];
    const { stdout } = await run([
      'get',
      'pods',
      '-l',
      'app in (a,b)',
      '--field-selector=status.phase=Running',
      '--no-headers',
    ]);
    expect(stdout).toBe('a     1/1   Running   0     1s\nb     1/1   Running   0     1s\n');
    expect(asked[1]!.query).toEqual({
      labelSelector: 'app in (a,b)',
      fieldSelector: 'status.phase=Running',
      limit: '500',
      continue: 'more',
    });
  });

  test('what is there is shown, what is missing is told, and the code is 1', async () => {
    answers[`GET ${PODS}/a`] = { body: table(['a', '1/1', 'Running', 0, '1s']) };
    expect(await run(['get', 'pod', 'a', 'b'])).toEqual({
      code: 1,
      stdout: 'NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          1s\n',
      stderr: 'Error from server (NotFound): pods "b" not found\n',
    });
  });

  test.each([
    [['-o', 'name'], 'pod/a\n'],
    [['-o', 'jsonpath={.metadata.name}: {.status.phase}'], 'a: Running'],
    [
      ['-o=json'],
      expect.stringMatching(/^\{\n {4}"apiVersion": "v1",\n {4}"kind": "Pod",\n {4}"metadata": \{\n {8}"name": "a",\n/),
    ],
  ])('one object %j', async (flags, stdout) => {
    answers[`GET ${PODS}/a`] = { body: pod('a', { phase: 'Running' }) };
    expect(await run(['get', 'pod/a', ...flags])).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('several objects are a List', async () => {
    answers[`GET ${PODS}`] = { body: list(pod('a'), pod('b')) };
    expect((await run(['get', 'po', '-o', 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {end}'])).stdout).toBe(
      'Pod/a Pod/b ',
    );
    expect((await run(['get', 'po', '-o', 'yaml'])).stdout).toMatch(
      /^apiVersion: v1\nitems:\n- apiVersion: v1\n {2}kind: Pod\n[\s\S]*\nkind: List\nmetadata:\n {2}resourceVersion: ""\n$/,
    );
  });

  test('-w goes on with the changes until Ctrl-C', async () => {
    answers[`GET ${PODS}`] = { body: table(['a', '0/1', 'Pending', 0, '0s']) };
    answers[`GET ${PODS}?watch`] = {
      body:
        event('MODIFIED', { ...table(['a', '1/1', 'Running', 0, '1s']), columnDefinitions: undefined }) +
        event('BOOKMARK', table()),
    };
    expect(await run(['get', 'po', '-w'], { abortAfterMs: 300 })).toEqual({
      code: 130,
      stdout:
        'NAME   READY   STATUS    RESTARTS   AGE\na      0/1     Pending   0          0s\na      1/1     Running   0          1s\n',
      stderr: '',
    });
    expect(asked.at(-1)!.query).toMatchObject({ watch: 'true', resourceVersion: '10' });
  });

  test('other kinds are found by discovery', async () => {
    answers['GET /apis'] = { body: { groups: [{ name: 'apps', versions: [{ version: 'v1' }] }] } };
    answers['GET /api/v1'] = { body: { resources: [] } };
    answers['GET /apis/apps/v1'] = {
      body: {
        resources: [
          {
            name: 'deployments',
            kind: 'Deployment',
            singularName: 'deployment',
            shortNames: ['deploy'],
            namespaced: true,
          },
        ],
      },
    };
    answers['GET /apis/apps/v1/namespaces/default/deployments'] = { body: { items: [{ metadata: { name: 'd' } }] } };
    expect(await run(['get', 'deploy', '-o', 'name'])).toEqual({ code: 0, stdout: 'deployment.apps/d\n', stderr: '' });
    expect(await run(['get', 'gadgets'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: the server doesn\'t have a resource type "gadgets"\n',
    });
  });

  test.each([
    [['get'], 64, /you must specify the type of resource/],
    [['get', 'po', '-o', 'fancy'], 1, /^error: unable to match a printer suitable for the output format "fancy"/],
    [['get', 'po', 'a', '-l', 'x=y'], 1, /^error: name cannot be provided when a selector is specified/],
    [['get', 'po', '-o', 'jsonpath={.a'], 1, /^error: error parsing jsonpath \{\.a, unclosed action/],
    [['get', 'pod/a/b'], 1, /must have a single resource and name/],
    [
      ['get', 'po', '--context', 'nowhere', '--kubeconfig', 'KUBECONFIG'],
      1,
      /^error: context "nowhere" does not exist/,
    ],
    [['get', 'po', '--kubeconfig', '/nowhere'], 1, /^error: cannot read the kubeconfig \/nowhere: no such file/],
  ])('%j is refused with %i', async (argv, code, message) => {
    const result = await run(argv.map((a) => (a === 'KUBECONFIG' ? join(home, 'kubeconfig') : a)));
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test('--context reads the kubeconfigs of KUBECONFIG, with its namespace', async () => {
    answers['GET /api/v1/namespaces/team-a/pods'] = { body: table() };
    const result = await run(['get', 'po', '--context', 'team'], {
      env: { OUTFIT_HOME: '/nowhere', KUBECONFIG: join(home, 'kubeconfig') },
    });
    expect(result.stderr).toBe('No resources found in team-a namespace.\n');
  });

  test('without a node: how to start one', async () => {
    expect(await run(['get', 'po'], { env: { OUTFIT_HOME: '/nowhere' } })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: there is no node in /nowhere\nhint: start one: outfit node start\n',
    });
  });
});

describe('create', () => {
  const MANIFEST = '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}';

  test('posts with strict validation and prints the name', async () => {
    answers[`POST ${PODS}`] = {
      code: 201,
      headers: { warning: '299 - "spec.x \\"y\\": has no effect here"' },
      body: pod('a'),
    };
    expect(await run(['create', '-f', '-'], { stdin: MANIFEST })).toEqual({
      code: 0,
      stdout: 'pod/a created\n',
      stderr: 'Warning: spec.x "y": has no effect here\n',
    });
    expect(asked[0]).toMatchObject({
      query: { fieldManager: 'outfit-create', fieldValidation: 'Strict' },
      body: { metadata: { name: 'a', namespace: 'default' } },
    });
  });

  test.each([
    [['--dry-run=server'], 'pod/a created (server dry run)\n', { dryRun: 'All' }],
    [['-o', 'name'], 'pod/a\n', {}],
    [['-o', 'jsonpath={.metadata.uid}'], 'uid-a', {}],
    [['--validate=false'], 'pod/a created\n', { fieldValidation: 'Ignore' }],
  ])('%j', async (flags, stdout, query) => {
    answers[`POST ${PODS}`] = { code: 201, body: pod('a') };
    expect(await run(['create', '-f', '-', ...flags], { stdin: MANIFEST })).toMatchObject({ code: 0, stdout });
    expect(asked[0]!.query).toMatchObject(query);
  });

  test.each([
    [
      failure(409, 'AlreadyExists', 'pods "a" already exists'),
      'Error from server (AlreadyExists): error when creating "STDIN": pods "a" already exists\n',
    ],
    [
      failure(422, 'Invalid', 'Pod "a" is invalid: spec.x: Required value', {
        kind: 'Pod',
        name: 'a',
        causes: [{ field: 'spec.x', message: 'Required value' }],
      }),
      'The Pod "a" is invalid: spec.x: Required value\n',
    ],
    [
      failure(422, 'Invalid', '…', {
        kind: 'Pod',
        name: 'a',
        causes: [
          { field: 'x', message: 'Required value' },
          { field: 'y', message: 'Forbidden: no' },
        ],
      }),
      'The Pod "a" is invalid: \n* x: Required value\n* y: Forbidden: no\n',
    ],
    [{ code: 502, body: 'bad gateway' }, 'Error from server: error when creating "STDIN": bad gateway\n'],
  ])("a refusal is told in kubectl's words", async (answer, stderr) => {
    answers[`POST ${PODS}`] = answer;
    expect(await run(['create', '-f', '-'], { stdin: MANIFEST })).toEqual({ code: 1, stdout: '', stderr });
  });

  test('what does not parse is sent nowhere, also when only the last document is wrong', async () => {
    const { code, stderr } = await run(['create', '-f', '-'], { stdin: `${MANIFEST}\n---\n{a: [\n` });
    expect({ code, asked }).toEqual({ code: 1, asked: [] });
    expect(stderr).toMatch(/^error: error parsing STDIN:\d+:\d+: /);
  });

  test('the namespace of the object and of -n must agree', async () => {
    const stdin = MANIFEST.replace('name: a', 'name: a, namespace: b');
    expect((await run(['create', '-n', 'c', '-f', '-'], { stdin })).stderr).toBe(
      'error: the namespace from the provided object "b" does not match the namespace "c". You must pass \'--namespace=b\' to perform this operation.\n',
    );
  });

  test.each([[['create']], [['create', 'pod']], [['create', '-f', 'x', '--dry-run=maybe']]])(
    '%j is wrong usage',
    async (argv) => {
      expect((await run(argv)).code).toBe(64);
    },
  );
});

describe('wait', () => {
  const ready = (status: string) => pod('a', { phase: 'Running', conditions: [{ type: 'Ready', status }] });

  test('until a condition is met', async () => {
    answers[`GET ${PODS}/a`] = { body: ready('False') };
    answers[`GET ${PODS}`] = { body: list(ready('False')) };
    answers[`GET ${PODS}?watch`] = { body: event('MODIFIED', ready('False')) + event('MODIFIED', ready('True')) };
    expect(await run(['wait', '--for=condition=Ready', 'pod/a'])).toEqual({
      code: 0,
      stdout: 'pod/a condition met\n',
      stderr: '',
    });
  });

  test.each([
    ['--for=condition=ready', 0],
    ['--for=condition=Ready=False', 1],
    ['--for=jsonpath={.status.phase}=Running', 0],
    ["--for=jsonpath='{.status.phase}'=Running", 0],
    ['--for=jsonpath={.status.podIP}', 1],
    ['--for=delete', 1],
    ['--for=create', 0],
  ])('looked at once: %s exits with %i', async (goal, code) => {
    answers[`GET ${PODS}/a`] = { body: ready('True') };
    const result = await run(['wait', goal, 'pod/a', '--timeout=0']);
    expect(result).toEqual(
      code === 0
        ? { code, stdout: 'pod/a condition met\n', stderr: '' }
        : { code, stdout: '', stderr: 'error: timed out waiting for the condition on pods/a\n' },
    );
  });

  test('a time out is told for each object', async () => {
    answers[`GET ${PODS}`] = { body: list(ready('False')) };
    answers[`GET ${PODS}?watch`] = { body: '' };
    expect(await run(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=100ms'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: timed out waiting for the condition on pods/a\n',
    });
  });

  test('for a deletion; what is not there is gone already', async () => {
    answers[`GET ${PODS}/a`] = { body: ready('True') };
    answers[`GET ${PODS}`] = { body: list(ready('True')) };
    answers[`GET ${PODS}?watch`] = { body: event('DELETED', ready('True')) };
    expect(await run(['wait', '--for=delete', 'pod/a', 'pod/b'])).toEqual({
      code: 0,
      stdout: 'pod/a condition met\n',
      stderr: '',
    });
  });

  test.each([
    [['wait', 'pod/b', '--for=condition=Ready'], 1, 'Error from server (NotFound): pods "b" not found\n'],
    [['wait', 'pod', '-l', 'x=y', '--for=condition=Ready'], 1, 'error: no matching resources found\n'],
  ])('%j', async (argv, code, stderr) => {
    answers[`GET ${PODS}`] = { body: list() };
    expect(await run(argv)).toEqual({ code, stdout: '', stderr });
  });

  test.each([
    [['wait', 'pod/a']],
    [['wait', 'pod/a', '--for=maybe']],
    [['wait', '--for=delete']],
    [['wait', 'pod/a', '--for=delete', '--timeout=soon']],
  ])('%j is wrong usage', async (argv) => {
    expect((await run(argv)).code).toBe(64);
  });
});

describe('delete', () => {
  beforeEach(() => {
    answers[`DELETE ${PODS}/a`] = { body: pod('a') };
    answers[`GET ${PODS}`] = { body: list(pod('a')) };
    answers[`GET ${PODS}?watch`] = { body: event('MODIFIED', pod('a')) + event('DELETED', pod('a')) };
  });

  test.each([
    [[], 'pod "a" deleted\n', {}],
    [['--now'], 'pod "a" deleted\n', { gracePeriodSeconds: 1 }],
    [['--grace-period=7'], 'pod "a" deleted\n', { gracePeriodSeconds: 7 }],
    [['--grace-period=0'], 'pod "a" deleted\n', { gracePeriodSeconds: 1 }],
    [['--force'], 'pod "a" force deleted\n', { gracePeriodSeconds: 0 }],
    [['--force', '--grace-period=0'], 'pod "a" force deleted\n', { gracePeriodSeconds: 0 }],
    [['-o', 'name'], 'pod/a\n', {}],
    [['--dry-run=server'], 'pod "a" deleted (server dry run)\n', { dryRun: ['All'] }],
  ])('%j waits until the Pod has gone', async (flags, stdout, body) => {
    const result = await run(['delete', 'pod', 'a', ...flags]);
    expect(result).toMatchObject({ code: 0, stdout });
    expect(result.stderr).toMatch(flags[0] === '--force' ? /^Warning: Immediate deletion does not wait/ : /^$/);
    expect(asked[0]!.body).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      ...body,
    });
    expect(asked.some((a) => a.request.endsWith('?watch'))).toBe(flags[0] !== '--dry-run=server');
  });

  test('names the container that ignored SIGTERM', async () => {
    const events = PODS.replace(/pods$/, 'events');
    const message = 'Container c did not stop within 30 s of SIGTERM and was killed';
    answers[`GET ${events}`] = { body: list({ message } as never) };
    const { stderr } = await run(['delete', 'pod', 'a']);
    expect(stderr).toBe(`Warning: pod "a": ${message}\n`);
    expect(asked.at(-1)?.query).toEqual({ fieldSelector: 'involvedObject.uid=uid-a,reason=ExceededGracePeriod' });
  });

  test('--wait=false does not wait', async () => {
    await run(['delete', 'pod/a', '--wait=false']);
    expect(asked.map((a) => a.request)).toEqual([`DELETE ${PODS}/a`]);
  });

  test('another Pod of the same name counts as gone', async () => {
    answers[`GET ${PODS}`] = { body: list(pod('a', {}, { uid: 'younger' })) };
    expect((await run(['delete', 'pod', 'a'])).code).toBe(0);
  });

  test('by label and by file', async () => {
    expect(await run(['delete', 'po', '-l', 'app=x', '--wait=false'])).toMatchObject({
      code: 0,
      stdout: 'pod "a" deleted\n',
    });
    const stdin = '{apiVersion: v1, kind: Pod, metadata: {name: a}}';
    expect(await run(['delete', '-f', '-', '--wait=false'], { stdin })).toMatchObject({
      code: 0,
      stdout: 'pod "a" deleted\n',
    });
  });

  test.each([
    [['delete', 'pod', 'b'], 1, 'Error from server (NotFound): pods "b" not found\n'],
    [['delete', 'pod', 'b', '--ignore-not-found'], 0, ''],
    [['delete', 'pod'], 1, 'error: resource(s) were provided, but no name was specified\n'],
    [['delete', 'pod', 'a', '--timeout=50ms'], 1, 'error: timed out waiting for the condition on pods/a\n'],
  ])('%j exits with %i', async (argv, code, stderr) => {
    answers[`GET ${PODS}?watch`] = { body: '' };
    expect(await run(argv)).toMatchObject({ code, stderr });
  });

  test.each([
    [['delete']],
    [['delete', 'pod', 'a', '--now', '--grace-period=3']],
    [['delete', 'pod', 'a', '--force', '--grace-period=3']],
    [['delete', 'pod', 'a', '--grace-period=x']],
  ])('%j is wrong usage', async (argv) => {
    expect((await run(argv)).code).toBe(64);
  });
});

describe('logs', () => {
  beforeEach(() => {
    answers[`GET ${PODS}/a`] = { body: pod('a') };
    answers[`GET ${PODS}/a/log`] = { body: 'one\ntwo\n' };
  });

  test('of the first container, which is told', async () => {
    expect(await run(['logs', 'a'])).toEqual({
      code: 0,
      stdout: 'one\ntwo\n',
      stderr: 'Defaulted container "app" out of: app, side\n',
    });
    expect(asked[1]!.query).toEqual({ container: 'app' });
  });

  test.each([
    [['-c', 'side', '-p'], { container: 'side', previous: 'true' }],
    [['side', '--tail=3', '--timestamps'], { container: 'side', tailLines: '3', timestamps: 'true' }],
    [['-c', 'side', '--tail=-1', '--since=90s'], { container: 'side', sinceSeconds: '90' }],
    [
      ['-c', 'side', '--since-time=2026-11-23T18:56:41Z', '--limit-bytes=9'],
      { container: 'side', sinceTime: '2026-11-23T18:56:41Z', limitBytes: '9' },
    ],
    [['-c', 'side', '-f'], { container: 'side', follow: 'true' }],
  ])('%j', async (flags, query) => {
    expect(await run(['logs', 'pod/a', ...flags])).toEqual({ code: 0, stdout: 'one\ntwo\n', stderr: '' });
    expect(asked[1]!.query).toEqual(query);
  });

  test('of all containers, of all Pods with a label, with a prefix', async () => {
    answers[`GET ${PODS}`] = { body: list(pod('a')) };
    expect((await run(['logs', 'a', '--all-containers'])).stdout).toBe('one\ntwo\none\ntwo\n');
    expect((await run(['logs', '-l', 'app=x', '-c', 'app', '--prefix'])).stdout).toBe(
      '[pod/a/app] one\n[pod/a/app] two\n',
    );
    expect(asked.at(-1)!.query).toMatchObject({ tailLines: '10' });
  });

  test('a refusal of the server', async () => {
    answers[`GET ${PODS}/a/log`] = failure(400, 'BadRequest', 'container x is not valid for pod a');
    expect(await run(['logs', 'a', '-c', 'x'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error from server (BadRequest): container x is not valid for pod a\n',
    });
  });

  test.each([
    [['logs']],
    [['logs', 'a', '--since=1h', '--since-time=2026-11-23T18:56:41Z']],
    [['logs', 'a', '--tail=x']],
    [['logs', 'a', '--tail=-2']],
  ])('%j is wrong usage', async (argv) => {
    expect((await run(argv)).code).toBe(64);
  });
});

describe('port-forward and exec, before they connect', () => {
  beforeEach(() => {
    answers[`GET ${PODS}/a`] = { body: pod('a', { phase: 'Running' }) };
    answers[`GET ${PODS}/p`] = { body: pod('p', { phase: 'Pending' }) };
    answers[`GET ${PODS}/s`] = { body: pod('s', { phase: 'Succeeded' }) };
  });

  test("a taken local port: kubectl's message", async () => {
    const { port } = server.address() as AddressInfo;
    const result = await run(['port-forward', 'a', `${port}:80`, '--address=127.0.0.1']);
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `Unable to listen on port ${port}: Listeners failed to create with the following errors: [unable to create listener: Error listen tcp4 127.0.0.1:${port}: bind: address already in use]\n` +
        `error: unable to listen on any of the requested ports: [{${port} 80}]\n`,
    });
  });

  test('listens until Ctrl-C, which is its good end', async () => {
    const { code, stdout } = await run(['port-forward', 'a', ':80', '--address=127.0.0.1'], { abortAfterMs: 200 });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Forwarding from 127\.0\.0\.1:\d+ -> 80\n$/);
  });

  test.each([
    [
      ['port-forward', 'p', '80'],
      1,
      'error: unable to forward port because pod is not running. Current status=Pending\n',
    ],
    [['port-forward', 'a', ':web'], 1, "error: Pod 'a' does not have a named port 'web'\n"],
    [['port-forward', 'gone', '80'], 1, 'Error from server (NotFound): pods "gone" not found\n'],
    [
      ['exec', 's', '--', 'ls'],
      1,
      'error: cannot exec into a container in a completed pod; current phase is Succeeded\n',
    ],
  ])('%j exits with %i', async (argv, code, stderr) => {
    expect(await run(argv)).toEqual({ code, stdout: '', stderr });
  });

  test.each([
    [['port-forward', 'a']],
    [['port-forward', 'a', '1:2:3']],
    [['port-forward', 'a', '99999:80']],
    [['exec']],
    [['exec', 'a']],
    [['exec', 'a', 'ls']],
  ])('%j is wrong usage', async (argv) => {
    expect((await run(argv)).code).toBe(64);
  });
});
