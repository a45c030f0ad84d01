import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { roomForProcesses } from '../../src/cri/process-room.ts';
import { eventually, missingKubectl, NodeUnderTest } from './node-under-test.ts';

/** A Pod of busybox with IfNotPresent and a short grace period, as one line of YAML. `containers` are flow mappings without image. */
function pod(name: string, spec: string, containers = '{name: c, command: [sleep, "1000"]}', init = ''): string {
  const filled = (list: string) =>
    list.replaceAll(
      /\{name: (?=\w+, (command|ports|restartPolicy))/g,
      '{image: busybox, imagePullPolicy: IfNotPresent, name: ',
    );
  const initContainers = init && `, initContainers: [${filled(init)}]`;
  return `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {terminationGracePeriodSeconds: 1, ${spec}${spec && ', '}containers: [${filled(containers)}]${initContainers}}}`;
}
const sh = (script: string, name = 'c') => `{name: ${name}, command: [sh, -c, ${JSON.stringify(script)}]}`;

/** How Pods live and end, in the columns and words of a real Kubernetes. */
describe('the life of Pods', () => {
  let node: NodeUnderTest;
  let hostPath: string;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(20);
    hostPath = join(node.home, 'shared');
    await node.start({ flags: ['--pod-pids-limit', '500'] });
    const all = [
      pod('crash', '', sh('echo boom; exit 1')),
      pod('ok', 'restartPolicy: Never', sh('echo hi')),
      pod('bad', 'restartPolicy: Never', sh('exit 3')),
      pod('onfail', 'restartPolicy: OnFailure', sh('exit 2')),
      pod('badcmd', 'restartPolicy: Never', '{name: c, command: [/nosuch]}'),
      pod(
        'oom',
        'restartPolicy: Never',
        '{name: c, command: [sh, -c, "sleep 2; exec tail /dev/zero"], resources: {limits: {memory: 16Mi}}}',
      ),
      pod('nocm', '', '{name: c, command: [sleep, "1000"], envFrom: [{configMapRef: {name: absent}}]}'),
      pod('invalid', '').replace('image: busybox', 'image: foo/BAR'),
      pod(
        'initfail',
        'restartPolicy: Never',
        undefined,
        '{name: i1, command: ["true"]}, {name: i2, command: ["false"]}',
      ),
      pod('initloop', '', undefined, '{name: i1, command: ["false"]}'),
      pod(
        'native',
        'restartPolicy: Never',
        sh('sleep 1; echo done', 'main'),
        '{name: logger, restartPolicy: Always, command: [sh, -c, "trap \'exit 0\' TERM; while true; do sleep 1; done"]}, {name: init, command: ["true"]}',
      ),
      pod('deadline', 'activeDeadlineSeconds: 2'),
      pod('bomb', 'restartPolicy: Never', sh('while :; do sleep 1000 & done')),
      pod('nonroot', 'securityContext: {runAsNonRoot: true}'),
      pod('unsched', 'nodeSelector: {x: "y"}'),
      pod('notdir', `volumes: [{name: h, hostPath: {path: /etc/passwd, type: Directory}}]`),
    ];
    const created = await node.create(all.join('\n---\n'));
    if (created.code !== 0) throw new Error(created.stderr);
  });
  afterAll(() => node?.close());

  const step = (name: string, body: () => Promise<void>) =>
    test(name, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });

  describe('a Pod that does not run says why', () => {
    const CASES: [name: string, row: RegExp, events: RegExp[]][] = [
      [
        'crash',
        /0\/1 +CrashLoopBackOff +\d+ \(\d+s ago\)/,
        [/Warning +BackOff .*Back-off restarting failed container c in pod crash_default\([0-9a-f-]{36}\)/],
      ],
      ['ok', /0\/1 +Completed +0 /, [/Normal +Started .*Started container c/]],
      ['bad', /0\/1 +Error +0 /, []],
      [
        'badcmd',
        /0\/1 +StartError +0 /,
        [/Warning +Failed .*exec: "\/nosuch": stat \/nosuch: no such file or directory/],
      ],
      ['oom', /0\/1 +OOMKilled +0 /, []],
      ['nocm', /0\/1 +CreateContainerConfigError +0 /, [/Warning +Failed .*Error: configmap "absent" not found/]],
      [
        'invalid',
        /0\/1 +InvalidImageName +0 /,
        [/InspectFailed .*Failed to apply default image tag "foo\/BAR": couldn't parse image name/],
      ],
      ['initfail', /0\/1 +Init:Error +0 /, [/Created container: i2/]],
      ['initloop', /0\/1 +Init:CrashLoopBackOff +[1-9]/, [/BackOff .*Back-off restarting failed container i1 in pod/]],
      ['native', /0\/2 +Completed +0 /, [/Killing .*Stopping container logger/]],
      [
        'deadline',
        /0\/1 +Error +0 /,
        [/DeadlineExceeded .*Pod was active on the node longer than the specified deadline/],
      ],
      ['nonroot', /0\/1 +CreateContainerConfigError +0 /, [/container has runAsNonRoot and image will run as root/]],
      [
        'unsched',
        /0\/1 +Pending +0 /,
        [/FailedScheduling .*0\/1 nodes are available: 1 node\(s\) didn't match Pod's node/],
      ],
      [
        'notdir',
        /0\/1 +ContainerCreating +0 /,
        [
          /FailedMount .*MountVolume.SetUp failed for volume "h" : hostPath type check failed: \/etc\/passwd is not a dir/,
        ],
      ],
    ];
    test.each(CASES)('%s', async (name, row, events) => {
      if (missingKubectl) return;
      await eventually(`${name}: ${row}`, async () => row.test(await node.k('get', 'po', name)));
      await eventually(`events of ${name}`, async () => {
        const text = await node.k('describe', 'po', name);
        return events.every((event) => event.test(text));
      });
    });

    step('and its logs, also of the run before', async () => {
      expect(await node.k('logs', 'crash')).toBe('boom\n');
      expect(await node.k('logs', 'crash', '--previous')).toBe('boom\n');
      expect((await node.kubectl('logs', 'nocm')).stderr).toContain(
        'container "c" in pod "nocm" is waiting to start: CreateContainerConfigError',
      );
      expect((await node.kubectl('exec', 'ok', '--', 'ls')).stderr).toContain(
        'cannot exec into a container in a completed pod; current phase is Succeeded',
      );
    });

    step('OnFailure begins again', async () => {
      await eventually('a restart', async () => /onfail +\S+ +\S+ +[1-9]/.test(await node.k('get', 'po', 'onfail')));
    });
  });

  step('volumes: a memory disk of its size, a host path that is made, a sub path, read-only', async () => {
    const mounts = `volumeMounts: [{name: m, mountPath: /m}, {name: h, mountPath: /h}, {name: e, mountPath: /sub, subPath: a/b}, {name: e, mountPath: /ro, readOnly: true}]`;
    const volumes = `volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: 5Mi}}, {name: e, emptyDir: {}}, {name: h, hostPath: {path: ${hostPath}, type: DirectoryOrCreate}}]`;
    await node.create(pod('volumes', volumes, `{name: c, command: [sleep, "1000"], ${mounts}}`));
    await node.k('wait', '--for=condition=Ready', 'po/volumes', '--timeout=30s');
    const inside = (script: string) => node.kubectl('exec', 'volumes', '--', 'sh', '-c', script);
    expect((await inside('df /m | tail -1')).stdout).toMatch(/^tmpfs +5120 /);
    expect((await inside('echo x > /ro/x')).stderr).toContain('Read-only file system');
    expect((await inside('echo seen > /h/file; touch /sub/s; ls /ro/a/b')).stdout).toBe('s\n');
    expect(readFileSync(join(hostPath, 'file'), 'utf8')).toBe('seen\n');
    await node.k('delete', 'po', 'volumes');
    expect(existsSync(join(hostPath, 'file'))).toBe(true);
  });

  step('identity: user, groups, capabilities, hosts file, environment', async () => {
    const container = `{name: c, command: [sleep, "1000"], securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, env: [{name: A, value: a}, {name: B, value: "$(A)-$(NO)-$$(A)"}, {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}], resources: {limits: {memory: 64Mi}}}`;
    const spec =
      'hostname: me, subdomain: sub, hostAliases: [{ip: 1.2.3.4, hostnames: [foo]}], securityContext: {runAsUser: 1000, runAsGroup: 2000, supplementalGroups: [4000]}';
    await node.create(pod('identity', spec, container));
    await node.k('wait', '--for=condition=Ready', 'po/identity', '--timeout=30s');
    const inside = async (script: string) => (await node.kubectl('exec', 'identity', '--', 'sh', '-c', script)).stdout;
    expect(await inside('id')).toBe('uid=1000 gid=2000 groups=2000,4000\n');
    expect(await inside('grep CapBnd /proc/self/status')).toBe('CapBnd:\t0000000000000000\n');
    expect(await inside('cat /etc/hosts')).toMatch(
      /\tme\.sub\.default\.svc\.cluster\.local\tme\n[\s\S]*1\.2\.3\.4\tfoo\n/,
    );
    const ip = await node.k('get', 'po', 'identity', '-o', 'jsonpath={.status.podIP}');
    expect(await inside('echo $B $IP $MEM')).toBe(`a-$(NO)-$(A) ${ip} 64\n`);
  });

  step('namespaces of the host and of the Pod', async () => {
    await node.create(
      [
        pod('sharepid', 'shareProcessNamespace: true'),
        pod('hostnet', 'hostNetwork: true'),
        pod('hostport', '', '{name: c, ports: [{containerPort: 80, hostPort: 47120}]}').replace('busybox', 'nginx'),
        pod('taken', '', '{name: c, ports: [{containerPort: 80, hostPort: 47120}]}').replace('busybox', 'nginx'),
      ].join('\n---\n'),
    );
    await node.k('wait', '--for=condition=Ready', 'po/sharepid', 'po/hostnet', 'po/hostport', '--timeout=30s');
    expect(await node.k('exec', 'sharepid', '--', 'cat', '/proc/1/comm')).toBe('pause\n');
    expect(await node.k('get', 'po', 'hostnet', '-o', 'jsonpath={.status.podIP}')).toBe(
      await node.k('get', 'po', 'hostnet', '-o', 'jsonpath={.status.hostIP}'),
    );
    await eventually('the page on the host port', async () => (await fetch('http://127.0.0.1:47120/')).ok);
    expect(await node.k('describe', 'po', 'taken')).toContain(
      "1 node(s) didn't have free ports for the requested pod ports",
    );
  });

  step('what is not honoured is said', async () => {
    const created = await node.create(
      pod(
        'warned',
        'topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}], volumes: [{name: s, csi: {driver: csi.example.com}}]',
      ),
    );
    expect(created.stderr).toMatch(/^Warning: spec\.topologySpreadConstraints: not honoured by this node yet: /m);
    expect(created.stderr).toMatch(/^Warning: spec\.volumes\[0\]\.csi: volumes of this kind are not supported /m);
  });

  step(
    'a Pod that forks for ever comes as far as --pod-pids-limit, and all Pods leave the machine its share',
    async () => {
      const phase = () => node.k('get', 'po', 'bomb', '-o', 'jsonpath={.status.phase}');
      await eventually('the end of the bomb', async () => (await phase()) === 'Failed');
      expect(await node.k('logs', 'bomb')).toContain("can't fork");
      const limits = new PodCgroups(nodePlaces(node.home).cgroup)
        .folders()
        .map((folder) => join(folder, 'pids.max'))
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'utf8').trim());
      expect(limits).toContain(String(roomForProcesses()));
      expect(limits).toContain('500');
    },
  );

  const impossible: [string, string, string][] = [
    ['own-users', 'hostUsers: false', "can't set `spec.hostUsers: false`, runtime does not support user namespaces"],
    [
      'long-name',
      `hostname: h, subdomain: ${'s'.repeat(40)}, setHostnameAsFQDN: true`,
      `failed to construct FQDN from pod hostname and cluster domain, FQDN h.${'s'.repeat(40)}.default.svc.cluster.local is too long (64 characters is the max, 68 characters requested)`,
    ],
  ];
  for (const [name, spec, why] of impossible)
    step(`a Pod waits, and an event says why it cannot have a sandbox: ${spec}`, async () => {
      await node.create(pod(name, spec));
      const told = ['events', `--field-selector=involvedObject.name=${name},reason=FailedCreatePodSandBox`];
      await eventually('the event', async () =>
        (await node.k('get', ...told, '-o', 'jsonpath={.items[*].message}')).startsWith(
          `Failed to create pod sandbox: ${why}`,
        ),
      );
      expect(await node.k('get', 'po', name, '--no-headers')).toContain('ContainerCreating');
    });

  step('a Pod of a node that is not there can be deleted', async () => {
    await node.create(pod('stray', 'nodeName: elsewhere'));
    expect(await node.k('delete', 'po', 'stray', '--timeout=20s')).toBe('pod "stray" deleted\n');
  });

  step('all are deleted, and nothing of them is left', async () => {
    await node.k('delete', 'po', '--all', '--timeout=30s');
    expect((await node.kubectl('get', 'po')).stderr).toBe('No resources found in default namespace.\n');
    await eventually(
      'no files',
      async () =>
        (await node.run('ls', [`${node.home}/pods`, `${node.home}/logs`])).stdout
          .split('\n')
          .filter((l) => l && !l.endsWith(':')).length === 0,
    );
  });
});
