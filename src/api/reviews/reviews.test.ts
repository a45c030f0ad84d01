import { beforeEach, describe, expect, test } from 'vitest';
import type { InMemoryOptions } from '../in-memory.ts';
import { type Fixture, PODS, podManifest, startApi } from '../rest/fixture.ts';

const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const TOKEN = '/api/v1/namespaces/default/serviceaccounts/default/token';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const WEB = 'system:serviceaccount:default:default';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

const tokenOf = async (spec: object = {}): Promise<string> =>
  ((await f.post(TOKEN, { spec })).json as { status: { token: string } }).status.token;
const bearer = (token: string): InMemoryOptions => ({ as: 'anonymous', headers: { Authorization: `Bearer ${token}` } });

describe('who am I', () => {
  const whoami = async (options?: InMemoryOptions) =>
    (await f.post(`${AUTHENTICATION}/selfsubjectreviews`, {}, options)).json;

  test('the owner', async () => {
    expect(await whoami()).toEqual({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      status: { userInfo: { username: 'outfit-admin', groups: ['system:masters', 'system:authenticated'] } },
    });
  });

  test('a service account in its Pod', async () => {
    await f.post(PODS, podManifest('p'));
    await f.bind('p');
    const pod = await f.object(`${PODS}/p`);
    const account = await f.object('/api/v1/namespaces/default/serviceaccounts/default');
    const token = await tokenOf({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } });
    expect(await whoami(bearer(token))).toMatchObject({
      status: {
        userInfo: {
          username: WEB,
          uid: account.metadata.uid,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
          extra: {
            'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=uid-/)],
            'authentication.kubernetes.io/node-name': ['node1'],
            'authentication.kubernetes.io/pod-name': ['p'],
            'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
          },
        },
      },
    });
  });

  test('nobody is nobody', async () => {
    expect(await whoami({ as: 'anonymous' })).toMatchObject({
      code: 403,
      message:
        'selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope',
    });
  });
});

describe('whose token is it', () => {
  const review = async (spec: object) => (await f.post(`${AUTHENTICATION}/tokenreviews`, { spec })).json;

  test('one for the API', async () => {
    const token = await tokenOf();
    expect(await review({ token })).toMatchObject({
      kind: 'TokenReview',
      spec: { token },
      status: {
        authenticated: true,
        user: {
          username: WEB,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        },
        audiences: [ISSUER],
      },
    });
  });

  test('one for others, by those and not here', async () => {
    const token = await tokenOf({ audiences: ['vault', 'db'] });
    expect(await review({ token, audiences: ['db', 'x'] })).toMatchObject({
      status: { authenticated: true, audiences: ['db'] },
    });
    expect(await review({ token })).toMatchObject({
      status: {
        user: {},
        error: `[invalid bearer token, token audiences ["vault" "db"] is invalid for the target audiences ["${ISSUER}"]]`,
      },
    });
    expect(await f.get('/version', bearer(token))).toMatchObject({ status: 401, json: { message: 'Unauthorized' } });
  });

  test('none', async () => {
    expect(await review({ token: 'x' })).toMatchObject({ status: { user: {}, error: 'invalid bearer token' } });
    expect(await review({})).toMatchObject({
      code: 400,
      message: 'token is required for TokenReview in authentication',
    });
  });
});

describe('may it', () => {
  const pods = { verb: 'list', resource: 'pods', namespace: 'default' };
  const secrets = { ...pods, resource: 'secrets' };
  const ask = async (kind: string, spec: object, options?: InMemoryOptions) =>
    (await f.post(`${AUTHORIZATION}/${kind}`, { spec }, options)).json;
  const NO = {
    allowed: false,
    reason: 'service accounts have the role "view" (outfit node start --service-account-role)',
  };

  test('who asks', async () => {
    const self = (resourceAttributes: object, options?: InMemoryOptions) =>
      ask('selfsubjectaccessreviews', { resourceAttributes }, options);
    const account = bearer(await tokenOf());
    expect(await self(secrets)).toEqual({
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: { resourceAttributes: secrets },
      status: { allowed: true },
    });
    expect(await self(pods, account)).toMatchObject({ status: { allowed: true } });
    expect(await self(secrets, account)).toMatchObject({ status: NO });
  });

  test('somebody', async () => {
    const review = (spec: object) => ask('subjectaccessreviews', spec);
    expect(await review({ user: WEB, resourceAttributes: pods })).toMatchObject({ status: { allowed: true } });
    expect(await review({ user: WEB, resourceAttributes: secrets })).toMatchObject({ status: NO });
    expect(await review({ groups: ['system:masters'], resourceAttributes: secrets })).toMatchObject({
      status: { allowed: true },
    });
    expect(await review({ user: 'ann', nonResourceAttributes: { verb: 'get', path: '/livez' } })).toMatchObject({
      status: { allowed: true },
    });
    expect(await review({ user: 'ann', resourceAttributes: pods })).toMatchObject({ status: { allowed: false } });
  });

  test('somebody here', async () => {
    const here = (spec: object) => ask('namespaces/default/localsubjectaccessreviews', { user: WEB, ...spec });
    expect(await here({ resourceAttributes: pods })).toMatchObject({ status: { allowed: true } });
    expect(await here({ resourceAttributes: { ...pods, namespace: 'x' } })).toMatchObject({
      code: 400,
      message: 'spec.resourceAttributes.namespace must match namespace: default',
    });
    expect(await here({ nonResourceAttributes: { verb: 'get', path: '/' } })).toMatchObject({
      code: 422,
      message: expect.stringContaining('disallowed on this kind of request'),
    });
  });

  test.each([
    [
      {},
      'spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      { resourceAttributes: pods, nonResourceAttributes: { verb: 'get' } },
      'spec.nonResourceAttributes: Invalid value: {"verb":"get"}: cannot be specified in combination with resourceAttributes',
    ],
  ])('a question that is none: %j', async (spec, message) => {
    expect(await ask('selfsubjectaccessreviews', spec)).toMatchObject({
      code: 422,
      message: `SelfSubjectAccessReview.authorization.k8s.io "" is invalid: ${message}`,
    });
    expect(await ask('subjectaccessreviews', { ...spec, user: 'ann' })).toMatchObject({ code: 422 });
  });

  test('about nobody', async () => {
    expect(await ask('subjectaccessreviews', { resourceAttributes: pods })).toMatchObject({
      message:
        'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    });
  });

  test('all that one may', async () => {
    const rules = (spec: object, options?: InMemoryOptions) => ask('selfsubjectrulesreviews', spec, options);
    expect(await rules({ namespace: 'x' })).toMatchObject({
      status: {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      },
    });
    const account = bearer(await tokenOf());
    const core = { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: expect.arrayContaining(['pods/log']) };
    expect(await rules({ namespace: 'default' }, account)).toMatchObject({
      status: { resourceRules: expect.arrayContaining([core]) },
    });
    expect(await rules({ namespace: 'x' }, account)).not.toMatchObject({
      status: { resourceRules: expect.arrayContaining([core]) },
    });
    expect(await rules({})).toMatchObject({ code: 400, message: 'no namespace on request' });
  });
});

test('reviews are only posted', async () => {
  expect((await f.get(`${AUTHORIZATION}/subjectaccessreviews`)).status).toBe(405);
  expect((await f.get(`${AUTHORIZATION}/subjectaccessreviews/x`)).status).toBe(405);
  expect((await f.post(`${AUTHORIZATION}/localsubjectaccessreviews`, {})).status).toBe(404);
});
