import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kubeconfigText, loadCredentials } from './credentials.ts';
import { loadSigningKey } from './signing-key.ts';

const NOW = new Date('2026-11-23T00:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 24 * 3_600_000);

describe('the certificates of a node', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'outfit-pki-')), 'pki');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  test('are made once, for their owner only, and read again', async () => {
    const first = await loadCredentials(folder, NOW);
    expect(first.renewed).toBe(true);
    expect((await readdir(folder)).sort()).toEqual([
      'admin.crt',
      'admin.key',
      'authority.crt',
      'authority.key',
      'server.crt',
      'server.key',
    ]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(await loadCredentials(folder, NOW)).toEqual({ credentials: first.credentials, renewed: false });
  });

  test.each([
    [
      'the server is renewed before it ends, the authority stays',
      () => inDays(300),
      { authority: true, server: false, admin: false },
    ],
    ['nothing is renewed in the first months', () => inDays(200), { authority: true, server: true, admin: true }],
    ['a new authority signs all anew', () => inDays(3000), { authority: false, server: false, admin: false }],
  ])('%s', async (_name, now, same) => {
    const before = (await loadCredentials(folder, NOW)).credentials;
    const { credentials: after } = await loadCredentials(folder, now());
    const isSame = (name: keyof typeof after) => before[name].certificate === after[name].certificate;
    expect({ authority: isSame('authority'), server: isSame('server'), admin: isSame('admin') }).toEqual(same);
    for (const name of ['server', 'admin'] as const)
      expect(
        new X509Certificate(after[name].certificate).verify(new X509Certificate(after.authority.certificate).publicKey),
      ).toBe(true);
  });

  test('the server is made anew for an address that it does not hold, and for that alone', async () => {
    const { credentials: before } = await loadCredentials(folder, NOW);
    const { credentials, renewed } = await loadCredentials(folder, NOW, ['10.205.0.1']);
    expect(renewed).toBe(true);
    expect({ ...credentials, server: before.server }).toEqual(before);
    const server = new X509Certificate(credentials.server.certificate);
    expect(['127.0.0.1', '10.205.0.1', '10.205.0.2'].map((address) => server.checkIP(address))).toEqual([
      '127.0.0.1',
      '10.205.0.1',
      undefined,
    ]);
    for (const addresses of [['10.205.0.1'], []])
      expect(await loadCredentials(folder, NOW, addresses)).toEqual({ credentials, renewed: false });
  });

  test('the key of tokens is kept, for its owner only, and replaced when it is damaged', async () => {
    const first = await loadSigningKey(folder);
    expect((await loadSigningKey(folder)).id).toBe(first.id);
    const path = join(folder, 'service-accounts.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, '-----BEGIN PRIVATE KEY-----\nAAAA\n');
    const second = await loadSigningKey(folder);
    expect(second.id).not.toBe(first.id);
    expect((await loadSigningKey(folder)).id).toBe(second.id);
  });

  describe('what a killed node or a bad disk left of them is made anew', () => {
    const file = (name: string) => join(folder, name);
    const other = async (name: string) => {
      const { credentials } = await loadCredentials(join(folder, '..', 'other'), NOW);
      const [of, kind] = name.split('.') as ['authority' | 'server' | 'admin', string];
      return credentials[of][kind === 'key' ? 'key' : 'certificate'];
    };
    const anew = { authority: false, server: false, admin: false };
    test.each<[string, string, (name: string) => Promise<string> | string, object]>([
      ['half a certificate', 'server.crt', () => 'half a certif', { ...anew, authority: true, admin: true }],
      ['an empty certificate', 'admin.crt', () => '', { ...anew, authority: true, server: true }],
      ['an empty key', 'admin.key', () => '', { ...anew, authority: true, server: true }],
      [
        'half a key',
        'server.key',
        () => '-----BEGIN PRIVATE KEY-----\nAAAA',
        { ...anew, authority: true, admin: true },
      ],
      ['a key that is not of its certificate', 'server.key', other, { ...anew, authority: true, admin: true }],
      ['an empty key of the authority', 'authority.key', () => '', anew],
      ['an empty authority', 'authority.crt', () => '', anew],
    ])('%s', async (_, name, text, same) => {
      const before = (await loadCredentials(folder, NOW)).credentials;
      await writeFile(file(name), await text(name));
      const { credentials: after, renewed } = await loadCredentials(folder, NOW);
      const isSame = (of: keyof typeof after) => before[of].certificate === after[of].certificate;
      expect({ authority: isSame('authority'), server: isSame('server'), admin: isSame('admin') }).toEqual(same);
      expect(renewed).toBe(true);
      expect(await loadCredentials(folder, NOW)).toEqual({ credentials: after, renewed: false });
    });

    test('a new authority beside what the old one signed', async () => {
      const before = (await loadCredentials(folder, NOW)).credentials;
      for (const name of ['authority.key', 'authority.crt']) await writeFile(file(name), await other(name));
      const { credentials: after } = await loadCredentials(folder, NOW);
      expect(after.authority.certificate).toBe(await other('authority.crt'));
      for (const of of ['server', 'admin'] as const) expect(after[of]).not.toEqual(before[of]);
    });
  });

  test('the kubeconfig is one that clients read', async () => {
    const { credentials } = await loadCredentials(folder, NOW);
    const config = new KubeConfig();
    config.loadFromString(kubeconfigText('https://127.0.0.1:7443', credentials));
    expect(config.getCurrentCluster()).toMatchObject({ server: 'https://127.0.0.1:7443', skipTLSVerify: false });
    expect(config.getContextObject('outfit')).toMatchObject({ namespace: 'default', user: 'outfit-admin' });
    expect(Buffer.from(config.getCurrentUser()!.keyData!, 'base64').toString()).toBe(credentials.admin.key);
  });
});
