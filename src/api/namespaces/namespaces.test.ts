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

describe('what every namespace has', () => {
  const MAP = '/api/v1/namespaces/n/configmaps/kube-root-ca.crt';
  const ACCOUNT = '/api/v1/namespaces/n/serviceaccounts/default';
  const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const data = { 'ca.crt': CA };
  const intact = { data, metadata: { annotations: { 'kubernetes.io/description': expect.any(String) } } };

  beforeEach(async () => {
    f = await startApi({ rootCertificate: CA });
    await f.post('/api/v1/namespaces', { metadata: { name: 'n' } });
  });

  test('is there with it', async () => {
    expect(await f.object(ACCOUNT)).toMatchObject({ kind: 'ServiceAccount', metadata: { name: 'default' } });
    expect(await f.object(MAP)).toMatchObject({ kind: 'ConfigMap', ...intact });
    expect(await f.names('/api/v1/configmaps')).toEqual(Array(5).fill('kube-root-ca.crt'));
  });

  test('comes back: the account as another one, the ConfigMap with its content', async () => {
    const { uid } = (await f.object(ACCOUNT)).metadata;
    await f.remove(ACCOUNT);
    await f.remove(MAP);
    const newUid = async () => (await f.object(ACCOUNT)).metadata.uid;
    await expect.poll(newUid, { timeout: 60_000 }).toMatch(/^uid-/);
    expect(await newUid()).not.toBe(uid);
    await expect.poll(() => f.object(MAP), { timeout: 60_000 }).toMatchObject(intact);
  });

  test.each([
    ['changed', { data: { 'ca.crt': 'mine' } }],
    ['added to', { data: { more: 'x' } }],
    ['emptied', { data: null }],
    ['filled with bytes', { binaryData: { x: 'AAAA' } }],
    ['without its description', { metadata: { annotations: null } }],
  ])('is put right when it was %s', async (_, change) => {
    await f.merge(MAP, { metadata: { labels: { mine: 'yes' } } });
    await f.merge(MAP, change);
    const seen = async () => {
      const { metadata, data, binaryData } = await f.object(MAP);
      return { data, binaryData, labels: metadata.labels, isDescribed: metadata.annotations !== undefined };
    };
    const right = { data, binaryData: undefined, labels: { mine: 'yes' }, isDescribed: true };
    await expect.poll(seen, { timeout: 60_000 }).toEqual(right);
  });

  test('is made at the start where it is missing, and follows the authority', async () => {
    f.api.stop();
    await f.remove(ACCOUNT);
    await f.merge('/api/v1/namespaces/default/configmaps/kube-root-ca.crt', { data: { 'ca.crt': 'old' } });
    const again = await startApi({ store: f.store, rootCertificate: `${CA}new` });
    expect((await again.get(ACCOUNT)).status).toBe(200);
    expect((await again.object(MAP)).data).toEqual({ 'ca.crt': `${CA}new` });
  });

  test('does not come back in one that goes', async () => {
    await f.post('/api/v1/namespaces/n/configmaps', { metadata: { name: 'held', finalizers: ['x.io/a'] } });
    await f.remove('/api/v1/namespaces/n');
    await expect.poll(() => f.names('/api/v1/namespaces/n/configmaps'), { timeout: 60_000 }).toEqual(['held']);
    await f.merge('/api/v1/namespaces/n/configmaps/held', { metadata: { finalizers: null } });
    await expect.poll(async () => (await f.get('/api/v1/namespaces/n')).status, { timeout: 60_000 }).toBe(404);
    expect((await f.get(ACCOUNT)).status).toBe(404);
    expect((await f.get(MAP)).status).toBe(404);
  });
});
