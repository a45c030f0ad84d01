import { createHmac, createPublicKey, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { createSigningKey, SigningKey } from '../pki/signing-key.ts';
import type { Binding } from './claims.ts';
import { encodeToken } from './jwt.ts';
import { ISSUER, Tokens } from './tokens.ts';

const KEY = new SigningKey(createSigningKey());
const START = Date.parse('2026-01-01T00:00:00Z');
const USER = 'system:serviceaccount:shop:web';

let store: Store;
let now: number;
let tokens: Tokens;

beforeEach(async () => {
  store = memoryStore();
  now = START;
  tokens = new Tokens({ key: KEY, store, now: () => new Date(now), uid: () => 'token-1' });
  await put('serviceaccounts', 'web');
  await put('pods', 'web-1', { spec: { nodeName: 'node1' } });
  await put('secrets', 'key');
  await put('nodes', 'node1', {}, '');
});

const key = (resource: string, name: string, namespace = 'shop') => ({ group: '', resource, namespace, name });
const get = (resource: string, name: string, namespace?: string): KubeObject =>
  store.get(key(resource, name, namespace))!;

async function put(resource: string, name: string, more: object = {}, namespace = 'shop'): Promise<void> {
  const metadata = { name, ...(namespace && { namespace }), uid: `uid-of-${name}` };
  await store.create(key(resource, name, namespace), { metadata, ...more });
}

const replace = async (resource: string, name: string, metadata: object, namespace?: string): Promise<void> => {
  await store.update(key(resource, name, namespace), (old) => ({ ...old, metadata: { ...old.metadata, ...metadata } }));
};

const issue = (bound?: Binding, audiences = [ISSUER]): string =>
  tokens.issue({ account: get('serviceaccounts', 'web'), audiences, expirationSeconds: 3600, ...(bound && { bound }) });

const ofPod = (): string => issue({ pod: get('pods', 'web-1'), node: { name: 'node1', uid: 'uid-of-node1' } });

const read = (token: string, part: number): unknown =>
  JSON.parse(Buffer.from(token.split('.')[part]!, 'base64url').toString());

describe('a token', () => {
  test('says what Kubernetes’ tokens say', () => {
    const token = tokens.issue({
      account: get('serviceaccounts', 'web'),
      bound: { pod: get('pods', 'web-1'), node: { name: 'node1', uid: 'uid-of-node1' } },
      audiences: [ISSUER],
      expirationSeconds: 31_536_000,
      warnAfterSeconds: 3607,
    });
    expect(read(token, 0)).toEqual({ alg: 'ES256', kid: KEY.id });
    expect(read(token, 1)).toEqual({
      aud: ['https://kubernetes.default.svc.cluster.local'],
      exp: START / 1000 + 31_536_000,
      iat: START / 1000,
      iss: 'https://kubernetes.default.svc.cluster.local',
      jti: 'token-1',
      'kubernetes.io': {
        namespace: 'shop',
        node: { name: 'node1', uid: 'uid-of-node1' },
        pod: { name: 'web-1', uid: 'uid-of-web-1' },
        serviceaccount: { name: 'web', uid: 'uid-of-web' },
        warnafter: START / 1000 + 3607,
      },
      nbf: START / 1000,
      sub: USER,
    });
  });

  test('can be verified with the published key alone', () => {
    const [header, payload, signature] = ofPod().split('.');
    const { kid, alg, use, ...jwk } = KEY.jwk();
    const published = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    const options = { key: published, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', signed, options, Buffer.from(signature!, 'base64url'))).toBe(true);
    expect({ kid, alg, use }).toEqual({ kid: KEY.id, alg: 'ES256', use: 'sig' });
  });

  test('is its account’s, with what it is bound to', () => {
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:shop'];
    const identity = { name: USER, uid: 'uid-of-web', groups };
    expect(tokens.verify(issue())).toEqual({
      identity: { ...identity, extra: { 'authentication.kubernetes.io/credential-id': ['JTI=token-1'] } },
      audiences: [ISSUER],
    });
    expect(tokens.verify(ofPod())).toEqual({
      identity: {
        ...identity,
        extra: {
          'authentication.kubernetes.io/credential-id': ['JTI=token-1'],
          'authentication.kubernetes.io/node-name': ['node1'],
          'authentication.kubernetes.io/node-uid': ['uid-of-node1'],
          'authentication.kubernetes.io/pod-name': ['web-1'],
          'authentication.kubernetes.io/pod-uid': ['uid-of-web-1'],
        },
      },
      audiences: [ISSUER],
    });
  });

  test('is good for those audiences that it names', () => {
    const token = issue(undefined, ['vault', 'db']);
    expect(tokens.verify(token)).toEqual({
      error: `[invalid bearer token, token audiences ["vault" "db"] is invalid for the target audiences ["${ISSUER}"]]`,
    });
    expect(tokens.verify(token, ['db', 'web'])).toMatchObject({ audiences: ['db'] });
  });
});

describe('a token is good no more', () => {
  const GONE = 'service account token has been invalidated';
  const deleted = (secondsAgo: number) => ({
    deletionTimestamp: new Date(START - secondsAgo * 1000).toISOString(),
  });
  const CASES: [string, () => Promise<unknown> | unknown, (() => string) | undefined, string | undefined][] = [
    ['at its end', () => (now += 3660_000), undefined, undefined],
    ['a minute after its end', () => (now += 3661_000), undefined, 'service account token has expired'],
    ['a minute before its time', () => (now -= 61_000), undefined, 'service account token is not valid yet'],
    [
      'without its account',
      () => store.delete(key('serviceaccounts', 'web')),
      undefined,
      'serviceaccounts "web" not found',
    ],
    [
      'when its account is another one',
      () => replace('serviceaccounts', 'web', { uid: 'new' }),
      undefined,
      'service account UID (new) does not match claim (uid-of-web)',
    ],
    [
      'when its account has been deleted',
      () => replace('serviceaccounts', 'web', deleted(61)),
      undefined,
      'service account shop/web has been deleted',
    ],
    ['while its account is being deleted', () => replace('serviceaccounts', 'web', deleted(60)), undefined, undefined],
    ['without its pod', () => store.delete(key('pods', 'web-1')), ofPod, GONE],
    [
      'when its pod is another one',
      () => replace('pods', 'web-1', { uid: 'new' }),
      ofPod,
      'pod UID (new) does not match service account pod ref claim (uid-of-web-1)',
    ],
    ['within the grace period of its pod', () => replace('pods', 'web-1', deleted(-30)), ofPod, undefined],
    ['after the grace period of its pod', () => replace('pods', 'web-1', deleted(61)), ofPod, GONE],
    ['whose pod’s node is gone', () => store.delete(key('nodes', 'node1', '')), ofPod, undefined],
    [
      'without its secret',
      () => store.delete(key('secrets', 'key')),
      () => issue({ secret: get('secrets', 'key') }),
      GONE,
    ],
    [
      'when its secret is another one',
      () => replace('secrets', 'key', { uid: 'new' }),
      () => issue({ secret: get('secrets', 'key') }),
      'secret UID (new) does not match service account secret ref claim (uid-of-key)',
    ],
    [
      'without its node',
      () => store.delete(key('nodes', 'node1', '')),
      () => issue({ node: { name: 'node1', uid: 'uid-of-node1' } }),
      GONE,
    ],
  ];
  test.each(CASES)('%s', async (_, happen, make = () => issue(), expected) => {
    const token = make();
    expect(tokens.verify(token)).toHaveProperty('identity');
    await happen();
    const verdict = tokens.verify(token);
    expect('error' in verdict ? verdict.error : undefined).toBe(expected && `[invalid bearer token, ${expected}]`);
  });
});

describe('nobody else’s token is believed', () => {
  const claims = () => read(issue(), 1) as Record<string, unknown>;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const CASES: [string, () => string][] = [
    ['of another key', () => encodeToken(claims(), new SigningKey(createSigningKey()))],
    ['of another issuer', () => encodeToken({ ...claims(), iss: 'https://accounts.example.org' }, KEY)],
    ['without an audience list', () => encodeToken({ ...claims(), aud: ISSUER }, KEY)],
    ['without Kubernetes’ claims', () => encodeToken({ iss: ISSUER, aud: [ISSUER] }, KEY)],
    ['unsigned', () => `${part({ alg: 'none' })}.${part(claims())}.`],
    ['unsigned, with something in its place', () => `${part({ alg: 'none' })}.${part(claims())}.AAAA`],
    [
      'signed with the public key as a secret',
      () => {
        const signed = `${part({ alg: 'HS256', kid: KEY.id })}.${part(claims())}`;
        const secret = createPublicKey({ key: KEY.jwk(), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
        return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      },
    ],
    [
      'with other claims than were signed',
      () => {
        const [header, , signature] = issue().split('.');
        return `${header}.${part({ ...claims(), sub: 'system:admin' })}.${signature}`;
      },
    ],
    ['with one more part', () => `${issue()}.e30`],
    ['with characters that belong nowhere', () => issue().replace('.', '!.')],
    ['of no JSON', () => 'YQ.YQ.YQ'],
    ['empty', () => ''],
    ['endless', () => `${'a'.repeat(20_000)}.b.c`],
  ];
  test.each(CASES)('%s', (_, make) => {
    expect(tokens.verify(make())).toEqual({ error: 'invalid bearer token' });
  });
});
