import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { PodSpec, TokenReview } from '../../src/kube/generated/objects.ts';
import { kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const GATEWAY = '10.209.41.1';
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';
const USER = 'system:serviceaccount:default:default';

/** Who Pods are to the API, how they reach it, and what they may do there. */
describe('service accounts', () => {
  let node: NodeUnderTest;
  let authority: string;
  let port: number;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(41);
    await node.start({ images: ['busybox'], flags: ['--api-for-pods'] });
    const { clusters } = parse(await readFile(node.env.KUBECONFIG!, 'utf8'));
    const { server, 'certificate-authority-data': data } = clusters[0].cluster;
    port = Number(new URL(server).port);
    authority = Buffer.from(data, 'base64').toString();
  });
  afterAll(async () => {
    await node?.close();
  });

  const step = (name: string, body: () => Promise<void>) =>
    test.concurrent(name, { timeout: 180_000 }, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });
  const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 200 });

  async function pod(name: string, spec: Partial<PodSpec> = {}, running = true): Promise<void> {
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100041'] };
    const whole = { terminationGracePeriodSeconds: 0, containers: [main], ...spec };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: whole };
    expect(await node.create(JSON.stringify(object))).toMatchObject({ code: 0, stderr: '' });
    if (running) await node.k('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  }
  const inside = (name: string, script: string) => node.k('exec', name, '--', 'sh', '-c', script);

  /** Asks with a token alone, and believes nobody but the node's authority. */
  function ask(path: string, token: string, host = '127.0.0.1'): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token}` };
      const asked = request({ host, port, path, ca: authority, headers, agent: false }, async (answer) => {
        let text = '';
        for await (const chunk of answer) text += chunk;
        resolve({ status: answer.statusCode ?? 0, text });
      });
      asked.on('error', reject).end();
    });
  }
  const PODS = '/api/v1/namespaces/default/pods';

  step('a container reads its own Pod, and nothing that is not its', async () => {
    await pod('reader', { enableServiceLinks: false });
    const wget = (path: string) =>
      inside(
        'reader',
        `wget -qO- --no-check-certificate --header "Authorization: Bearer $(cat ${TOKEN}/token)" https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT${path} 2>&1 || true`,
      );
    expect(JSON.parse(await wget(`${PODS}/reader`))).toMatchObject({ kind: 'Pod', metadata: { name: 'reader' } });
    for (const path of ['/api/v1/namespaces/default/secrets', '/api/v1/namespaces/kube-system/pods', '/api/v1/pods'])
      expect(await wget(path)).toContain('403 Forbidden');
    expect(await inside('reader', `cat ${TOKEN}/namespace`)).toBe('default');
    expect(await inside('reader', `cat ${TOKEN}/ca.crt`)).toBe(authority);
    const token = await inside('reader', `cat ${TOKEN}/token`);
    // The certificate holds the gateway's address too.
    expect(await ask(`${PODS}/reader`, token, GATEWAY)).toMatchObject({ status: 200 });
    expect(JSON.parse((await ask('/api/v1/namespaces/default/secrets', token)).text)).toMatchObject({
      reason: 'Forbidden',
      message: `secrets is forbidden: User "${USER}" cannot list resource "secrets" in API group "" in the namespace "default"`,
    });
    await node.k('delete', 'pod', 'reader', '--now');
    await soon(async () => expect(await ask(`${PODS}/reader`, token)).toMatchObject({ status: 401 }));
  });

  step('all containers have it: first, beside and main ones, and those of other users', async () => {
    const one = (name: string) => ({ name, image: 'busybox', imagePullPolicy: 'IfNotPresent' });
    const look = `stat -L -c '%a %u %g' ${TOKEN}/token; wc -l < ${TOKEN}/ca.crt > /dev/null; sleep 100041`;
    await pod('many', {
      securityContext: { runAsUser: 1234, fsGroup: 2345 },
      initContainers: [
        { ...one('first'), command: ['sh', '-c', `test -s ${TOKEN}/token`] },
        { ...one('beside'), restartPolicy: 'Always', command: ['sh', '-c', look] },
      ],
      containers: [{ ...one('main'), command: ['sh', '-c', look] }],
    });
    for (const name of ['beside', 'main'])
      await soon(async () => expect(await node.k('logs', 'many', '-c', name)).toBe('640 1234 2345\n'));
  });

  step('a Pod may do without, and one of an account that is not there is refused', async () => {
    await pod('without', { automountServiceAccountToken: false });
    expect(await inside('without', `ls ${TOKEN} 2>&1 || true`)).toContain('No such file');
    const { stderr } = await node.kubectl(
      'run',
      'nobody',
      '--image=busybox',
      '--overrides',
      '{"spec":{"serviceAccountName":"x"}}',
    );
    expect(stderr).toBe(
      'Error from server (Forbidden): pods "nobody" is forbidden: error looking up service account default/x: serviceaccount "x" not found\n',
    );
  });

  step('every kubectl makes tokens, and asks who it is and what it may do', async () => {
    for (const kubectl of kubectls) {
      const run = (...args: string[]) => node.kubectlOf(kubectl, ...args);
      const token = (await run('create', 'token', 'default', '--duration=10m')).stdout.trim();
      expect({ name: kubectl.name, ...(await ask(PODS, token)) }).toMatchObject({ name: kubectl.name, status: 200 });
      expect((await run('auth', 'can-i', 'list', 'secrets')).stdout).toBe('yes\n');
      expect((await run('auth', 'can-i', 'list', 'secrets', '--as', USER)).stdout).toMatch(/^no/);
      expect((await run('auth', 'can-i', '--list', '--as', USER)).stdout).toMatch(
        /^pods\/log +\[\] +\[\] +\[get list watch\]/m,
      );
      // The first kubectl that asks for the version of it that v1.33 serves.
      if (kubectl.name !== 'kubectl.1.27')
        expect((await run('auth', 'whoami', '--as', USER)).stdout).toMatch(new RegExp(`^Username +${USER}$`, 'm'));
    }
  });

  step('a token for others is theirs alone', async () => {
    const token = (await node.k('create', 'token', 'default', '--audience=vault')).trim();
    expect(await ask(PODS, token)).toMatchObject({ status: 401 });
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['vault'] },
    };
    const { stdout } = await node.run(kubectls[0]!.path, ['create', '-o', 'json', '-f', '-'], JSON.stringify(review));
    expect((JSON.parse(stdout) as TokenReview).status).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
      user: { username: USER },
    });
  });

  step('a namespace has what Pods count on, and gets it back', async () => {
    await node.k('create', 'namespace', 'shop');
    const of = ['-n', 'shop', '-o', 'jsonpath={.data.ca\\.crt}'];
    expect(await node.k('get', 'configmap', 'kube-root-ca.crt', ...of)).toBe(authority);
    const token = (await node.k('-n', 'shop', 'create', 'token', 'default')).trim();
    expect((await ask('/api/v1/namespaces/shop/pods', token)).status).toBe(200);
    await node.k('-n', 'shop', 'delete', 'configmap/kube-root-ca.crt', 'serviceaccount/default');
    await soon(async () => expect(await node.k('get', 'configmap', 'kube-root-ca.crt', ...of)).toBe(authority));
    await soon(async () =>
      expect(await node.k('-n', 'shop', 'get', 'sa', 'default', '-o', 'name')).toContain('default'),
    );
    // The account is another one, though its name is the same.
    expect((await ask('/api/v1/namespaces/shop/pods', token)).status).toBe(401);
  });

  test('after a start with other flags tokens are still good, Pods reach no API, and accounts may do more', {
    timeout: 180_000,
  }, async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const token = (await node.k('create', 'token', 'default')).trim();
    await node.k('delete', 'pod', '--all', '--now');
    await node.must('node', 'stop');
    await node.must('node', 'start', '--api-for-pods=false', '--service-account-role=cluster-admin');
    expect((await ask('/api/v1/secrets', token)).status).toBe(200);
    await expect(ask(PODS, token, GATEWAY)).rejects.toThrow();
    await pod('alone');
    expect(await inside('alone', 'env')).not.toContain('KUBERNETES_');
    expect(await inside('alone', `cat ${TOKEN}/ca.crt`)).toBe(authority);
  });
});
