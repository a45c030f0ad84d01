import { describe, expect, test } from 'vitest';
import type { Pod, Secret } from '../../kube/generated/objects.ts';
import { credentialsFor } from './keyring.ts';
import { PullSecrets } from './pull-secrets.ts';

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const modern = (name: string, value: unknown): Secret => ({
  metadata: { name },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64(value) },
});
const old = (name: string, value: unknown): Secret => ({
  metadata: { name },
  type: 'kubernetes.io/dockercfg',
  data: { '.dockercfg': base64(value) },
});

describe('a credential for', () => {
  test.each<[string, string, boolean]>([
    ['registry.example.com', 'registry.example.com/a/b:1', true],
    ['https://registry.example.com', 'registry.example.com/a', true],
    ['http://registry.example.com/v2/', 'registry.example.com/a', true],
    ['registry.example.com', 'other.example.com/a', false],
    ['registry.example.com', 'registry.example.com:5000/a', false],
    ['registry.example.com:5000', 'registry.example.com:5000/a', true],
    ['registry.example.com/team', 'registry.example.com/team/a', true],
    ['registry.example.com/team', 'registry.example.com/teams/a', true],
    ['registry.example.com/team/', 'registry.example.com/teams/a', false],
    ['registry.example.com/team', 'registry.example.com/other', false],
    ['*.example.com', 'registry.example.com/a', true],
    ['*.example.com', 'example.com/a', false],
    ['*.example.com', 'deep.registry.example.com/a', false],
    ['reg*.example.com', 'registry.example.com/a', true],
    ['r?gistry.example.com', 'registry.example.com/a', true],
    ['registryxexample.com', 'registry.example.com/a', false],
    ['https://index.docker.io/v1/', 'nginx', true],
    ['https://index.docker.io/v1/', 'docker.io/team/app', true],
    ['index.docker.io', 'index.docker.io/team/app', true],
    ['docker.io', 'nginx', true],
    ['docker.io/team', 'team/app', true],
    ['docker.io/team', 'nginx', false],
    ['https://index.docker.io/v1/', 'quay.io/nginx', false],
    ['localhost:5000', 'localhost:5000/a', true],
    ['127.0.0.1:5000', '127.0.0.1:5000/a', true],
  ])('%s and the image %s: %s', (key, image, fits) => {
    const credentials = { username: 'ann', password: 'x' };
    expect(credentialsFor(image, [new Map([[key, credentials]])])).toEqual(fits ? [credentials] : []);
  });

  test('a more special path comes first, and the Secrets in their order', () => {
    const as = (username: string) => ({ username, password: '' });
    const first = new Map([
      ['registry.example.com', as('all')],
      ['registry.example.com/team/app', as('app')],
      ['registry.example.com/team', as('team')],
    ]);
    const second = new Map([['registry.example.com', as('second')]]);
    const found = credentialsFor('registry.example.com/team/app:1', [first, second]);
    expect(found.map(({ username }) => username)).toEqual(['app', 'team', 'all', 'second']);
  });

  test("docker.io's other name counts only where nothing else fits", () => {
    const hub = { username: 'hub', password: '' };
    const own = { username: 'own', password: '' };
    const config = new Map([
      ['https://index.docker.io/v1/', hub],
      ['docker.io/team', own],
    ]);
    expect([credentialsFor('team/app', [config]), credentialsFor('nginx', [config])]).toEqual([[own], [hub]]);
  });
});

describe('the Secrets of a Pod', () => {
  const entry = { username: 'ann', password: 'secret' };
  const secrets: Record<string, Secret> = Object.fromEntries(
    [
      modern('fields', { auths: { 'r.example.com': entry } }),
      modern('auth', { auths: { 'r.example.com': { username: 'not', auth: base64('ann:se:cret') } } }),
      modern('unpadded', { auths: { 'r.example.com': { auth: base64('a:b').replaceAll('=', '') } } }),
      old('old', { 'r.example.com': entry }),
      modern('no-json', '{"auths": secret'),
      modern('no-auth', { auths: { 'r.example.com': { auth: base64('nocolon') } } }),
      modern('list', []),
      {
        metadata: { name: 'opaque' },
        type: 'Opaque',
        data: { '.dockerconfigjson': base64({ auths: { 'r.example.com': entry } }) },
      },
    ].map((secret) => [secret.metadata?.name ?? '', secret]),
  );
  const events: string[] = [];
  const subject = new PullSecrets({
    secret: (namespace, name) => (namespace === 'shop' ? secrets[name] : undefined),
    events: { event: (_, type, reason, message) => void events.push(`${type} ${reason} ${message}`) },
  });
  const pod = (...names: string[]): Pod => ({
    metadata: { name: 'p', namespace: 'shop' },
    spec: { containers: [], imagePullSecrets: names.map((name) => ({ name })) },
  });

  test.each<[string, string[], object[]]>([
    ['no Secret', [], []],
    ['user and password', ['fields'], [entry]],
    ['both in one', ['auth'], [{ username: 'ann', password: 'se:cret' }]],
    ['both in one, without padding', ['unpadded'], [{ username: 'a', password: 'b' }]],
    ["docker's old file", ['old'], [entry]],
    ['a Secret of another type', ['opaque'], []],
    ['a missing one', ['missing', 'fields'], [entry]],
  ])('%s', (_, names, expected) => {
    expect(subject.credentials(pod(...names), 'r.example.com/a')).toEqual(expected);
  });

  test.each([
    ['no-json', 'image pull secret "no-json" cannot be read: the data is no JSON'],
    [
      'no-auth',
      'image pull secret "no-auth" cannot be read: unable to parse auth field, must be formatted as base64(username:password)',
    ],
    ['list', 'image pull secret "list" cannot be read: an object is expected'],
  ])('%s is told without its content', (name, message) => {
    expect(() => subject.credentials(pod(name), 'r.example.com/a')).toThrow(new Error(message));
  });

  test('missing ones are told together', () => {
    subject.check(pod('fields'));
    subject.check(pod('one', 'fields', 'two', ''));
    expect(events).toEqual([
      'Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (one, two); attempting to pull the image may not succeed.',
    ]);
  });
});
