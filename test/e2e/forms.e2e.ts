import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubectl, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

/** What stock kubectl sends in forms of its own: protobuf from its generators, by version; nothing here runs a container. */
describe('every kubectl', () => {
  let node: NodeUnderTest;
  let certificate: string[];

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(47);
    await node.start({ images: [] });
    certificate = makeCertificate(node.home);
  });
  afterAll(() => node?.close());

  const namespaceOf = ({ name }: Kubectl): string => `f${name.replaceAll(/[^0-9a-z]/g, '')}`;

  test.concurrent.for(kubectls)('$name creates with its generators', async (kubectl, { skip }) => {
    if (missingKubectl) skip(missingKubectl);
    const namespace = namespaceOf(kubectl);
    const k = async (...args: string[]): Promise<string> => {
      const result = await node.kubectlOf(kubectl, '-n', namespace, ...args);
      expect(result, args.join(' ')).toEqual({ code: 0, stdout: expect.any(String), stderr: expect.any(String) });
      return result.stdout;
    };
    const field = (object: string, path: string) => k('get', ...object.split('/'), '-o', `jsonpath={${path}}`);

    expect(await k('create', 'namespace', namespace)).toBe(`namespace/${namespace} created\n`);
    const binary = join(node.home, `${namespace}.bin`);
    writeFileSync(binary, Buffer.from([0x6b, 0, 0xff]));
    await k('create', 'configmap', 'settings', '--from-literal=colour=red', `--from-file=raw=${binary}`);
    expect(await field('configmap/settings', '.data.colour')).toBe('red');
    expect(await field('configmap/settings', '.binaryData.raw')).toBe('awD/');

    await k('create', 'secret', 'generic', 'generic', '--from-literal=password=geheim');
    expect(await field('secret/generic', '.data.password')).toBe('Z2VoZWlt');
    expect(await field('secret/generic', '.type')).toBe('Opaque');
    await k('create', 'secret', 'tls', 'tls', ...certificate);
    expect(await field('secret/tls', '.type')).toBe('kubernetes.io/tls');
    const registry = ['--docker-server=x.example', '--docker-username=u', '--docker-password=p'];
    await k('create', 'secret', 'docker-registry', 'registry', ...registry);
    expect(await field('secret/registry', '.type')).toBe('kubernetes.io/dockerconfigjson');
    await k('create', 'serviceaccount', 'robot');
    expect(await field('serviceaccount/robot', '.metadata.namespace')).toBe(namespace);

    const again = await node.kubectlOf(kubectl, '-n', namespace, 'create', 'configmap', 'settings');
    expect(again.stderr).toContain('configmaps "settings" already exists');
    expect(await k('create', 'configmap', 'dry', '--dry-run=server', '-o', 'name')).toBe('configmap/dry\n');
    expect(await k('run', 'later', '--image=nowhere.example/x', '--restart=Never')).toBe('pod/later created\n');
    expect(await k('delete', 'pod', 'later', '--now')).toMatch(/^pod "later" deleted/);
  });
});

/** Flags of `kubectl create secret tls`. */
function makeCertificate(folder: string): string[] {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...curve, '-keyout', key, '-out', cert, '-subj', '/CN=x'], {
    stdio: 'ignore',
  });
  return [`--key=${key}`, `--cert=${cert}`];
}
