import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type Kubectl, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

/** What stock kubectl sends in forms of its own: protobuf from its generators, configurations for server-side apply. No container runs here. */
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

  // The one on PATH is one of those with a version in their name, where there are any.
  const each = kubectls.length > 1 ? kubectls.slice(1) : kubectls;
  const namespaceOf = ({ name }: Kubectl): string => `f${name.replaceAll(/[^0-9a-z]/g, '')}`;

  test.concurrent.for(each)('$name creates with its generators', async (kubectl, { skip }) => {
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

    expect((await k('create', 'token', 'robot', '--duration=1h')).split('.')).toHaveLength(3);
    expect(await k('auth', 'can-i', 'create', 'pods')).toBe('yes\n');
    expect(await k('auth', 'can-i', '--list')).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);

    const again = await node.kubectlOf(kubectl, '-n', namespace, 'create', 'configmap', 'settings');
    expect(again.stderr).toContain('configmaps "settings" already exists');
    expect(await k('create', 'configmap', 'dry', '--dry-run=server', '-o', 'name')).toBe('configmap/dry\n');
    expect(await k('run', 'later', '--image=nowhere.example/x', '--restart=Never')).toBe('pod/later created\n');
    expect(await k('delete', 'pod', 'later', '--now')).toMatch(/^pod "later" deleted/);
  });

  test.concurrent.for(each)('$name applies server-side', async (kubectl, { skip }) => {
    if (missingKubectl) skip(missingKubectl);
    const namespace = `s${namespaceOf(kubectl)}`;
    await node.create(`{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}}}`);
    const run = (args: string[], input?: string) => node.run(kubectl.path, ['-n', namespace, ...args], input);
    const apply = (data: Record<string, string>, ...flags: string[]) =>
      run(['apply', '-f', '-', ...flags], configMap(data));
    const server = (data: Record<string, string>, ...flags: string[]) => apply(data, '--server-side', ...flags);
    const data = async () => JSON.parse((await run(['get', 'cm', 'm', '-o', 'jsonpath={.data}'])).stdout);
    const applied = { code: 0, stdout: 'configmap/m serverside-applied\n' };

    expect(await server({ colour: 'red', size: 'small' })).toMatchObject(applied);
    const version = await run(['get', 'cm', 'm', '-o', 'jsonpath={.metadata.resourceVersion}']);
    expect(await server({ colour: 'red', size: 'small' })).toMatchObject(applied);
    expect(await run(['get', 'cm', 'm', '-o', 'jsonpath={.metadata.resourceVersion}'])).toEqual(version);
    expect(await server({ colour: 'red' })).toMatchObject(applied);
    expect(await data()).toEqual({ colour: 'red' });

    const conflict = await server({ colour: 'blue' }, '--field-manager=painter');
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toContain(
      'error: Apply failed with 1 conflict: conflict with "kubectl": .data.colour\nPlease review the fields above--they currently have other managers.',
    );
    expect((await run(['diff', '--server-side', '-f', '-'], configMap({ colour: 'green' }))).stdout).toContain(
      '-  colour: red\n+  colour: green',
    );
    expect(await server({ colour: 'blue' }, '--field-manager=painter', '--force-conflicts')).toMatchObject(applied);
    expect(await data()).toEqual({ colour: 'blue' });
    const shown = await run(['get', 'cm', 'm', '-o', 'yaml', '--show-managed-fields']);
    expect(shown.stdout).toMatch(/ {6}f:data:\n {8}f:colour: \{\}\n {4}manager: painter\n {4}operation: Apply\n/);
    expect((await run(['get', 'cm', 'm', '-o', 'yaml'])).stdout).not.toContain('managedFields');
    expect((await server({ colour: 'x' }, '--validate=false')).stderr).toContain('conflict with "painter"');

    await run(['delete', 'cm', 'm']);
    expect(await apply({ colour: 'red', size: 'small' })).toMatchObject({ code: 0, stdout: 'configmap/m created\n' });
    expect((await run(['apply', 'view-last-applied', 'cm', 'm'])).stdout).toContain('colour: red');
    const foreign = await server({ colour: 'blue' }, '--field-manager=painter');
    expect(foreign.stderr).toContain('conflict with "kubectl-client-side-apply" using v1');
    // From 1.26 on kubectl hands over what it has applied from the client, so that what is left out goes.
    expect(await server({ colour: 'green' })).toMatchObject(applied);
    expect(await data()).toEqual({ colour: 'green' });
  });

  test.concurrent('kubectl delete --cascade', async ({ skip }) => {
    if (missingKubectl) skip(missingKubectl);
    const make = async (name: string, owner?: string): Promise<string> => {
      const ownerReferences = [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: owner?.split(' ')[0],
          uid: owner?.split(' ')[1],
          blockOwnerDeletion: true,
        },
      ];
      const metadata = { name, labels: { family: 'yes' }, ...(owner && { ownerReferences }) };
      await node.create(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
      return `${name} ${await node.k('get', 'cm', name, '-o', 'jsonpath={.metadata.uid}')}`;
    };
    const left = () => node.k('get', 'cm', '-l', 'family=yes', '-o', 'name');
    await make('grandchild', await make('child', await make('parent')));
    expect(await node.k('delete', 'cm', 'parent', '--cascade=foreground')).toMatch(/^configmap "parent" deleted/);
    await eventually('all gone', async () => (await left()) === '', 60);
    await make('orphan', await make('parent'));
    await node.k('delete', 'cm', 'parent', '--cascade=orphan');
    expect(await left()).toBe('configmap/orphan\n');
    expect(await node.k('get', 'cm', 'orphan', '-o', 'jsonpath={.metadata.ownerReferences}')).toBe('');
  });
});

function configMap(data: Record<string, string>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data });
}

/** Flags of `kubectl create secret tls`. */
function makeCertificate(folder: string): string[] {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...curve, '-keyout', key, '-out', cert, '-subj', '/CN=x'], {
    stdio: 'ignore',
  });
  return [`--key=${key}`, `--cert=${cert}`];
}
