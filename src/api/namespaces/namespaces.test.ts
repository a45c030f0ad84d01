import { beforeEach, describe, expect, test } from 'vitest';
import { type Fixture, startApi } from '../rest/fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('namespaces', () => {
  test('the permanent ones are there, each with its account, and stay', async () => {
    expect(await f.names('/api/v1/namespaces')).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect(await f.names('/api/v1/serviceaccounts')).toEqual(Array(4).fill('default'));
    expect(await f.remove('/api/v1/namespaces/default')).toMatchObject({
      status: 403,
      json: { message: 'namespaces "default" is forbidden: this namespace may not be deleted' },
    });
  });

  test('a deleted one takes its content with it, and admits no new one', async () => {
    await f.post('/api/v1/namespaces', { metadata: { name: 'n' } });
    expect((await f.get('/api/v1/namespaces/n/serviceaccounts/default')).status).toBe(200);
    const url = '/api/v1/namespaces/n/configmaps';
    await f.post(url, { metadata: { name: 'held', finalizers: ['x.io/a'] } });
    await f.post(url, { metadata: { name: 'free' } });
    expect(await f.remove('/api/v1/namespaces/n')).toMatchObject({
      status: 200,
      json: {
        kind: 'Namespace',
        metadata: { deletionTimestamp: expect.any(String) },
        status: { phase: 'Terminating' },
      },
    });
    expect(await f.post(url, { metadata: { name: 'late' } })).toMatchObject({
      status: 403,
      json: {
        message:
          'configmaps "late" is forbidden: unable to create new content in namespace n because it is being terminated',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      },
    });
    await expect.poll(() => f.names(url)).toEqual(['held']);
    await f.merge(`${url}/held`, { metadata: { finalizers: null } });
    await expect.poll(async () => (await f.get('/api/v1/namespaces/n')).status, { timeout: 5_000 }).toBe(404);
  });

  test('a restart takes up a removal that had begun', async () => {
    await f.post('/api/v1/namespaces', { metadata: { name: 'n', finalizers: ['x.io/a'] } });
    f.api.stop();
    await f.remove('/api/v1/namespaces/n');
    await f.merge('/api/v1/namespaces/n', { metadata: { finalizers: null } });
    expect((await f.get('/api/v1/namespaces/n')).status).toBe(200);
    await startApi({ store: f.store });
    await expect.poll(async () => (await f.get('/api/v1/namespaces/n')).status, { timeout: 5_000 }).toBe(404);
  });
});
