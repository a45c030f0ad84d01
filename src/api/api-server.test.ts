import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { type ApiServer, apiServer } from './api-server.ts';
import { ListenError, type Listening } from './http/node-server.ts';
import { ask } from './in-memory.ts';
import type { NodeFunctions } from './node-functions.ts';
import {
  type Credential,
  createAuthority,
  createClientCertificate,
  createServerCertificate,
} from './pki/certificates.ts';
import { createSigningKey, SigningKey } from './pki/signing-key.ts';
import { ISSUER, Tokens } from './service-accounts/tokens.ts';

const store = memoryStore();
const functions = {
  logs: async () => Readable.from(['one\n', 'two\n']),
} as unknown as NodeFunctions;
const signingKey = new SigningKey(createSigningKey());
let good: string;
let folder: string;
let api: ApiServer;
let listening: Listening;
let authority: Credential;
let admin: Credential;
let broken: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outfit-api-'));
  const index = {
    v3: { 'api/v1': { file: 'core.json.gz', hash: 'ABC' } },
    v2: { file: 'v2.pb.gz', hash: 'DEF' },
    v2Json: { file: 'v2.json.gz', hash: 'GHI' },
  };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'core.json.gz'), gzipSync('{"openapi":"3.0.0"}'));
  await writeFile(join(folder, 'v2.pb.gz'), gzipSync('pb'));
  await writeFile(join(folder, 'v2.json.gz'), gzipSync('{"swagger":"2.0"}'));
  api = await apiServer({
    store,
    functions,
    log: pino({ level: 'silent' }),
    openapiDirectory: folder,
    signingKey,
    serviceAccountRole: 'cluster-admin',
    checks: { store: () => broken },
  });
  const account = store.get({ group: '', resource: 'serviceaccounts', namespace: 'default', name: 'default' });
  const tokens = new Tokens({ key: signingKey, store, now: () => new Date(), uid: () => 'uid' });
  good = tokens.issue({ account: account!, audiences: [ISSUER], expirationSeconds: 3600 });
  authority = await createAuthority();
  admin = await createClientCertificate(authority);
  const { certificate, key } = await createServerCertificate(authority);
  listening = await api.listen({
    host: '127.0.0.1',
    port: 0,
    tls: { certificate, key, authority: authority.certificate },
  });
});
afterAll(async () => {
  api.stop();
  await listening.close();
  await rm(folder, { recursive: true });
});

interface Reply {
  status: number;
  type: string;
  text: string;
}

const request = (
  path: string,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, listening.url);
    const req = httpsRequest(url, { ca: authority.certificate, agent: false, ...options }, async (res) => {
      let text = '';
      for await (const chunk of res) text += chunk;
      resolve({ status: res.statusCode!, type: res.headers['content-type'] ?? '', text });
    });
    req.on('error', reject).end(body);
  });
const asAdmin = (): RequestOptions => ({ cert: admin.certificate, key: admin.key });
const bearer = (value: string): RequestOptions => ({ headers: { Authorization: value } });

describe('who asks', () => {
  const forbidden = (text: string) => ({ status: 403, message: text });
  test.each([
    [
      '/api/v1/namespaces/default/pods',
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      '/api/v1/pods?watch=1',
      'pods is forbidden: User "system:anonymous" cannot watch resource "pods" in API group "" at the cluster scope',
    ],
    [
      '/api/v1/namespaces/default/pods/p/log',
      'pods "p" is forbidden: User "system:anonymous" cannot get resource "pods/log" in API group "" in the namespace "default"',
    ],
    [
      '/apis/coordination.k8s.io/v1/leases',
      'leases.coordination.k8s.io is forbidden: User "system:anonymous" cannot list resource "leases" in API group "coordination.k8s.io" at the cluster scope',
    ],
    ['/api', 'forbidden: User "system:anonymous" cannot get path "/api"'],
    ['/openapi/v3', 'forbidden: User "system:anonymous" cannot get path "/openapi/v3"'],
    ['/versionx', 'forbidden: User "system:anonymous" cannot get path "/versionx"'],
  ])('a stranger may not read %s', async (path, message) => {
    const { status, text } = await request(path);
    expect({ status, message: (JSON.parse(text) as { message: string }).message }).toEqual(forbidden(message));
  });

  test.each(['/version', '/version/', '/livez', '/readyz', '/healthz', '/livez/ping', '/readyz?verbose'])(
    'a stranger may read %s',
    async (path) => {
      expect((await request(path)).status).toBe(200);
    },
  );

  test.each(['/version', '/healthz', '/api/v1/pods'])('a wrong token is 401 at %s', async (path) => {
    const { status, text } = await request(path, bearer('Bearer wrong'));
    expect(status).toBe(401);
    expect(JSON.parse(text)).toMatchObject({
      kind: 'Status',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  test.each(['Basic YTpi', 'Bearer ', 'Bearer', 'Odd x'])('%s counts as nothing shown', async (value) => {
    expect((await request('/api/v1/pods', bearer(value))).status).toBe(403);
    expect((await request('/healthz', bearer(value))).status).toBe(200);
  });

  test('a good token and a good certificate let in', async () => {
    expect((await request('/api/v1/pods', bearer(`Bearer ${good}`))).status).toBe(200);
    expect((await request('/api/v1/pods', asAdmin())).status).toBe(200);
  });

  test('a certificate of another authority does not, unless there is a good token too', async () => {
    const other = await createClientCertificate(await createAuthority());
    const shown = { cert: other.certificate, key: other.key };
    expect((await request('/livez', shown)).status).toBe(401);
    expect((await request('/api/v1/pods', shown)).status).toBe(401);
    expect((await request('/api/v1/pods', { ...shown, ...bearer(`Bearer ${good}`) })).status).toBe(200);
  });

  test('the server’s own certificate is no client’s', async () => {
    const server = await createServerCertificate(authority);
    expect((await request('/api/v1/pods', { cert: server.certificate, key: server.key })).status).toBe(401);
  });
});

describe('health', () => {
  test('says what is wrong', async () => {
    expect(await request('/readyz')).toMatchObject({ status: 200, text: 'ok' });
    broken = 'disk full';
    expect(await request('/readyz')).toMatchObject({
      status: 500,
      text: '[+]ping ok\n[-]store failed: disk full\nreadyz check failed\n',
    });
    expect(await request('/livez/ping')).toMatchObject({ status: 200, text: 'ok' });
    expect((await request('/livez/store')).status).toBe(500);
    expect((await request('/livez?exclude=store')).status).toBe(200);
    expect((await request('/readyz/ping/')).text).toBe('ok');
    broken = undefined;
    expect((await request('/livez?verbose')).text).toBe('[+]ping ok\n[+]store ok\nlivez check passed\n');
    expect(await request('/livez/none', asAdmin())).toMatchObject({ status: 404, text: '404 page not found\n' });
  });
});

test('metrics are for those who may see them', async () => {
  await ask(api, 'GET', '/api/v1/namespaces/default/pods');
  const { status, text, headers } = await ask(api, 'GET', '/metrics');
  expect([status, headers['Content-Type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toMatch(/^apiserver_request_total\{verb="LIST",.*,resource="pods",.*,code="200"\} \d+$/m);
  expect(text).toMatch(/^apiserver_storage_objects\{resource="namespaces"\} \d+$/m);
  expect((await ask(api, 'GET', '/metrics', { as: 'anonymous' })).status).toBe(403);
});

test('a body that is compressed is refused by name', async () => {
  const body = gzipSync('{"metadata":{"name":"a"}}');
  const headers = { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' };
  expect((await ask(api, 'POST', '/api/v1/namespaces/default/configmaps', { body, headers })).json).toMatchObject({
    code: 400,
    message: 'the body of the request is compressed with gzip, which is only read of answers: send it as it is',
  });
});

describe('what is not there', () => {
  test.each([
    ['GET', '/nothing', 404, 'text/plain'],
    ['GET', '/logs', 404, 'text/plain'],
    ['GET', '/debug/pprof', 404, 'text/plain'],
    ['GET', '/apis/metrics.k8s.io', 404, 'text/plain'],
    ['GET', '/apis/metrics.k8s.io/v1beta1/pods', 404, 'text/plain'],
    ['POST', '/metrics', 404, 'text/plain'],
    ['GET', '/apis/apps/v1/deployments', 404, 'text/plain'],
    ['GET', '/apis/apps/v1', 404, 'text/plain'],
    ['GET', '/api/v1/pods/../secrets', 404, 'text/plain'],
    ['GET', '/api/v2/pods', 404, 'application/json'],
    ['GET', '/api/v1/widgets', 404, 'application/json'],
    ['GET', '/api/v1/namespaces/default/nodes', 404, 'application/json'],
    ['GET', '/api/v1/namespaces/default/pods/p/nothing', 404, 'application/json'],
    ['GET', '/api/v1/namespaces/default/pods/p/proxy/x', 404, 'application/json'],
    ['POST', '/api/v1/bindings', 404, 'application/json'],
    ['POST', '/api/v1/pods', 405, 'application/json'],
    ['HEAD', '/api/v1/pods', 405, 'application/json'],
    ['OPTIONS', '/api/v1/pods', 405, 'application/json'],
    ['PUT', '/api/v1/namespaces/default/pods', 405, 'application/json'],
    ['POST', '/api/v1/namespaces/default/pods/p', 405, 'application/json'],
    ['DELETE', '/api/v1/namespaces', 405, 'application/json'],
    ['POST', '/version', 405, 'application/json'],
    ['GET', '/api/v1/pods/p', 404, 'application/json'],
  ])('%s %s is %i', async (method, path, status, type) => {
    const answer = await ask(api, method, path);
    expect(answer.status).toBe(status);
    expect(answer.headers['Content-Type']).toContain(type);
    if (type === 'text/plain') expect(answer.text).toBe('404 page not found\n');
    else expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  });

  test.each(['/api/v1/%zz', '/api/v1/namespaces/%00/pods'])(
    'a malformed path is the client’s fault: %s',
    async (path) => {
      expect(await ask(api, 'GET', path)).toMatchObject({ status: 400, json: { reason: 'BadRequest' } });
    },
  );
});

describe('discovery', () => {
  const AGGREGATED = ['v2', 'v2beta1'].map(
    (v) => `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`,
  );

  test('the plain documents', async () => {
    expect((await ask(api, 'GET', '/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = (await ask(api, 'GET', '/apis')).json as { groups: { name: string }[] };
    expect(groups.groups.map(({ name }) => name)).toEqual([
      'authentication.k8s.io',
      'authorization.k8s.io',
      'coordination.k8s.io',
      'events.k8s.io',
      'outfit.dev',
    ]);
    expect((await ask(api, 'GET', '/apis/events.k8s.io')).json).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'events.k8s.io/v1' },
    });
    const core = (await ask(api, 'GET', '/api/v1')).json as { resources: { name: string }[] };
    expect(core).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' });
    expect(core.resources.find(({ name }) => name === 'pods')).toEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
    });
    expect(core.resources.map(({ name }) => name)).toContain('pods/log');
  });

  test('the aggregated documents, in the version that is wanted, and only when they are', async () => {
    const get = (path: string, accept: string, headers = {}) =>
      ask(api, 'GET', path, { headers: { Accept: accept, ...headers } });
    const both = await get('/apis', `${AGGREGATED.join(',')},application/json`);
    expect(both.json).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      items: { length: 5 },
    });
    expect((await get('/api', `${AGGREGATED[1]},application/json`)).json).toMatchObject({
      apiVersion: 'apidiscovery.k8s.io/v2beta1',
      items: [
        {
          versions: [
            {
              version: 'v1',
              freshness: 'Current',
              resources: expect.arrayContaining([expect.objectContaining({ resource: 'pods', scope: 'Namespaced' })]),
            },
          ],
        },
      ],
    });
    expect((await get('/apis', 'application/json')).json).toMatchObject({ kind: 'APIGroupList' });
    const again = await get('/apis', AGGREGATED[0]!, { 'If-None-Match': both.headers.ETag });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  test('the version', async () => {
    expect((await ask(api, 'GET', '/version')).json).toMatchObject({
      major: '1',
      minor: '33',
      gitVersion: expect.stringMatching(/^v1\.33\./),
    });
  });
});

describe('OpenAPI', () => {
  test('documents are named with their hashes, which make them cacheable', async () => {
    expect((await ask(api, 'GET', '/openapi/v3')).json).toEqual({
      paths: { 'api/v1': { serverRelativeURL: '/openapi/v3/api/v1?hash=ABC' } },
    });
    const document = await ask(api, 'GET', '/openapi/v3/api/v1?hash=ABC');
    expect(document).toMatchObject({
      status: 200,
      text: '{"openapi":"3.0.0"}',
      headers: { ETag: '"ABC"', 'Cache-Control': 'public, immutable' },
    });
    expect((await ask(api, 'GET', '/openapi/v3/api/v1')).headers['Cache-Control']).toBe('no-cache, private');
    expect((await ask(api, 'GET', '/openapi/v3/api/v1', { headers: { 'If-None-Match': '"ABC"' } })).status).toBe(304);
    expect(
      (await ask(api, 'GET', '/openapi/v3/api/v1', { headers: { 'Accept-Encoding': 'gzip' } })).headers[
        'Content-Encoding'
      ],
    ).toBe('gzip');
    expect((await ask(api, 'GET', '/openapi/v3/apis/none/v1')).status).toBe(404);
  });

  test('v2 is there as JSON, and as the protobuf of old kubectls', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    expect(await ask(api, 'GET', '/openapi/v2', { headers: { Accept: accept } })).toMatchObject({
      status: 200,
      text: 'pb',
      headers: { 'Content-Type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' },
    });
    for (const given of ['', '*/*', 'text/html, application/json;q=0.5']) {
      const { status, json } = await ask(api, 'GET', '/openapi/v2', { headers: { Accept: given } });
      expect([status, json]).toEqual([200, { swagger: '2.0' }]);
    }
    expect((await ask(api, 'GET', '/openapi/v2', { headers: { Accept: 'application/xml' } })).status).toBe(406);
  });
});

describe('on the wire', () => {
  const maps = '/api/v1/namespaces/default/configmaps';

  test('a body over 3 MiB is 413, with and without its length', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024 + 1, 0x20);
    const reply = await request(maps, {
      ...asAdmin(),
      method: 'POST',
      body,
      headers: { 'Content-Length': body.length },
    });
    expect(reply.status).toBe(413);
    expect(JSON.parse(reply.text)).toMatchObject({
      message: 'Request entity too large: limit is 3145728',
      reason: 'RequestEntityTooLarge',
    });
    const chunked = await request(maps, {
      ...asAdmin(),
      method: 'POST',
      body,
      headers: { 'Transfer-Encoding': 'chunked' },
    }).catch(() => undefined);
    expect(chunked?.status ?? 413).toBe(413);
  });

  test('a watch is told line by line, and ends with the server', async () => {
    const lines: string[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      const url = new URL(`${maps}?watch=true`, listening.url);
      httpsRequest(url, { ca: authority.certificate, agent: false, ...asAdmin() }, async (res) => {
        for await (const chunk of res) lines.push(...String(chunk).trim().split('\n'));
        resolve();
      })
        .on('error', reject)
        .end();
    });
    await expect
      .poll(async () => {
        await ask(api, 'POST', maps, { body: { metadata: { name: 'wire' } } });
        return lines.length;
      })
      .toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'wire' } } });
    const second = await api.listen({ host: '127.0.0.1', port: 0 });
    await second.close();
    await listening.close();
    await ended;
    const { certificate, key } = await createServerCertificate(authority);
    listening = await api.listen({
      host: '127.0.0.1',
      port: 0,
      tls: { certificate, key, authority: authority.certificate },
    });
  });

  test('a log is the text as it comes, and exec without an upgrade is refused', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await ask(api, 'POST', pods, {
      body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    });
    expect((await request(`${pods}/p/log`, asAdmin())).status).toBe(204);
    await store.update({ group: '', resource: 'pods', namespace: 'default', name: 'p' }, (pod) => ({
      ...pod,
      spec: { ...(pod.spec as object), nodeName: 'n' },
    }));
    expect(await request(`${pods}/p/log?container=c`, asAdmin())).toMatchObject({
      status: 200,
      type: 'text/plain',
      text: 'one\ntwo\n',
    });
    expect(await request(`${pods}/p/log?container=x`, asAdmin())).toMatchObject({
      status: 400,
      text: expect.stringContaining('container x is not valid for pod p'),
    });
    expect((await request(`${pods}/none/log`, asAdmin())).status).toBe(404);
    expect(await request(`${pods}/p/exec?command=ls`, asAdmin())).toMatchObject({
      status: 400,
      text: expect.stringContaining('Upgrade request required'),
    });
  });

  const upgrade = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' };
  test.each([
    ['to a stranger', '/api/v1/namespaces/default/pods/p/exec?command=ls', false, 403],
    ['of a Pod that is not there', '/api/v1/namespaces/default/pods/none/exec?command=ls', true, 404],
    ['of another path', '/api/v1/namespaces/default/pods', true, 400],
    ['of health', '/livez', true, 400],
  ])('an upgrade is refused %s', async (_, path, known, status) => {
    const reply = await request(path, { ...(known && asAdmin()), method: 'POST', headers: upgrade });
    expect([reply.status, (JSON.parse(reply.text) as { code: number }).code]).toEqual([status, status]);
  });

  test('a port that is taken is said so', async () => {
    const failed = api.listen({ host: '127.0.0.1', port: listening.port });
    await expect(failed).rejects.toThrow(ListenError);
    await expect(failed).rejects.toMatchObject({
      code: 'AddressInUse',
      message: `127.0.0.1:${listening.port} is taken by another process`,
    });
    await expect(api.listen({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'AddressNotAvailable' });
  });

  test('a renewed certificate serves new connections', async () => {
    const next = await createServerCertificate(authority, { names: ['renewed'] });
    listening.renew({ certificate: next.certificate, key: next.key, authority: authority.certificate });
    expect((await request('/livez', { servername: 'renewed' })).status).toBe(200);
  });
});
