import {
  createServer as createHttp,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { Server as GrpcServer, ServerCredentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, createServerCertificate } from '../../api/pki/certificates.ts';
import { RuntimeError } from '../../cri/runtime.ts';
import type { Container, Probe } from '../../kube/generated/objects.ts';
import { type ProbeAnswer, ProbeError } from './answer.ts';
import { probers } from './run-probe.ts';

const NEVER = new AbortController().signal;
const CONTAINER: Container = {
  name: 'c',
  env: [
    { name: 'FILE', value: '/ok' },
    { name: 'FROM', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  ports: [{ name: 'web', containerPort: 1 }],
};

type Exec = (command: string[], timeoutSeconds: number) => { exitCode: number; stdout?: string; stderr?: string };

/** What the probe answers; `error: …` when it could not be run. */
async function probe(
  what: Probe,
  { exec, ip = '127.0.0.1', container = CONTAINER }: { exec?: Exec; ip?: string; container?: Container } = {},
) {
  const runtime = {
    execSync: async (_: string, command: string[], timeoutSeconds: number) => {
      const { exitCode = 0, stdout = '', stderr = '' } = exec?.(command, timeoutSeconds) ?? {};
      return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    },
  };
  const run = probers({ runtime, kubernetesVersion: 'v1.33.0' });
  const target = { pod: { metadata: { name: 'p' } }, container, containerId: 'id', ip };
  return run(what, target, NEVER).then(inWords, (error: unknown) => {
    if (error instanceof ProbeError) return `error: ${error.message}`;
    throw error;
  });
}

function inWords({ result, output }: ProbeAnswer): string {
  return `${result}: ${output}`;
}

describe('a command', () => {
  const exec = (command: string) => ({ exec: { command: command.split(' ') } });

  test.each<[string, Probe, Exec, string]>([
    ['that exits with 0', exec('true'), () => ({ exitCode: 0, stdout: 'fine' }), 'success: fine'],
    ['that does not', exec('x'), () => ({ exitCode: 3, stdout: 'out,', stderr: 'err' }), 'failure: out,err'],
    [
      'may name variables that have a value in the manifest',
      exec('cat $(FILE) $(FROM) $(NONE)'),
      (command) => ({ exitCode: 1, stdout: command.join('|') }),
      'failure: cat|/ok||$(NONE)',
    ],
    [
      'has the time of the probe',
      { ...exec('x'), timeoutSeconds: 7 },
      (_, seconds) => ({ exitCode: 1, stdout: `${seconds}` }),
      'failure: 7',
    ],
    [
      'that takes longer has failed',
      { ...exec('sleep 9'), timeoutSeconds: 2 },
      () => {
        throw new RuntimeError('DeadlineExceeded', 'late');
      },
      'failure: command timed out: "sleep 9" timed out after 2s',
    ],
    [
      'that cannot be run',
      exec('/nosuch'),
      () => {
        throw new RuntimeError('Failed', 'no such file');
      },
      'error: rpc error: code = Unknown desc = no such file',
    ],
    [
      'of a container that has gone',
      exec('x'),
      () => {
        throw new RuntimeError('NotFound', 'not found');
      },
      'error: rpc error: code = NotFound desc = not found',
    ],
  ])('%s', async (_, what, answer, expected) => {
    expect(await probe(what, { exec: answer })).toBe(expected);
  });

  test('tells 10 KiB of what it printed', async () => {
    const said = await probe(exec('x'), { exec: () => ({ exitCode: 1, stdout: 'x'.repeat(20_000) }) });
    expect(said).toHaveLength('failure: '.length + 10 * 1024);
  });
});

describe('a request', () => {
  let http: HttpServer;
  let https: HttpServer;
  let seen: IncomingMessage;
  let port: number;
  let tlsPort: number;
  const get = (path: string, more: object = {}) => probe({ httpGet: { path, port, ...more }, timeoutSeconds: 1 });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    seen = request;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const code = Number(/^\/status\/(\d+)$/.exec(pathname)?.[1] ?? 200);
    const to = searchParams.get('to');
    if (pathname === '/hang') return;
    if (pathname === '/cut') return void request.socket.destroy();
    if (pathname === '/slow') response.write('begin');
    else if (pathname === '/broken')
      response.writeHead(200, { 'content-length': '100' }).write('x', () => request.socket.destroy());
    else if (to) response.writeHead(302, { location: to }).end('moved');
    else response.writeHead(code).end(pathname === '/big' ? 'x'.repeat(50_000) : 'body');
  }

  beforeAll(async () => {
    http = createHttp(answer);
    const authority = await createAuthority({ now: new Date() });
    const { certificate, key } = await createServerCertificate(authority, { names: ['other'], now: new Date() });
    https = createHttps({ cert: certificate, key }, answer);
    [port, tlsPort] = [await listen(http), await listen(https)];
  });
  afterAll(() => {
    for (const server of [http, https]) {
      server.closeAllConnections();
      server.close();
    }
  });

  test.each<[number, string]>([
    [200, 'success: body'],
    [204, 'success: '],
    [304, 'warning: Probe terminated redirects, Response body: '],
    [399, 'warning: Probe terminated redirects, Response body: body'],
    [400, 'failure: HTTP probe failed with statuscode: 400'],
    [503, 'failure: HTTP probe failed with statuscode: 503'],
  ])('status %d', async (code, expected) => {
    expect(await get(`/status/${code}`)).toBe(expected);
  });

  test('says who it is, and closes its connection', async () => {
    await get('/');
    expect(seen.headers).toEqual({
      host: `127.0.0.1:${port}`,
      'user-agent': 'kube-probe/1.33',
      accept: '*/*',
      connection: 'close',
    });
  });

  test('has the headers of the manifest, also those that it would set itself, and repeated ones', async () => {
    const given = { 'X-A': '1', 'x-a': '2', 'user-agent': 'me', Accept: '', Host: 'shop.example' };
    await get('/a b?q=ü#top', { httpHeaders: Object.entries(given).map(([name, value]) => ({ name, value })) });
    expect(seen.headersDistinct).toEqual({
      host: ['shop.example'],
      'x-a': ['1', '2'],
      'user-agent': ['me'],
      connection: ['close'],
    });
    expect(seen.url).toBe('/a%20b?q=%C3%BC');
  });

  test('over TLS trusts anybody', async () => {
    expect(await get('/', { scheme: 'HTTPS', port: tlsPort })).toBe('success: body');
  });

  test('over TLS to a server that has none', async () => {
    expect(await get('/', { scheme: 'HTTPS' })).toBe(
      `failure: Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client`,
    );
  });

  test.each<[string, string, string]>([
    ['on the same host is followed', '/?to=/status/404', 'failure: HTTP probe failed with statuscode: 404'],
    [
      'to another host is an answer',
      '/?to=http://elsewhere.example/',
      'warning: Probe terminated redirects, Response body: moved',
    ],
    ['without end is given up', '/?to=%3Fto%3D%2F%3Fto%3D/', 'success: body'],
  ])('a redirect %s', async (_, path, expected) => {
    expect(await get(path)).toBe(expected);
  });

  test('a redirect that leads back to itself is given up after ten', async () => {
    const circle = createHttp((_, response) => response.writeHead(301, { location: '/round' }).end());
    const at = await listen(circle);
    expect(await get('/', { port: at })).toBe(
      `failure: Get "http://127.0.0.1:${at}/round": stopped after 10 redirects`,
    );
    circle.close();
  });

  test('that nobody answers in time', async () => {
    expect(await get('/hang')).toBe(
      `failure: Get "http://127.0.0.1:${port}/hang": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
  });

  test('whose answer does not end in time says nothing', async () => {
    expect(await get('/slow')).toBe(
      'error: context deadline exceeded (Client.Timeout or context cancellation while reading body)',
    );
  });

  test('whose answer breaks off says nothing', async () => {
    expect(await get('/broken')).toBe('error: unexpected EOF');
  });

  test('whose server hangs up', async () => {
    expect(await get('/cut')).toBe(`failure: Get "http://127.0.0.1:${port}/cut": EOF`);
  });

  test('whose answer has lines that end in LF alone', async () => {
    const careless = createTcp((socket) => socket.on('data', () => socket.end('HTTP/1.0 503 No\nA: b\n\nbody')));
    expect(await get('/', { port: await listen(careless) })).toBe('failure: HTTP probe failed with statuscode: 503');
    careless.close();
  });

  test('reads 10 KiB of the answer', async () => {
    expect(await get('/big')).toHaveLength('success: '.length + 10 * 1024);
  });

  test.each<[string, object, string]>([
    [
      'that is refused',
      { port: 1 },
      'failure: Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      'to a named port',
      { port: 'web' },
      'failure: Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      'to an IPv6 host',
      { port: 1, host: '::1' },
      'failure: Get "http://[::1]:1/": dial tcp [::1]:1: connect: connection refused',
    ],
    ['to a port that has no name', { port: 'nobody' }, 'error: strconv.Atoi: parsing "nobody": invalid syntax'],
    ['to a port that is none', { port: '70000' }, 'error: invalid port number: 70000'],
  ])('%s', async (_, action, expected) => {
    expect(await get('/', action)).toBe(expected);
  });
});

describe('a connection', () => {
  let tcp: Server;
  let port: number;
  beforeAll(async () => {
    tcp = createTcp((socket) => socket.on('error', () => {}));
    port = await listen(tcp);
  });
  afterAll(() => void tcp.close());

  test('that opens', async () => {
    expect(await probe({ tcpSocket: { port } })).toBe('success: ');
  });

  test.each<[string, object, string]>([
    ['that is refused', { port: 1 }, 'failure: dial tcp 127.0.0.1:1: connect: connection refused'],
    [
      'to a host of its own',
      { port: 1, host: '127.0.0.2' },
      'failure: dial tcp 127.0.0.2:1: connect: connection refused',
    ],
    ['to a port that has no name', { port: 'x' }, 'error: strconv.Atoi: parsing "x": invalid syntax'],
  ])('%s', async (_, tcpSocket, expected) => {
    expect(await probe({ tcpSocket: tcpSocket as never })).toBe(expected);
  });
});

describe('the gRPC health protocol', () => {
  const server = new GrpcServer();
  let port: number;
  beforeAll(async () => {
    const path = '/grpc.health.v1.Health/Check';
    const plain = { requestStream: false, responseStream: false, path };
    server.addService(
      {
        check: {
          ...plain,
          requestSerialize: () => Buffer.alloc(0),
          requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString() }),
          responseSerialize: (value: number) => (value === 0 ? Buffer.alloc(0) : Buffer.from([0x08, value])),
          responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
        },
      },
      {
        check: (
          { request: { service } }: { request: { service: string } },
          reply: (error: object | null, value?: number) => void,
        ) => {
          if (service === 'missing') reply({ code: status.NOT_FOUND, details: 'unknown service' });
          else if (service === 'odd') reply({ code: status.UNIMPLEMENTED, details: 'no health' });
          else if (service !== 'hang') reply(null, { '': 1, off: 2, unknown: 0 }[service] ?? 3);
        },
      },
    );
    port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
  });
  afterAll(() => server.forceShutdown());

  test.each<[string, string]>([
    ['', 'success: service healthy'],
    ['off', 'failure: service unhealthy (responded with "NOT_SERVING")'],
    ['unknown', 'failure: service unhealthy (responded with "UNKNOWN")'],
    ['missing', 'failure: error: health rpc probe failed: rpc error: code = NotFound desc = unknown service'],
    [
      'odd',
      'failure: error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no health',
    ],
    ['hang', 'failure: timeout: health rpc did not complete within 1s'],
  ])('of service "%s"', async (service, expected) => {
    expect(await probe({ grpc: { port, service } })).toBe(expected);
  });

  test('where nobody listens', async () => {
    expect(await probe({ grpc: { port: 1 } })).toBe(
      'failure: timeout: failed to connect service "127.0.0.1:1" within 1s: context deadline exceeded',
    );
  });
});

test('a probe that says nothing cannot be run', async () => {
  expect(await probe({})).toBe('error: missing probe handler for p:c');
});

async function listen(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
