import { describe, expect, test } from 'vitest';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { admitServiceAccount } from './pod-admission.ts';

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME = 'kube-api-access-rrrrr';
const MOUNT = { mountPath: PATH, name: VOLUME, readOnly: true };
const ACCESS = {
  name: VOLUME,
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
      {
        downwardAPI: {
          items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
        },
      },
    ],
  },
};
const NAMED = { serviceAccountName: 'default', serviceAccount: 'default' };

const admit = (pod: Pod, account: Partial<ServiceAccount> | undefined = {}): Pod =>
  admitServiceAccount(pod, {
    namespace: 'shop',
    random: () => 0.5,
    store: {
      get: ({ namespace, name }) =>
        namespace === 'shop' && name === 'default' && account !== undefined
          ? ({ metadata: { name }, ...account } as KubeObject)
          : undefined,
    },
  });
const pod = (spec: Partial<PodSpec> = {}, metadata: object = {}): Pod => ({
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const admitted = (spec: Partial<PodSpec>, account: Partial<ServiceAccount> = {}) => admit(pod(spec), account).spec;
const mounted = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  ...more,
  volumeMounts: [...(more.volumeMounts ?? []), MOUNT],
});

describe('a new Pod', () => {
  test('gets the account default and its token, in all containers', () => {
    const given = pod({
      initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }],
      containers: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { name: 'd' }],
      volumes: [{ name: 'v', emptyDir: {} }],
    });
    const before = structuredClone(given);
    expect(admit(given)).toEqual({
      metadata: { name: 'p' },
      spec: {
        ...NAMED,
        initContainers: [mounted('i'), mounted('s', { restartPolicy: 'Always' })],
        containers: [mounted('c', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }), mounted('d')],
        volumes: [{ name: 'v', emptyDir: {} }, ACCESS],
      },
    });
    expect(given).toEqual(before);
  });

  const own = { name: 'mine', mountPath: PATH };
  test('keeps what it has at that place', () => {
    expect(admitted({ containers: [{ name: 'c', volumeMounts: [own] }, { name: 'd' }] })).toEqual({
      ...NAMED,
      containers: [{ name: 'c', volumeMounts: [own] }, mounted('d')],
      volumes: [ACCESS],
    });
    const whole = { containers: [{ name: 'c', volumeMounts: [own] }] };
    expect(admitted(whole)).toEqual({ ...NAMED, ...whole });
  });

  test('that was admitted before and has another container by now', () => {
    const { spec } = admit(pod());
    const first = { ...spec, containers: [...spec!.containers, { name: 'late' }] } as PodSpec;
    const account = { imagePullSecrets: [{ name: 'r' }] };
    expect(admitted(first, account)).toEqual({
      ...NAMED,
      containers: [mounted('c'), mounted('late')],
      volumes: [ACCESS],
      imagePullSecrets: [{ name: 'r' }],
    });
    expect(admitted(admitted(first, account)!, account)).toEqual(admitted(first, account));
  });

  test('uses a volume of such a name', () => {
    const volumes = [{ name: 'kube-api-access-x', projected: { sources: [] } }];
    const mount = { ...MOUNT, name: 'kube-api-access-x' };
    expect(admitted({ volumes })).toEqual({ ...NAMED, containers: [{ name: 'c', volumeMounts: [mount] }], volumes });
  });

  test.each<[string, boolean | undefined, boolean | undefined, boolean]>([
    ['nobody says', undefined, undefined, true],
    ['the account does not want it', undefined, false, false],
    ['the account wants it', undefined, true, true],
    ['the Pod wants it against the account', true, false, true],
    ['the Pod does not want it', false, true, false],
  ])('has a token or not: %s', (_, ofPod, ofAccount, expected) => {
    const given = { ...(ofPod !== undefined && { automountServiceAccountToken: ofPod }) };
    const spec = admitted(given, { ...(ofAccount !== undefined && { automountServiceAccountToken: ofAccount }) });
    expect(spec?.volumes !== undefined).toBe(expected);
  });

  test('gets the pull secrets of its account, unless it names some', () => {
    const account = { imagePullSecrets: [{ name: 'a' }, { name: 'b' }] };
    expect(admitted({}, account)?.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(admitted({ imagePullSecrets: [{ name: 'c' }] }, account)?.imagePullSecrets).toEqual([{ name: 'c' }]);
  });
});

describe('refused', () => {
  const why = (given: Pod, account?: Partial<ServiceAccount>): unknown => {
    try {
      return admit(given, account);
    } catch (error) {
      return (error as Error).message.replace('pods "p" is forbidden: ', '');
    }
  };
  const strict = { metadata: { name: 'default', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } };
  const key = { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
  const CASES: [string, Pod, Partial<ServiceAccount>, string][] = [
    [
      'an account that is not there',
      pod({ serviceAccountName: 'web' }),
      {},
      'error looking up service account shop/web: serviceaccount "web" not found',
    ],
    [
      'a mirror Pod with an account',
      pod({ serviceAccountName: 'default' }, mirror),
      {},
      'a mirror pod may not reference service accounts',
    ],
    [
      'a mirror Pod with a secret',
      pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, mirror),
      {},
      'a mirror pod may not reference secrets',
    ],
    [
      'a mirror Pod with a token',
      pod({ volumes: [ACCESS] }, mirror),
      {},
      'a mirror pod may not use ServiceAccountToken volume projections',
    ],
    [
      'a secret that the account does not list',
      pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
      strict,
      'volume with secret.secretName="s" is not allowed because service account default does not reference that secret',
    ],
    [
      'one in the environment',
      pod({ containers: [{ name: 'c', env: [key] }] }),
      strict,
      'container c with envVar E referencing secret.secretName="s" is not allowed because service account default does not reference that secret',
    ],
    [
      'a pull secret that the account does not list',
      pod({ imagePullSecrets: [{ name: 'r' }] }),
      strict,
      'imagePullSecrets[0].name="r" is not allowed because service account default does not reference that imagePullSecret',
    ],
  ];
  test.each(CASES)('%s', (_, given, account, expected) => expect(why(given, account)).toBe(expected));

  test('not a secret that the account lists, and not a mirror Pod without any', () => {
    const listed = { ...strict, secrets: [{ name: 's' }] };
    expect(why(pod({ containers: [{ name: 'c', env: [key] }] }), listed)).toMatchObject({ spec: NAMED });
    expect(why(pod({}, mirror))).toEqual(pod({}, mirror));
  });
});
