import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../../test/eventually.ts';
import { memoryStore } from '../../store/memory-store.ts';
import { type ApiServer, apiServer } from '../api-server.ts';
import type { AuditEvent } from '../audit/event.ts';
import type { Listening } from '../http/node-server.ts';
import { ask } from '../in-memory.ts';
import { createAuthority, createClientCertificate, createServerCertificate } from '../pki/certificates.ts';

const WEB = '/api/v1/namespaces/default/pods/web';
/** Nothing listens on this port of the Pod. */
const CLOSED = 9;

let api: ApiServer;
let listening: Listening;
let client: { servername: string; ca: string; cert: string; key: string };
let backend: Server;
let dialled: string[] = [];
const audited: AuditEvent[] = [];

/** What the Pod serves. */
let serve: (req: IncomingMessage, res: ServerResponse) => void;

beforeAll(async () => {
  backend = createServer((req, res) => serve(req, res));
  new WebSocketServer({ server: backend, handleProtocols: () => 'chat' }).on('connection', (ws, req) => {
    ws.send(JSON.stringify({ url: req.url, headers: req.headers }));
    ws.on('message', (data) => ws.send(`echo ${data}`));
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  api = await apiServer({
    store: memoryStore(),
    functions: {} as never,
    log: pino({ level: 'silent' }),
    audit: (event) => audited.push(event),
    proxyDial: (to) => {
      dialled.push(`${to.host}:${to.port}`);
      return connect({ host: '127.0.0.1', port: to.port === CLOSED ? CLOSED : port });
    },
  });
  const authority = await createAuthority();
  const [admin, server] = await Promise.all([createClientCertificate(authority), createServerCertificate(authority)]);
  client = { servername: 'localhost', ca: authority.certificate, cert: admin.certificate, key: admin.key };
  listening = await api.listen({ host: '127.0.0.1', port: 0, tls: { ...server, authority: authority.certificate } });
  await createPod('web', '10.88.0.7');
  await createPod('young', undefined);
  await createPod('here', '127.0.0.1');
});

afterAll(async () => {
  api.stop();
  await listening.close();
  backend.closeAllConnections();
  backend.close();
});

beforeEach(() => {
  dialled = [];
  serve = echo;
});

/** Tells what it was asked. */
function echo(req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    const { method, url, headers } = req;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
}

async function createPod(name: string, podIP: string | undefined): Promise<void> {
  const ports = [{ name: 'http', containerPort: 8080 }];
  const body = { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', ports }] } };
  await ask(api, 'POST', '/api/v1/namespaces/default/pods', { body });
  if (podIP === undefined) return;
  await ask(api, 'PATCH', `/api/v1/namespaces/default/pods/${name}/status`, {
    headers: { 'Content-Type': 'application/merge-patch+json' },
    body: { status: { podIP, podIPs: [{ ip: podIP }] } },
  });
}

interface Got {
  status: number;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  text: string;
  /** What `echo` tells, or a Status. */
  json: { method: string; url: string; headers: Record<string, string>; body: string; message: string; reason: string };
}

interface Ask {
  headers?: Record<string, string>;
  body?: string | string[];
}

function go(method: string, path: string, { headers = {}, body }: Ask = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { port } = listening;
    const req = request({ ...client, host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const isJson = /^[{[]/.test(text);
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          bytes,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    req.on('error', reject);
    for (const chunk of Array.isArray(body) ? body : []) req.write(chunk);
    req.end(typeof body === 'string' ? body : undefined);
  });
}

describe('a request to a Pod', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s goes there as it comes', async (method) => {
    const { status, json } = await go(method, `${WEB}/proxy/a/b%20c?x=1&y=%2F&x=2`, {
      body: 'text',
      headers: { 'Content-Type': 'text/x', 'Content-Length': '4' },
    });
    expect([status, json.method, json.url, json.body]).toEqual([200, method, '/a/b%20c?x=1&y=%2F&x=2', 'text']);
    expect(json.headers['content-type']).toBe('text/x');
    expect(dialled).toEqual(['10.88.0.7:8080']);
  });

  test('HEAD has the headers and no body', async () => {
    serve = (_, res) => res.writeHead(200, { 'Content-Length': 5 }).end();
    const { status, headers, text } = await go('HEAD', `${WEB}/proxy/`);
    expect([status, headers['content-length'], text]).toEqual([200, '5', '']);
  });

  test('a body in chunks arrives whole', async () => {
    const { json } = await go('POST', `${WEB}/proxy/`, { body: ['one ', 'two ', 'three'] });
    expect([json.body, json.headers['transfer-encoding']]).toEqual(['one two three', 'chunked']);
  });

  test('the query of the Pod is not taken for one of ours', async () => {
    const { json } = await go('DELETE', `${WEB}/proxy/x?dryRun=maybe&watch=true&pretty=1&fieldValidation=no`);
    expect(json.url).toBe('/x?dryRun=maybe&watch=true&pretty=1&fieldValidation=no');
  });

  test.each([
    ['web', '10.88.0.7:8080'],
    ['web:81', '10.88.0.7:81'],
    ['web:http', '10.88.0.7:8080'],
    ['http:web:82', '10.88.0.7:82'],
    [':web:83', '10.88.0.7:83'],
  ])('%s is %s', async (id, address) => {
    expect((await go('GET', `/api/v1/namespaces/default/pods/${id}/proxy/`)).status).toBe(200);
    expect(dialled).toEqual([address]);
  });

  test.each([
    ['/', '/'],
    ['/a//b/./c/../d/', '/a/b/d/'],
    ['/../../secrets', '/secrets'],
    ['/%2e%2e/x', '/x'],
    ["/it's(all)%3F", '/it%27s%28all%29%3F'],
    ['/ä%C3%A4'.replace('ä', ''), '/%C3%A4'],
    ['/watch', '/watch'],
  ])('%s is asked for as %s', async (asked, expected) => {
    expect((await go('GET', `${WEB}/proxy${asked}`)).json.url).toBe(expected);
  });

  test('without a slash the client is sent to where relative links are right', async () => {
    const { status, headers } = await go('GET', `${WEB}/proxy?a=b`);
    expect([status, headers.location]).toEqual([301, `${WEB}/proxy/?a=b`]);
    expect((await go('POST', `${WEB}/proxy?a=b`)).json.url).toBe('/?a=b');
  });

  test('tells whom it is for and where from, and not who asks', async () => {
    const headers = {
      Host: 'api.example:6443',
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Uri': '/lie',
      Cookie: 'a=b',
      Connection: 'keep-alive, X-Mine',
      'X-Mine': 'of this connection',
      'Keep-Alive': 'timeout=5',
      TE: 'trailers',
      'Proxy-Authorization': 'Basic eA==',
      'Impersonate-User': 'outfit-admin',
      'Impersonate-Group': 'system:masters',
      'User-Agent': 'me',
    };
    const { json } = await go('GET', `${WEB}/proxy/x/`, { headers });
    expect(json.headers).toEqual({
      host: 'api.example:6443',
      cookie: 'a=b',
      'user-agent': 'me',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-uri': `${WEB}/proxy/x/`,
      connection: 'close',
    });
  });

  test('a token opens the door here and goes no further', async () => {
    await ask(api, 'POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'robot' } } });
    const { json: granted } = await ask(api, 'POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
      body: { spec: {} },
    });
    const { token } = (granted as { status: { token: string } }).status;
    const refused = await go('GET', `${WEB}/proxy/`, { headers: { Authorization: `Bearer ${token}` } });
    // A certificate is shown too, and a token counts more.
    if (refused.status === 200) expect(refused.json.headers.authorization).toBeUndefined();
    else
      expect(refused.json.message).toBe(
        'pods "web" is forbidden: User "system:serviceaccount:default:robot" cannot get resource "pods/proxy" in API group "" in the namespace "default"',
      );
  });
});

describe('the answer', () => {
  test('comes with its code, headers and bytes, but what is of one connection or of other origins', async () => {
    serve = (_, res) => {
      res.writeHead(418, 'Short and stout', [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Cache-Control', 'max-age=5'],
        ['Access-Control-Allow-Origin', '*'],
        ['Keep-Alive', 'timeout=9'],
        ['X-Own', 'yes'],
      ]);
      res.end(Buffer.from([0, 255, 1]));
    };
    const { status, headers, bytes } = await go('GET', `${WEB}/proxy/`);
    const { date, connection, 'audit-id': id, 'transfer-encoding': chunked, ...rest } = headers;
    expect([status, [...bytes], date !== undefined, id !== undefined, connection, chunked]).toEqual([
      418,
      [0, 255, 1],
      true,
      true,
      'close',
      'chunked',
    ]);
    expect(rest).toEqual({ 'set-cookie': ['a=1', 'b=2'], 'cache-control': 'max-age=5', 'x-own': 'yes' });
  });

  test('comes as it is made, not when it is whole', async () => {
    let end = (): void => {};
    serve = (_, res) => {
      res.write('first');
      end = () => res.end('last');
    };
    const { port } = listening;
    const got: string[] = [];
    const over = new Promise((resolve) => {
      request({ ...client, host: '127.0.0.1', port, path: `${WEB}/proxy/`, agent: false }, (res) => {
        res.on('data', (chunk) => got.push(String(chunk)));
        res.on('end', resolve);
      }).end();
    });
    await eventually(() => expect(got).toEqual(['first']));
    end();
    await over;
    expect(got).toEqual(['first', 'last']);
  });

  test('a client that leaves ends the request to the Pod', async () => {
    let gone = false;
    let asked = false;
    serve = (req, res) => {
      asked = true;
      res.write('first');
      req.socket.once('close', () => {
        gone = true;
      });
    };
    const { port } = listening;
    const req = request({ ...client, host: '127.0.0.1', port, path: `${WEB}/proxy/`, agent: false });
    req.on('error', () => {});
    req.end();
    await eventually(() => expect(asked).toBe(true));
    req.destroy();
    await eventually(() => expect(gone).toBe(true));
  });

  test('that breaks off is broken off', async () => {
    serve = (_, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('half', () => res.destroy());
    };
    await expect(go('GET', `${WEB}/proxy/`)).rejects.toThrow('aborted');
  });

  test.each([
    ['/login?a=b#c', `${WEB}/proxy/login?a=b#c`],
    ['/dir/', `${WEB}/proxy/dir/`],
    ['relative', 'relative'],
    ['?q', '?q'],
    ['http://10.88.0.7:8080/x', `${WEB}/proxy/x`],
    ['https://api:1/x', `https://api:1${WEB}/proxy/x`],
    ['//api:1/x', `//api:1${WEB}/proxy/x`],
    ['https://example.com/x', 'https://example.com/x'],
    [`${WEB}/proxy/x`, `${WEB}/proxy/x`],
  ])('redirects to %s go to %s', async (location, expected) => {
    serve = (_, res) => res.writeHead(302, { Location: location, 'Content-Type': 'text/html' }).end('<a href="/x">');
    const { status, headers, text } = await go('GET', `${WEB}/proxy/`, { headers: { Host: 'api:1' } });
    expect([status, headers.location, text]).toEqual([302, expected, '<a href="/x">']);
  });

  test('links of a page are rewritten, packed or not', async () => {
    const page = '<!doctype html><img src="/a.png"><a href=x>ä</a>';
    const expected = `<!doctype html><img src="${WEB}/proxy/a.png"><a href=x>ä</a>`;
    serve = (req, res) => {
      const zip = req.headers['accept-encoding'] === 'gzip';
      const body = zip ? gzipSync(page) : Buffer.from(page);
      res.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Length': body.length,
        ...(zip && { 'Content-Encoding': 'gzip' }),
      });
      res.end(body);
    };
    expect((await go('GET', `${WEB}/proxy/`)).text).toBe(expected);
    const zipped = await go('GET', `${WEB}/proxy/`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(gunzipSync(zipped.bytes).toString()).toBe(expected);
  });
});

describe('another protocol', () => {
  const open = (path: string, protocols: string[] = []) =>
    new WebSocket(new URL(path, listening.url.replace(/^http/, 'ws')), protocols, {
      ...client,
      headers: { Cookie: 'a=b' },
    });

  test('a WebSocket speaks with the Pod', async () => {
    const ws = open(`${WEB}/proxy/chat?room=1`, ['base64url.bearer.authorization.k8s.io.eA', 'chat']);
    const messages: string[] = [];
    ws.on('message', (data) => messages.push(String(data)));
    ws.on('error', (error) => messages.push(String(error)));
    await eventually(() => expect(messages).toHaveLength(1));
    const { url, headers } = JSON.parse(messages[0]!);
    expect([url, headers.cookie, headers['sec-websocket-protocol'], headers['x-forwarded-for']]).toEqual([
      '/chat?room=1',
      'a=b',
      'chat',
      '127.0.0.1',
    ]);
    ws.send('hello');
    await eventually(() => expect(messages[1]).toBe('echo hello'));
    const closed = new Promise((resolve) => ws.once('close', resolve));
    ws.close(1000);
    expect(await closed).toBe(1000);
    await eventually(() => {
      const events = audited.filter(({ requestURI }) => requestURI.endsWith('/proxy/chat?room=1'));
      expect(events.map(({ stage, verb, responseStatus }) => [stage, verb, responseStatus?.code])).toEqual([
        ['RequestReceived', 'get', undefined],
        ['ResponseStarted', 'get', 101],
        ['ResponseComplete', 'get', 101],
      ]);
    });
  });

  const UPGRADE = { Connection: 'Upgrade', Upgrade: 'odd/1' };

  test('a refusal of the Pod comes back, an answer that is none is an error, as is a Pod that is not there', async () => {
    const [plain, ...upgrades] = backend.listeners('upgrade') as (() => void)[];
    backend.removeAllListeners('upgrade');
    serve = (req, res) => res.writeHead(req.url === '/no' ? 403 : 200, { 'X-Own': 'yes' }).end('said');
    const no = await go('GET', `${WEB}/proxy/no`, { headers: UPGRADE });
    expect([no.status, no.headers['x-own'], no.text]).toEqual([403, 'yes', 'said']);
    const yes = await go('GET', `${WEB}/proxy/yes`, { headers: UPGRADE });
    expect([yes.status, yes.json.message]).toEqual([500, 'invalid upgrade response: status code 200']);
    for (const listener of [plain!, ...upgrades]) backend.on('upgrade', listener);
    const dead = await go('GET', '/api/v1/namespaces/default/pods/web:9/proxy/', { headers: UPGRADE });
    expect([dead.status, dead.json.message]).toEqual([500, 'dial tcp 10.88.0.7:9: connect: connection refused']);
  });
});

test.each([
  ['POST', 'create', 200],
  ['GET', 'get', 503],
])('the audit log tells of %s as %s, and how it ended', async (method, verb, code) => {
  const path = `/api/v1/namespaces/default/pods/web${code === 200 ? '' : ':9'}/proxy/audited/${method}`;
  await go(method, path);
  await eventually(() => {
    const told = audited.filter(({ requestURI }) => requestURI === path);
    const ref = { resource: 'pods', subresource: 'proxy', namespace: 'default' };
    expect(told.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ['RequestReceived', undefined],
      ['ResponseStarted', undefined],
      ['ResponseComplete', code],
    ]);
    for (const event of told) expect(event).toMatchObject({ verb, objectRef: ref, user: { username: 'outfit-admin' } });
  });
});

describe('refused', () => {
  const NS = '/api/v1/namespaces/default/pods';
  const TRYING = 'error trying to reach service: ';
  test.each<[string, string, number, string]>([
    ['no such Pod', `${NS}/nobody/proxy/`, 404, 'pods "nobody" not found'],
    ['a name that is none', `${NS}/ftp:web:80/proxy/`, 400, 'invalid pod request "ftp:web:80"'],
    ['too many parts', `${NS}/a:b:c:d/proxy/`, 400, 'invalid pod request "a:b:c:d"'],
    ['no address yet', `${NS}/young/proxy/`, 400, 'address not allowed'],
    ['an address of this machine', `${NS}/here/proxy/`, 400, 'address not allowed'],
    ['nobody listens', `${NS}/web:9/proxy/`, 503, `${TRYING}dial tcp 10.88.0.7:9: connect: connection refused`],
    ['no such port', `${NS}/web:99999/proxy/`, 503, `${TRYING}dial tcp: address 99999: invalid port`],
    ['no port of this name', `${NS}/web:grpc/proxy/`, 503, `${TRYING}dial tcp: lookup tcp/grpc: unknown port`],
    ['no TLS there', `${NS}/https:web:8080/proxy/`, 503, `${TRYING}http: server gave HTTP response to HTTPS client`],
  ])('%s', async (_, path, code, message) => {
    const { status, json } = await go('GET', path);
    expect([status, json.message]).toEqual([code, message]);
  });

  test('a Pod that hangs up before it answers', async () => {
    serve = (req) => req.socket.destroy();
    expect((await go('POST', `${WEB}/proxy/`, { body: 'x' })).json).toMatchObject({
      reason: 'ServiceUnavailable',
      message: `${TRYING}EOF`,
    });
  });

  test('who may not', async () => {
    const { status, json } = await ask(api, 'GET', `${WEB}/proxy/`, { as: 'anonymous' });
    expect([status, (json as Got['json']).message]).toEqual([
      403,
      'pods "web" is forbidden: User "system:anonymous" cannot get resource "pods/proxy" in API group "" in the namespace "default"',
    ]);
  });
});

test('discovery and reviews know it', async () => {
  const { json } = await ask(api, 'GET', '/api/v1');
  const found = (json as { resources: { name: string }[] }).resources.filter(({ name }) => name.endsWith('/proxy'));
  expect(found).toEqual([
    {
      name: 'nodes/proxy',
      singularName: '',
      namespaced: false,
      kind: 'NodeProxyOptions',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
    },
    {
      name: 'pods/proxy',
      singularName: '',
      namespaced: true,
      kind: 'PodProxyOptions',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
    },
  ]);
});

describe('nodes/proxy', () => {
  const NODE = '/api/v1/nodes/node1/proxy';
  beforeAll(async () => {
    await ask(api, 'POST', '/api/v1/nodes', { body: { metadata: { name: 'node1' } } });
  });

  test('says that the node is well, and which Pods it runs', async () => {
    expect(await ask(api, 'GET', `${NODE}/healthz`)).toMatchObject({ status: 200, text: 'ok' });
    expect((await ask(api, 'GET', '/api/v1/nodes/node1:10250/proxy/pods/')).json).toMatchObject({
      kind: 'PodList',
      items: [],
    });
  });

  test.each<[string, string, number, string]>([
    [
      'GET',
      `${NODE}/stats/summary`,
      404,
      'node "node1" serves /healthz and /pods to its proxy, and not "/stats/summary"',
    ],
    ['GET', '/api/v1/nodes/other/proxy/healthz', 404, 'nodes "other" not found'],
    ['POST', `${NODE}/healthz`, 405, 'the server does not allow this method on the requested resource'],
  ])('%s %s', async (method, path, code, message) => {
    const { status, json } = await ask(api, method, path);
    expect([status, (json as Got['json']).message]).toEqual([code, message]);
  });
});
