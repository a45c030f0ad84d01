import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { eventually } from '../../../test/eventually.ts';
import { memoryStore } from '../../store/memory-store.ts';
import { type ApiServer, apiServer } from '../api-server.ts';
import type { AuditEvent } from '../audit/event.ts';
import { ask } from '../in-memory.ts';
import {
  type Credential,
  createAuthority,
  createClientCertificate,
  createServerCertificate,
} from '../pki/certificates.ts';
import type { Listening } from './node-server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let api: ApiServer;
let listening: Listening;
let client: ClientOptions;
let authority: Credential;
let audited: AuditEvent[];

beforeEach(async () => {
  audited = [];
  const audit = (event: AuditEvent) => void audited.push(event);
  api = await apiServer({ store: memoryStore(), functions: {} as never, log: pino({ level: 'silent' }), audit });
  authority = await createAuthority();
  const [admin, server] = await Promise.all([createClientCertificate(authority), createServerCertificate(authority)]);
  client = { ca: authority.certificate, cert: admin.certificate, key: admin.key };
  const tls = { ...server, authority: authority.certificate };
  listening = await api.listen({ host: '127.0.0.1', port: 0, tls });
});
afterEach(async () => {
  api.stop();
  await listening.close();
});

interface Session {
  ws: WebSocket;
  messages: { type: string; object: { metadata: { name: string } } }[];
  closed: Promise<number>;
}

function open(path: string, protocols: string[] = [], options: ClientOptions = client): Session {
  const ws = new WebSocket(new URL(path, listening.url.replace(/^http/, 'ws')), protocols, options);
  const messages: Session['messages'] = [];
  ws.on('message', (data) => messages.push(JSON.parse(data.toString())));
  const closed = new Promise<number>((resolve) => {
    ws.once('close', resolve);
  });
  return { ws, messages, closed };
}

const create = (name: string) => ask(api, 'POST', MAPS, { body: { metadata: { name } } });

test('each event is a message, in order, whatever the client says', async () => {
  await create('a');
  const { ws, messages, closed } = open(`${MAPS}?watch=true&fieldSelector=metadata.name!=kube-root-ca.crt`);
  await eventually(() => expect(messages).toHaveLength(1));
  ws.send('nothing that anybody listens to');
  await create('b');
  await ask(api, 'DELETE', `${MAPS}/a`);
  await eventually(() => expect(messages).toHaveLength(3));
  expect(messages.map(({ type, object }) => [type, object.metadata.name])).toEqual([
    ['ADDED', 'a'],
    ['ADDED', 'b'],
    ['DELETED', 'a'],
  ]);
  ws.close();
  expect(await closed).toBe(1005);
});

test('the audit log tells of its beginning and its end', async () => {
  await create('a');
  const path = `${MAPS}?watch=true&timeoutSeconds=300`;
  const { ws, messages, closed } = open(path);
  await eventually(() => expect(messages).not.toHaveLength(0));
  ws.close();
  await closed;
  await eventually(() => {
    const told = audited.filter(({ verb, requestURI }) => verb === 'watch' && requestURI === path);
    expect(
      told.map(({ stage, objectRef, responseStatus }) => [stage, objectRef?.resource, responseStatus?.code]),
    ).toEqual([
      ['RequestReceived', 'configmaps', undefined],
      ['ResponseStarted', 'configmaps', 101],
      ['ResponseComplete', 'configmaps', 101],
    ]);
  });
});

test('a protocol that is offered is taken, and the watch ends in order when its time is over', async () => {
  const { ws, closed } = open(`${MAPS}?watch=true&timeoutSeconds=1`, ['base64.binary.k8s.io']);
  await eventually(() => expect(ws.readyState).toBe(WebSocket.OPEN));
  expect(ws.protocol).toBe('base64.binary.k8s.io');
  expect(await closed).toBe(1000);
});

test('it ends with the server', async () => {
  const { ws, closed } = open(`${MAPS}?watch=true`);
  await eventually(() => expect(ws.readyState).toBe(WebSocket.OPEN));
  await listening.close();
  expect(await closed).toBe(1006);
});

test.each([
  ['a fault of the query', `${MAPS}?watch=true&resourceVersion=x`, true, 400],
  ['a stranger', `${MAPS}?watch=true`, false, 403],
  ['what is not watched', MAPS, true, 400],
])('%s is told before the upgrade', async (_, path, known, code) => {
  const { ws } = open(path, [], known ? client : { ca: authority.certificate });
  const status = await new Promise((resolve) => {
    ws.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      ws.terminate();
    });
    ws.on('error', () => {});
  });
  expect(status).toBe(code);
});
