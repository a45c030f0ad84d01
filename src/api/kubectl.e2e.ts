import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { memoryStore } from '../store/memory-store.ts';
import { type ApiServer, apiServer } from './api-server.ts';
import type { Listening } from './http/node-server.ts';
import { createAuthority, createClientCertificate, createServerCertificate } from './pki/certificates.ts';

/** Stock kubectl against the API alone: no containers, no loop. The documents of /openapi must have been built. */
const KUBECTLS = [27, 28, 29, 30, 31, 32, 33]
  .map((minor) => `/usr/lib/google-cloud-sdk/bin/kubectl.1.${minor}`)
  .filter((path) => existsSync(path));
if (KUBECTLS.length === 0) KUBECTLS.push('kubectl');

const OPENAPI = join(import.meta.dirname, '../../dist/openapi');
const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web-app
  labels: {app: web}
spec:
  containers:
  - name: main-container
    image: nginx
    ports: [{containerPort: 80}]
`;

const store = memoryStore();
let folder: string;
let api: ApiServer;
let listening: Listening;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outfit-kubectl-'));
  api = await apiServer({ store, functions: {} as never, log: pino({ level: 'silent' }), openapiDirectory: OPENAPI });
  const authority = await createAuthority();
  const server = await createServerCertificate(authority);
  const tls = { certificate: server.certificate, key: server.key, authority: authority.certificate };
  listening = await api.listen({ host: '127.0.0.1', port: 0, tls });
  const admin = await createClientCertificate(authority);
  await writeFile(join(folder, 'kubeconfig'), kubeconfig(listening.url, authority.certificate, admin));
  await writeFile(join(folder, 'pod.yaml'), POD);
});
afterAll(async () => {
  api.stop();
  await listening.close();
  await rm(folder, { recursive: true });
});

describe.each(KUBECTLS)('%s', (program) => {
  const home = () => join(folder, program.replaceAll('/', '_'));
  const kubectl = (...args: string[]): Promise<Ran> => run(program, args, home());
  const fine = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await kubectl(...args);
    expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
    return out;
  };
  const file = (text: string): Promise<string> => write(home(), text);
  beforeAll(() => mkdir(home()));
  afterEach(async () => {
    if (store.get(key('web-app'))) await store.delete(key('web-app'));
  });

  test('knows the server and its resources', async () => {
    expect((await kubectl('version')).out).toMatch(/Server Version: .*v1\.33\.0\+outfit/);
    const resources = await fine('api-resources', '-o', 'name');
    expect(resources.trim().split('\n').sort()).toEqual([
      'bindings',
      'clustersidecars.outfit.dev',
      'configmaps',
      'events',
      'events.events.k8s.io',
      'leases.coordination.k8s.io',
      'localsubjectaccessreviews.authorization.k8s.io',
      'namespaces',
      'nodes',
      'persistentvolumeclaims',
      'pods',
      'podtemplates',
      'secrets',
      'selfsubjectaccessreviews.authorization.k8s.io',
      'selfsubjectreviews.authentication.k8s.io',
      'selfsubjectrulesreviews.authorization.k8s.io',
      'serviceaccounts',
      'sidecars.outfit.dev',
      'subjectaccessreviews.authorization.k8s.io',
      'tokenreviews.authentication.k8s.io',
    ]);
    expect((await fine('api-versions')).trim().split('\n')).toEqual([
      'authentication.k8s.io/v1',
      'authorization.k8s.io/v1',
      'coordination.k8s.io/v1',
      'events.k8s.io/v1',
      'outfit.dev/v1alpha1',
      'v1',
    ]);
    expect(await fine('explain', 'pod.spec.containers')).toMatch(
      /KIND: +Pod\nVERSION: +v1\n[\s\S]*imagePullPolicy\s+<string>/,
    );
    expect(await fine('explain', 'pod.spec', '--recursive')).toMatch(/livenessProbe\s+<Probe|Object>[\s\S]*httpGet/);
  });

  test('creates, shows, changes and deletes a Pod', async () => {
    const pod = join(folder, 'pod.yaml');
    expect(await fine('create', '-f', pod)).toBe('pod/web-app created\n');
    const taken = await kubectl('create', '-f', pod);
    expect(taken).toMatchObject({
      code: 1,
      err: `Error from server (AlreadyExists): error when creating "${pod}": pods "web-app" already exists\n`,
    });
    expect(await fine('get', 'po')).toMatch(
      /^NAME {6}READY {3}STATUS {4}RESTARTS {3}AGE\nweb-app {3}0\/1 {5}Pending {3}0 {10}\d+s\n$/,
    );
    expect(await fine('get', 'po', '-o', 'wide')).toMatch(/IP +NODE +NOMINATED NODE +READINESS GATES\n/);
    expect(
      await fine('get', 'po', '-o', 'name', '-A', '-l', 'app=web', '--field-selector', 'status.phase=Pending'),
    ).toBe('pod/web-app\n');
    expect(await fine('get', 'po', 'web-app', '-o', 'jsonpath={.spec.containers[0].image}')).toBe('nginx');
    expect(await fine('get', 'po', 'web-app', '-o', 'yaml')).toMatch(/^apiVersion: v1\nkind: Pod\nmetadata:\n/);
    expect(await fine('label', 'po', 'web-app', 'a=b')).toBe('pod/web-app labeled\n');
    expect(await fine('annotate', 'po', 'web-app', 'x/y=z')).toMatch(/^pod\/web-app annotated?\n$/);
    expect(await fine('get', 'po', '--show-labels')).toMatch(/a=b,app=web\n$/);
    expect(
      await fine('patch', 'po', 'web-app', '--type=json', '-p', '[{"op":"remove","path":"/metadata/labels/a"}]'),
    ).toBe('pod/web-app patched\n');
    expect(await fine('describe', 'po', 'web-app')).toMatch(/^Name: +web-app\n[\s\S]*Events: +<none>\n$/);
    expect(await fine('delete', '-f', pod)).toBe('pod "web-app" deleted\n');
    expect(await kubectl('get', 'po', 'web-app')).toMatchObject({
      code: 1,
      err: 'Error from server (NotFound): pods "web-app" not found\n',
    });
    expect(await kubectl('get', 'po')).toMatchObject({ code: 0, err: 'No resources found in default namespace.\n' });
  });

  test('applies: new, changed, unchanged, dry', async () => {
    const pod = join(folder, 'pod.yaml');
    const changed = await file(POD.replace('image: nginx', 'image: nginx:2'));
    expect(await fine('apply', '--dry-run=server', '-f', pod)).toBe('pod/web-app created (server dry run)\n');
    expect(await fine('apply', '-f', pod)).toBe('pod/web-app created\n');
    expect(await fine('apply', '-f', pod)).toBe('pod/web-app unchanged\n');
    expect(await fine('apply', '-f', changed)).toBe('pod/web-app configured\n');
    expect(await fine('get', 'po', 'web-app', '-o', 'jsonpath={.spec.containers[0].image}')).toBe('nginx:2');
    expect((await kubectl('diff', '-f', changed)).code).toBe(0);
    expect(await fine('delete', 'po', 'web-app', '--now')).toMatch(/^pod "web-app" deleted\n$/);
  });

  test('is told what is wrong', async () => {
    const unknown = await file(POD.replace('    image:', '    imagee: x\n    image:'));
    expect(await kubectl('create', '-f', unknown)).toMatchObject({
      code: 1,
      err: expect.stringContaining('strict decoding error: unknown field "spec.containers[0].imagee"'),
    });
    const warned = await kubectl('create', '--dry-run=server', '--validate=warn', '-f', unknown);
    expect(warned).toMatchObject({ code: 0, err: 'Warning: unknown field "spec.containers[0].imagee"\n' });
    const upper = await file(POD.replace('main-container', 'Main-container'));
    expect(await kubectl('create', '-f', upper)).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'The Pod "web-app" is invalid: spec.containers[0].name: Invalid value: "Main-container": a lowercase RFC 1123 label must',
      ),
    });
    const mounts = await file(POD.replace('    ports:', '    volumeMounts: var-logs\n    ports:'));
    expect(await kubectl('create', '-f', mounts)).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'json: cannot unmarshal string into Go struct field Container.spec.containers.volumeMounts of type []v1.VolumeMount',
      ),
    });
    expect(await kubectl('create', '-n', 'nope', '-f', join(folder, 'pod.yaml'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('namespaces "nope" not found'),
    });
    expect(await kubectl('get', 'widgets')).toMatchObject({
      code: 1,
      err: expect.stringContaining(`the server doesn't have a resource type "widgets"`),
    });
    expect(await kubectl('get', 'po', '--field-selector', 'foo=bar')).toMatchObject({
      code: 1,
      err: expect.stringContaining('field label not supported: foo'),
    });
  });

  test('keeps ConfigMaps, Secrets and Namespaces from files', async () => {
    const text = `apiVersion: v1
kind: Namespace
metadata: {name: extra}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: extra}
data: {a: "1", b: "2"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: extra}
stringData: {a: secret}
`;
    const all = await file(text);
    expect(await fine('apply', '-f', all)).toBe(
      'namespace/extra created\nconfigmap/settings created\nsecret/keys created\n',
    );
    expect(await fine('get', 'cm,secret,sa', '-n', 'extra')).toMatch(
      /configmap\/settings +2 +\d+s[\s\S]*secret\/keys +Opaque +1 +\d+s[\s\S]*serviceaccount\/default +0/,
    );
    expect(await fine('get', 'secret', 'keys', '-n', 'extra', '-o', 'jsonpath={.data.a}')).toBe('c2VjcmV0');
    expect(await fine('delete', 'ns', 'extra')).toBe('namespace "extra" deleted\n');
    expect(await kubectl('get', 'ns', 'extra')).toMatchObject({ code: 1 });
  });

  test('waits for what happens, and watches it', async () => {
    await fine('create', '-f', join(folder, 'pod.yaml'));
    const waiting = kubectl('wait', '--for=condition=Ready', 'pod/web-app', '--timeout=20s');
    const watching = spawn(program, ['get', 'po', '-w', '--no-headers'], { env: environment(home()) });
    let rows = '';
    watching.stdout.on('data', (chunk) => {
      rows += String(chunk);
    });
    await expect.poll(() => rows, { timeout: 10_000 }).toMatch(/Pending/);
    await set('web-app', { spec: { nodeName: 'node1' }, status: RUNNING });
    expect(await waiting).toMatchObject({ code: 0, out: 'pod/web-app condition met\n' });
    await expect.poll(() => rows, { timeout: 10_000 }).toMatch(/1\/1 +Running +0/);
    watching.kill();
    await store.create(
      { group: '', resource: 'events', namespace: 'default', name: `e-${program.slice(-2)}` },
      startedEvent(program.slice(-2)),
    );
    expect(await fine('get', 'events')).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Normal +Started +pod\/web-app +Started container main-container\n$/,
    );
    const deleting = kubectl('delete', 'po', 'web-app', '--grace-period=5');
    await expect
      .poll(() => store.get(key('web-app'))?.metadata.deletionGracePeriodSeconds, { timeout: 10_000 })
      .toBe(5);
    expect((await kubectl('get', 'po', '--no-headers')).out).toMatch(/web-app +1\/1 +Terminating +0/);
    await store.delete(key('web-app'));
    expect(await deleting).toMatchObject({ code: 0, out: 'pod "web-app" deleted\n' });
    await fine('delete', 'events', '--all');
  });
});

const RUNNING = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    {
      name: 'main-container',
      image: 'nginx',
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: {} },
    },
  ],
};

function startedEvent(suffix: string): KubeObject {
  const event: Event & { kind: string; apiVersion: string } = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: `e-${suffix}`, namespace: 'default', uid: suffix, creationTimestamp: new Date().toISOString() },
    involvedObject: { kind: 'Pod', name: 'web-app', namespace: 'default' },
    reason: 'Started',
    message: 'Started container main-container',
    type: 'Normal',
    lastTimestamp: new Date().toISOString(),
  };
  return event as unknown as KubeObject;
}

const key = (name: string) => ({ group: '', resource: 'pods', namespace: 'default', name });

/** What the loop would write. */
function set(name: string, { spec, status }: { spec: object; status: object }): Promise<KubeObject> {
  return store.update(key(name), (pod) => ({ ...pod, spec: { ...(pod.spec as object), ...spec }, status }));
}

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

function run(program: string, args: string[], home: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(home), stdio: ['ignore', 'pipe', 'pipe'] });
    const ran: Ran = { code: null, out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      ran.out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      ran.err += String(chunk);
    });
    child.on('error', reject).on('close', (code) => resolve({ ...ran, code }));
  });
}

const environment = (home: string) => ({ PATH: process.env.PATH, HOME: home, KUBECONFIG: join(folder, 'kubeconfig') });

let written = 0;
async function write(home: string, text: string): Promise<string> {
  const path = join(home, `${++written}.yaml`);
  await writeFile(path, text);
  return path;
}

function kubeconfig(server: string, authority: string, admin: { certificate: string; key: string }): string {
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const user = { 'client-certificate-data': data(admin.certificate), 'client-key-data': data(admin.key) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'outfit', cluster: { server, 'certificate-authority-data': data(authority) } }],
    users: [{ name: 'outfit', user }],
    contexts: [{ name: 'outfit', context: { cluster: 'outfit', user: 'outfit' } }],
    'current-context': 'outfit',
  });
}
