import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { ApiRequest, RawResponse, StreamResponse } from '../http/exchange.ts';
import { listen } from '../http/node-server.ts';
import { inMemoryRequest } from '../in-memory.ts';
import { type Fixture, MAPS, PODS, podManifest, startApi } from '../rest/fixture.ts';
import { Audit } from './audit.ts';
import type { AuditEvent } from './event.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function audited(): Promise<{ f: Fixture; events: AuditEvent[] }> {
  const events: AuditEvent[] = [];
  const f = await startApi({ audit: (event) => events.push(event) });
  return { f, events };
}
const shown = (events: AuditEvent[]): unknown[] =>
  events.map(({ stage, verb, objectRef, responseStatus }) => [stage, verb, objectRef?.name, responseStatus?.code]);

test('a request is told of when it comes and when it is answered', async () => {
  const { f, events } = await audited();
  const url = `${MAPS}?limit=1`;
  const headers = { 'User-Agent': 'kubectl/v1.33.1' };
  const { headers: answered } = await f.get(url, { headers });
  const received: Omit<AuditEvent, 'stage'> = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: answered['Audit-Id'] as string,
    requestURI: url,
    verb: 'list',
    user: { username: 'outfit-admin', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: [],
    userAgent: 'kubectl/v1.33.1',
    objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' },
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    stageTimestamp: '2026-01-01T00:00:00.000000Z',
  };
  expect(events).toEqual([
    { ...received, stage: 'RequestReceived' },
    { ...received, stage: 'ResponseComplete', responseStatus: { metadata: {}, code: 200 } },
  ]);
});

test('verbs, objects and refusals are named', async () => {
  const { f, events } = await audited();
  const complete = async (ask: () => Promise<unknown>): Promise<AuditEvent> => {
    await ask();
    return events.at(-1)!;
  };
  expect(await complete(() => f.post(MAPS, { metadata: { generateName: 'a-' } }))).toMatchObject({
    verb: 'create',
    objectRef: { name: expect.stringMatching(/^a-/) },
    responseStatus: { code: 201 },
  });
  expect(await complete(() => f.get(`${MAPS}/none`))).toMatchObject({
    verb: 'get',
    objectRef: { resource: 'configmaps', name: 'none' },
    responseStatus: { status: 'Failure', message: 'configmaps "none" not found', reason: 'NotFound', code: 404 },
  });
  expect(await complete(() => f.merge(`${PODS}/p/status`, {}))).toMatchObject({
    verb: 'patch',
    objectRef: { resource: 'pods', subresource: 'status', name: 'p' },
  });
  expect(await complete(() => f.remove('/apis/coordination.k8s.io/v1/namespaces/default/leases'))).toMatchObject({
    verb: 'deletecollection',
    objectRef: { resource: 'leases', apiGroup: 'coordination.k8s.io', apiVersion: 'v1' },
  });
  expect(await complete(() => f.get('/api/v1/namespaces/default'))).toMatchObject({
    objectRef: { resource: 'namespaces', namespace: 'default', name: 'default' },
  });
  const version = await complete(() => f.get('/version'));
  expect([version.verb, version.objectRef]).toEqual(['get', undefined]);
  expect(await complete(() => f.get('/api/v1/%zz'))).toMatchObject({ responseStatus: { code: 400 } });
});

test('who asks is known, believed or not, and whom they act for', async () => {
  const { f, events } = await audited();
  await f.get(PODS, { as: 'anonymous' });
  await f.get(PODS, { as: 'anonymous', headers: { Authorization: 'Bearer stolen' } });
  await f.get(PODS, { headers: { 'Impersonate-User': 'ann', 'Impersonate-Group': 'dev' } });
  const [stranger, unknown, ann] = events.filter(({ stage }) => stage === 'ResponseComplete');
  expect(stranger).toMatchObject({
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    responseStatus: { code: 403 },
  });
  expect([unknown?.user, unknown?.responseStatus?.code]).toEqual([{}, 401]);
  expect(ann).toMatchObject({
    user: { username: 'outfit-admin' },
    impersonatedUser: { username: 'ann', groups: ['dev', 'system:authenticated'] },
  });
});

test('a client may give a request its number, if it looks like one', async () => {
  const { f, events } = await audited();
  await f.get('/version', { headers: { 'Audit-ID': 'mine-1' } });
  await f.get('/version', { headers: { 'Audit-ID': 'x y\n' } });
  expect(events.map(({ auditID }) => auditID === 'mine-1')).toEqual([true, true, false, false]);
});

test('nothing secret is written down', async () => {
  const { f, events } = await audited();
  const secrets = '/api/v1/namespaces/default/secrets';
  await f.post(secrets, { metadata: { name: 's' }, stringData: { password: 'geheim' } });
  await f.get(`${secrets}/s`);
  await f.get(secrets);
  const headers = { 'Content-Type': 'application/json-patch+json' };
  const wrong = [{ op: 'replace', path: '/type', value: ['geheim'] }];
  const { status, text } = await f.ask('PATCH', `${secrets}/s`, { body: wrong, headers });
  expect([status, text]).toEqual([422, expect.stringContaining('Z2VoZWlt')]);
  await f.get('/version', { as: 'anonymous', headers: { Authorization: 'Bearer geheim' } });
  await f.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'geheim' } });
  await f.post('/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} });
  expect(JSON.stringify(events)).not.toMatch(/geheim|Z2VoZWlt|eyJ/);
  expect(events.filter(({ responseStatus }) => responseStatus?.code === 422)).toMatchObject([
    { responseStatus: { status: 'Failure', reason: 'Invalid' } },
  ]);
});

test('a watch has a beginning and an end', async () => {
  const { f, events } = await audited();
  const over = new AbortController();
  const response = (await f.api.handle(inMemoryRequest('GET', `${MAPS}?watch=1`))) as StreamResponse;
  const run = response.run(async () => {}, over.signal);
  const list = ['watch', undefined];
  expect(shown(events)).toEqual([
    ['RequestReceived', ...list, undefined],
    ['ResponseStarted', ...list, 200],
  ]);
  over.abort();
  await run;
  expect(shown(events).at(-1)).toEqual(['ResponseComplete', ...list, 200]);
  expect(new Set(events.map(({ auditID }) => auditID)).size).toBe(1);
});

test('a bug is a panic', async () => {
  const events: AuditEvent[] = [];
  const user = { name: 'a', groups: [] };
  const options = { now: () => new Date(0), uid: () => 'u', whoAsks: () => ({ user, actingAs: user }) };
  const audit = new Audit({ ...options, sink: (event) => events.push(event) });
  const broken = async (): Promise<never> => {
    throw new Error('boom');
  };
  const request: ApiRequest = inMemoryRequest('GET', `${PODS}/p/log`);
  await expect(audit.request(request, broken)).rejects.toThrow('boom');
  const raw = (await audit.request(request, async () => ({ kind: 'raw', serve: broken }))) as RawResponse;
  await expect(raw.serve({} as never, { setHeader: () => {} } as never)).rejects.toThrow('boom');
  const stages = ['RequestReceived', 'Panic', 'RequestReceived', 'ResponseStarted', 'Panic'];
  expect(events.map(({ stage }) => stage)).toEqual(stages);
  expect(events[1]).toMatchObject({
    responseStatus: { status: 'Failure', message: 'Internal error occurred: boom', code: 500 },
  });
});

test('a log and an upgrade are told of, with the address they come from', async () => {
  const { f, events } = await audited();
  await f.post(PODS, podManifest('p'));
  const peer = { commonName: 'outfit-admin', organizations: ['system:masters'] };
  const log = await listen(
    { handle: (request) => f.api.handle({ ...request, peer }), upgrade: async () => {} },
    { host: '127.0.0.1', port: 0 },
  );
  const upgrades = await f.api.listen({ host: '127.0.0.1', port: 0 });
  undo.push(
    () => log.close(),
    () => upgrades.close(),
  );
  events.length = 0;
  expect((await fetch(`${log.url}${PODS}/p/log`)).status).toBe(204);
  await vi.waitFor(() => expect(events).toHaveLength(3), 30_000);
  expect(shown(events)).toEqual([
    ['RequestReceived', 'get', 'p', undefined],
    ['ResponseStarted', 'get', 'p', undefined],
    ['ResponseComplete', 'get', 'p', 204],
  ]);
  expect(events[0]!.sourceIPs).toEqual(['127.0.0.1']);

  events.length = 0;
  const socket = connect(upgrades.port, '127.0.0.1');
  socket.end(`GET ${PODS}/p/exec?command=ls HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  socket.resume();
  await once(socket, 'close');
  await vi.waitFor(() => expect(events).toHaveLength(2), 30_000);
  expect(shown(events)).toEqual([
    ['RequestReceived', 'get', 'p', undefined],
    ['ResponseComplete', 'get', 'p', 403],
  ]);
});
