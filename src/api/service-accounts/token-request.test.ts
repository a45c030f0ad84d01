import { beforeEach, describe, expect, test } from 'vitest';
import type { TokenRequest } from '../../kube/generated/objects.ts';
import { type Fixture, PODS, podManifest, startApi } from '../rest/fixture.ts';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const START = Date.parse('2026-01-01T00:00:00Z') / 1000;

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
  await f.post(ACCOUNTS, { metadata: { name: 'web' } });
  await f.post(PODS, podManifest('p'));
  await f.post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
});

const ask = (spec: object, more: object = {}) =>
  f.post(`${ACCOUNTS}/default/token`, { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec, ...more });
const ofPod = { apiVersion: 'v1', kind: 'Pod', name: 'p' };

async function claims(spec: object): Promise<Record<string, unknown>> {
  const { status } = (await ask(spec)).json as TokenRequest;
  return JSON.parse(Buffer.from(status!.token.split('.')[1]!, 'base64url').toString());
}

describe('a token is asked for', () => {
  test('without wishes', async () => {
    expect(await ask({})).toMatchObject({
      status: 201,
      json: {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { name: 'default', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: { audiences: [ISSUER], expirationSeconds: 3600 },
        status: { token: expect.stringMatching(/^ey/), expirationTimestamp: '2026-01-01T01:00:00Z' },
      },
    });
  });

  test('for others, for longer', async () => {
    expect(await claims({ audiences: ['vault'], expirationSeconds: 7200 })).toMatchObject({
      aud: ['vault'],
      exp: START + 7200,
    });
  });

  test('bound to a Pod on a node that is not registered', async () => {
    await f.bind('p');
    const { uid } = (await f.object(`${PODS}/p`)).metadata;
    expect(await claims({ boundObjectRef: ofPod })).toMatchObject({
      'kubernetes.io': { pod: { name: 'p', uid }, node: { name: 'node1' } },
    });
  });

  test('bound to a Secret', async () => {
    const bound = await claims({ boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's' } });
    expect(bound).toMatchObject({ 'kubernetes.io': { secret: { name: 's', uid: expect.stringMatching(/^uid-/) } } });
  });

  test.each([
    ['what every Pod has, for a year', { boundObjectRef: ofPod, expirationSeconds: 3607 }, 31_536_000, START + 3607],
    ['the same without a Pod', { expirationSeconds: 3607 }, 3607, undefined],
    ['the same for others', { boundObjectRef: ofPod, expirationSeconds: 3607, audiences: ['x'] }, 3607, undefined],
    ['another time', { boundObjectRef: ofPod, expirationSeconds: 3608 }, 3608, undefined],
  ])('%s', async (_, spec, life, warnafter) => {
    const { exp, 'kubernetes.io': own } = await claims(spec);
    expect([exp, (own as { warnafter?: number }).warnafter]).toEqual([START + life, warnafter]);
    expect((await ask(spec)).json).toMatchObject({
      status: { expirationTimestamp: expect.stringMatching(/^2026-01-01T01:00:0/) },
    });
  });

  test('one for ever lasts a year, and this is said', async () => {
    const { headers, json } = await ask({ expirationSeconds: 2 ** 32 });
    expect(headers.Warning).toEqual([
      '299 - "requested expiration of 4294967296 seconds shortened to 31536000 seconds"',
    ]);
    expect(json).toMatchObject({ spec: { expirationSeconds: 31_536_000 } });
  });
});

describe('no token for', () => {
  const invalid = (why: string) => `TokenRequest.authentication.k8s.io "" is invalid: ${why}`;
  const CASES: [string, object, number, string][] = [
    [
      'nine minutes',
      { expirationSeconds: 599 },
      422,
      invalid('spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'),
    ],
    [
      'more than for ever',
      { expirationSeconds: 2 ** 32 + 1 },
      422,
      invalid('spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds'),
    ],
    ['a Pod that is not there', { boundObjectRef: { ...ofPod, name: 'x' } }, 404, 'pods "x" not found'],
    [
      'another Pod of that name',
      { boundObjectRef: { ...ofPod, uid: 'x' } },
      409,
      'Operation cannot be fulfilled on Pod "p": the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    [
      'a ConfigMap',
      { boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x' } },
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
  ];
  test.each(CASES)('%s', async (_, spec, code, message) => {
    expect((await ask(spec)).json).toMatchObject({ code, message });
  });

  test('another account than the URL’s, and one that is not there', async () => {
    expect((await ask({}, { metadata: { name: 'web' } })).json).toMatchObject({
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "web": must match the service account name if specified',
    });
    expect((await f.post(`${ACCOUNTS}/none/token`, {})).json).toMatchObject({
      code: 404,
      message: 'serviceaccounts "none" not found',
    });
  });

  test('a Pod of another account', async () => {
    expect((await f.post(`${ACCOUNTS}/web/token`, { spec: { boundObjectRef: ofPod } })).json).toMatchObject({
      code: 400,
      message: 'cannot bind token for serviceaccount "web" to pod running with different serviceaccount name.',
    });
  });

  test('by GET', async () => {
    expect((await f.get(`${ACCOUNTS}/default/token`)).status).toBe(405);
  });
});

describe('how tokens are verified', () => {
  test('is published to service accounts', async () => {
    const { status } = (await ask({})).json as TokenRequest;
    const headers = { Authorization: `Bearer ${status!.token}`, Host: '127.0.0.1:7443' };
    const get = (path: string) => f.get(path, { as: 'anonymous', headers });
    expect((await get('/.well-known/openid-configuration')).json).toEqual({
      issuer: ISSUER,
      jwks_uri: 'https://127.0.0.1:7443/openid/v1/jwks',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
    const keys = await get('/openid/v1/jwks');
    expect(keys.headers['Content-Type']).toBe('application/jwk-set+json');
    expect(keys.json).toEqual({
      keys: [
        {
          use: 'sig',
          kid: expect.any(String),
          alg: 'ES256',
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
        },
      ],
    });
    expect((await f.get('/openid/v1/jwks', { as: 'anonymous' })).status).toBe(403);
  });
});
