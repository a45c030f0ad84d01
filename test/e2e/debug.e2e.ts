import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod } from '../../src/kube/generated/objects.ts';
import { eventually, type Kubectl, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const pod = (name: string, spec = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {terminationGracePeriodSeconds: 1, ${spec}containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, "86399"], volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, emptyDir: {}}]}}`;

/** Somebody looks into a Pod that runs, and the node is emptied; with every kubectl that is here. */
describe('debug, drain and the status of others', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(43);
    await node.start({ images: ['busybox'] });
    const created = await node.create(
      [
        pod('web'),
        pod('watched'),
        pod('gated', 'readinessGates: [{conditionType: example.com/ok}], '),
        pod('broken', `initContainers: [{name: i, image: nowhere.local/none, imagePullPolicy: Never}], `),
      ].join('\n---\n'),
    );
    if (created.code !== 0) throw new Error(created.stderr);
    await node.k('wait', '--for=condition=Ready', 'pod/web', 'pod/watched', '--timeout=60s');
  });
  afterAll(() => node?.close());

  const step = (name: string, body: () => Promise<void>) =>
    test(name, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });
  const get = async (name: string): Promise<Pod> => JSON.parse(await node.k('get', 'pod', name, '-o', 'json'));
  const stateOf = async (name: string, container: string) =>
    (await get(name)).status?.ephemeralContainerStatuses?.find((status) => status.name === container)?.state;
  const id = (kubectl: Kubectl) => kubectl.name.replaceAll(/[^0-9a-z]/g, '');

  const cases = kubectls.length > 0 ? kubectls : [{ name: 'kubectl', path: 'kubectl' }];
  describe.each(cases)('$name', (kubectl) => {
    const name = `d${id(kubectl)}`;

    step('debug -it --target: a shell that sees the processes of the container', async () => {
      const command = `${kubectl.path} debug -it web --image=busybox --target=c -c ${name} -- sh`;
      const terminal = node.follow('script', '-qec', command, '/dev/null');
      await eventually('a prompt', () => /press(ing)? enter|# $/.test(terminal.output()), 60);
      const ended = new Promise((resolve) => terminal.once('exit', resolve));
      terminal.stdin?.write('\n');
      await eventually('a prompt of the shell', () => terminal.output().includes('# '), 60);
      terminal.stdin?.write('ps | grep 8639""9; echo in $((6 * 7)); exit 5\n');
      await eventually('what the shell says', () => terminal.output().includes('in 42'), 60);
      expect(terminal.output()).toMatch(/ 1 root .*sleep 86399/);
      await eventually('its end', async () => (await stateOf('web', name))?.terminated?.exitCode === 5, 60);
      await ended;
      expect((await node.kubectlOf(kubectl, 'logs', 'web', '-c', name)).stdout).toContain('in 42');
      expect((await get('web')).status).toMatchObject({
        phase: 'Running',
        containerStatuses: [{ name: 'c', ready: true, restartCount: 0 }],
      });
    });

    step('debug --copy-to: a Pod like it, with one container more', async () => {
      const copy = `copy-${id(kubectl)}`;
      const made = await node.kubectlOf(
        kubectl,
        ...['debug', 'web', `--copy-to=${copy}`, '--share-processes', '--image=busybox', '-c', 'debugger'],
        ...['--', 'sh', '-c', 'until ps | grep "sleep 8639[9]"; do sleep 0.1; done; echo seen; exec sleep 86398'],
      );
      expect(made, made.stderr).toMatchObject({ code: 0 });
      await node.k('wait', '--for=condition=Ready', `pod/${copy}`, '--timeout=60s');
      await eventually('the processes of the other', async () =>
        (await node.k('logs', copy, '-c', 'debugger')).includes('seen'),
      );
      expect((await get(copy)).spec?.containers.map((container) => container.name)).toEqual(['c', 'debugger']);
      await node.k('delete', 'pod', copy, '--now');
    });
  });

  step('a debugger that stays: exec, attach, describe, events; a Pod that is not ready can have one', async () => {
    const debug = ['debug', '--image=busybox', '-c', 'watcher'];
    await node.k(...debug, 'watched', '--', 'sh', '-c', 'while true; do echo tick; sleep 1; done');
    // Privileged, in a sandbox that was not made for it.
    const privileged = await node.kubectlOf(
      kubectls.at(-1)!,
      ...debug,
      'broken',
      '--profile=sysadmin',
      '--',
      'sleep',
      '86397',
    );
    expect(privileged, privileged.stderr).toMatchObject({ code: 0 });
    for (const name of ['watched', 'broken'])
      await eventually(`${name}'s watcher`, async () => (await stateOf(name, 'watcher'))?.running !== undefined, 60);
    expect(await node.k('exec', 'watched', '-c', 'watcher', '--', 'cat', '/etc/hostname')).toBe('watched\n');
    const attached = node.follow(kubectls[0]!.path, 'attach', 'watched', '-c', 'watcher');
    await eventually('a tick', () => attached.output().includes('tick'), 60);
    attached.kill('SIGINT');
    const text = await node.k('describe', 'pod', 'watched');
    expect(text).toMatch(/^Ephemeral Containers:\n[\s\S]*^ {2}watcher:\n[\s\S]*? {4}State: +Running/m);
    expect(text).toMatch(/Normal +Started .*Started container watcher/);
    const fields = '-o=jsonpath={.items[*].involvedObject.fieldPath}';
    const events = await node.k('get', 'events', '--field-selector=involvedObject.name=watched,reason=Started', fields);
    expect(events).toContain('spec.ephemeralContainers{watcher}');
    expect(await node.k('get', 'pod', 'broken')).toMatch(/0\/1 +Init:ErrImageNeverPull/);
  });

  step('a node that was killed finds it again, and starts none anew', async () => {
    const before = (await get('watched')).status;
    process.kill(await node.pid(), 'SIGKILL');
    await node.must('node', 'start');
    await node.k('wait', '--for=condition=Ready', 'pod/watched', '--timeout=60s');
    expect((await get('watched')).status?.ephemeralContainerStatuses).toEqual(before?.ephemeralContainerStatuses);
  });

  step('a readiness gate is opened by patch --subresource=status', async () => {
    const patch = (status: string) =>
      node.k(
        ...['patch', 'pod', 'gated', '--subresource=status', '-p'],
        JSON.stringify({ status: { conditions: [{ type: 'example.com/ok', status }] } }),
      );
    await node.k('wait', '--for=condition=ContainersReady', 'pod/gated', '--timeout=60s');
    expect(await node.k('get', 'pod', 'gated', '-o', 'wide')).toMatch(/1\/1 +Running .* 0\/1\n/);
    await patch('True');
    await node.k('wait', '--for=condition=Ready', 'pod/gated', '--timeout=60s');
    await patch('False');
    await node.k('wait', '--for=condition=Ready=false', 'pod/gated', '--timeout=60s');
  });

  step('another image restarts just that container', async () => {
    const two = pod('two').replace(
      'containers: [',
      'containers: [{name: other, image: busybox, command: [sleep, "1000"]}, ',
    );
    await node.create(two);
    await node.k('wait', '--for=condition=Ready', 'pod/two', '--timeout=60s');
    const before = (await get('two')).status?.containerStatuses ?? [];
    await node.k('set', 'image', 'pod/two', 'c=docker.io/library/busybox:latest');
    const restarted = await eventually('the restart', async () => {
      const now = (await get('two')).status?.containerStatuses ?? [];
      return now.some(({ name, restartCount, ready }) => name === 'c' && restartCount === 1 && ready) && now;
    });
    const other = (list: typeof before) => list.find(({ name }) => name === 'other');
    expect(other(restarted)).toEqual(other(before));
    const events = await node.k(
      'get',
      'events',
      '--field-selector=involvedObject.name=two',
      '-o=jsonpath={.items[*].message}',
    );
    expect(events).toContain('Container c definition changed, will be restarted');
  });

  step('cordon and drain: nothing new comes, everything goes by its grace period; uncordon', async () => {
    expect(await node.k('cordon', 'node1')).toBe('node/node1 cordoned\n');
    expect(await node.k('get', 'nodes')).toMatch(/node1 +Ready,SchedulingDisabled/);
    await node.create(pod('late'));
    const unscheduled = await eventually('the refusal', async () => {
      const events = await node.k(
        'get',
        'events',
        '--field-selector=involvedObject.name=late',
        '-o=jsonpath={.items[*].message}',
      );
      return events !== '' && events;
    });
    expect(unscheduled).toBe(
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    const timid = await node.kubectl('drain', 'node1');
    expect(timid.code).toBe(1);
    expect(timid.stderr).toMatch(/cannot delete .*default\/web/);
    const last = kubectls.at(-1)!;
    const drained = await node.kubectlOf(last, 'drain', 'node1', '--force', '--delete-emptydir-data', '--timeout=120s');
    expect(drained, drained.stderr).toMatchObject({ code: 0 });
    for (const name of ['web', 'watched', 'gated', 'broken']) expect(drained.stdout).toContain(`pod/${name} evicted\n`);
    expect(drained.stdout).toContain('node/node1 drained\n');
    expect(await node.k('get', 'pods', '-o', 'name')).toBe('pod/late\n');
    expect(await node.k('uncordon', 'node1')).toBe('node/node1 uncordoned\n');
    await node.k('wait', '--for=condition=Ready', 'pod/late', '--timeout=60s');
  });
});
