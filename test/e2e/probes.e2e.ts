import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Container, Event, Pod, PodSpec } from '../../src/kube/generated/objects.ts';
import { eventually, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const SECONDS = 60;
const MAIN: Container = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100007'] };
const sh = (script: string, more: Partial<Container> = {}): Container => ({
  ...MAIN,
  command: ['sh', '-c', script],
  ...more,
});
const sidecar = (script: string, more: Partial<Container> = {}) =>
  sh(script, { name: 's', restartPolicy: 'Always', ...more });
const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });
const FOREVER = "trap 'exit 0' TERM; while true; do sleep 0.1; done";

/** Probes, hooks and termination messages, as kubectl shows them. Servers that probes ask are in containers, or in this process. */
describe('probes and hooks', () => {
  let node: NodeUnderTest;
  let servers: TestServers;

  beforeAll(async () => {
    if (missingKubectl) return;
    servers = await testServers();
    node = new NodeUnderTest(35);
    await node.start({ images: ['busybox'] });
  });
  afterAll(async () => {
    servers?.close();
    await node?.close();
  });

  const step = (name: string, body: () => Promise<void>) =>
    test.concurrent(name, { timeout: 180_000 }, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });

  async function create(name: string, spec: Partial<PodSpec>): Promise<void> {
    const whole = { terminationGracePeriodSeconds: 1, containers: [MAIN], ...spec };
    const { code, stderr } = await node.create(
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: whole }),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
  const get = async (name: string): Promise<Pod> => JSON.parse(await node.k('get', 'pod', name, '-o', 'json'));
  const row = (name: string): Promise<string> => node.k('get', 'pod', name, '--no-headers');
  const inside = (name: string, script: string) => node.k('exec', name, '-c', 'c', '--', 'sh', '-c', script);

  async function events(name: string): Promise<string[]> {
    const list = await node.k('get', 'events', '-o', 'json', '--field-selector', `involvedObject.name=${name}`);
    return (JSON.parse(list).items as Event[]).map(
      ({ type, reason, message, involvedObject }) => `${type} ${reason} ${involvedObject.fieldPath}: ${message}`,
    );
  }
  const event = (name: string, wanted: string | RegExp) =>
    eventually(
      `event of ${name}: ${wanted}`,
      async () =>
        (await events(name)).find((line) => (typeof wanted === 'string' ? line === wanted : wanted.test(line))),
      SECONDS,
    );
  const restarted = (name: string, times = 1) =>
    eventually(
      `${name} restarts`,
      async () => {
        const { status = {} } = await get(name);
        const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
        return all.some(({ restartCount }) => restartCount >= times);
      },
      SECONDS,
    );
  const shows = (name: string, wanted: RegExp) =>
    eventually(`${name} shows ${wanted}`, async () => wanted.test(await row(name)), SECONDS);
  async function gone(name: string): Promise<void> {
    await node.k('delete', 'pod', name, '--wait=false');
    await eventually(`${name} is gone`, async () => (await node.kubectl('get', 'pod', name)).code !== 0, SECONDS);
  }

  describe('a liveness probe', () => {
    step('by command: the output is told, the container is killed with its preStop hook and restarted', async () => {
      const livenessProbe = { ...exec('cat /tmp/ok'), periodSeconds: 1, failureThreshold: 2 };
      const volume = { volumes: [{ name: 'v', emptyDir: {} }] };
      const volumeMounts = [{ name: 'v', mountPath: '/v' }];
      const lifecycle = { preStop: exec('echo stopped >> /v/log') };
      await create('live', {
        ...volume,
        containers: [sh(`touch /tmp/ok; ${FOREVER}`, { livenessProbe, volumeMounts, lifecycle })],
      });
      await shows('live', /1\/1 +Running +0 /);
      await inside('live', 'rm /tmp/ok');
      await event(
        'live',
        "Warning Unhealthy spec.containers{c}: Liveness probe failed: cat: can't open '/tmp/ok': No such file or directory\n",
      );
      await event('live', 'Normal Killing spec.containers{c}: Container c failed liveness probe, will be restarted');
      await restarted('live');
      expect(await inside('live', 'cat /v/log')).toBe('stopped\n');
      await gone('live');
    });

    step('that takes too long has failed; its own grace period holds', async () => {
      const livenessProbe = {
        ...exec('sleep 60'),
        periodSeconds: 1,
        failureThreshold: 1,
        terminationGracePeriodSeconds: 1,
      };
      await create('slow', {
        terminationGracePeriodSeconds: 600,
        containers: [sh("trap '' TERM; while true; do sleep 0.1; done", { livenessProbe })],
      });
      await event(
        'slow',
        'Warning Unhealthy spec.containers{c}: Liveness probe failed: command timed out: "sh -c sleep 60" timed out after 1s',
      );
      await restarted('slow');
      await node.k('delete', 'pod', 'slow', '--grace-period=0', '--force');
    });

    step('that cannot be run says nothing of the container', async () => {
      const livenessProbe = { exec: { command: ['/nosuch'] }, periodSeconds: 1, failureThreshold: 1 };
      await create('norun', { containers: [{ ...MAIN, livenessProbe }] });
      await event(
        'norun',
        /Warning Unhealthy .*: Liveness probe errored and resulted in unknown state: rpc error: code = .* desc = .*\/nosuch/,
      );
      expect(await row('norun')).toMatch(/1\/1 +Running +0 /);
      await gone('norun');
    });

    step('of a sidecar restarts it whatever the policy of the Pod', async () => {
      const livenessProbe = { ...exec('test ! -e /tmp/sick'), periodSeconds: 1, failureThreshold: 1 };
      await create('sidelive', {
        restartPolicy: 'Never',
        initContainers: [sidecar(FOREVER, { livenessProbe })],
      });
      await shows('sidelive', /2\/2 +Running/);
      await node.k('exec', 'sidelive', '-c', 's', '--', 'touch', '/tmp/sick');
      await event('sidelive', 'Normal Killing spec.initContainers{s}: Init container s failed liveness probe');
      await restarted('sidelive');
      await shows('sidelive', /2\/2 +Running/);
      await gone('sidelive');
    });
  });

  describe('a readiness probe', () => {
    step('by HTTP, on a named port: not ready until the page is there, and when it has gone', async () => {
      const readinessProbe = { httpGet: { path: '/ready', port: 'web' }, periodSeconds: 1, failureThreshold: 1 };
      const ports = [{ name: 'web', containerPort: 8080 }];
      await create('http', {
        containers: [sh('mkdir /www; exec httpd -f -p 8080 -h /www', { readinessProbe, ports })],
      });
      await event(
        'http',
        'Warning Unhealthy spec.containers{c}: Readiness probe failed: HTTP probe failed with statuscode: 404',
      );
      await shows('http', /0\/1 +Running/);
      const conditions = (await get('http')).status?.conditions ?? [];
      expect(conditions.filter(({ type }) => type.endsWith('Ready'))).toMatchObject(
        ['Ready', 'ContainersReady'].map((type) => ({
          ...{ type, status: 'False', reason: 'ContainersNotReady' },
          message: 'containers with unready status: [c]',
        })),
      );
      await inside('http', 'touch /www/ready');
      await shows('http', /1\/1 +Running/);
      await inside('http', 'rm /www/ready');
      await shows('http', /0\/1 +Running +0 /);
      await gone('http');
    });

    step('by TCP: a refused connection is told in the words of a kubelet', async () => {
      const readinessProbe = { tcpSocket: { port: 9999 }, periodSeconds: 1 };
      await create('tcp', { containers: [{ ...MAIN, readinessProbe }] });
      await event('tcp', /Readiness probe failed: dial tcp 10\.209\.35\.\d+:9999: connect: connection refused$/);
      await inside('tcp', 'httpd -p 9999');
      await shows('tcp', /1\/1 +Running/);
      await gone('tcp');
    });

    step('by HTTPS to a host, any certificate; headers as given, and those of a kubelet', async () => {
      const httpHeaders = [
        { name: 'X-Probe', value: 'yes' },
        { name: 'Host', value: 'shop.example' },
      ];
      const httpGet = { scheme: 'HTTPS', host: '127.0.0.1', port: servers.https, path: '/deep?q=1', httpHeaders };
      await create('https', { containers: [{ ...MAIN, readinessProbe: { httpGet, periodSeconds: 1 } }] });
      await shows('https', /1\/1 +Running/);
      expect(servers.seen.get('/deep?q=1')).toEqual({
        ...{
          host: 'shop.example',
          'user-agent': 'kube-probe/1.33',
          accept: '*/*',
          'x-probe': 'yes',
          connection: 'close',
        },
      });
      await gone('https');
    });

    step('that is led to another host is a success with a warning', async () => {
      const httpGet = { scheme: 'HTTPS', host: '127.0.0.1', port: servers.https, path: '/elsewhere' };
      await create('led', { containers: [{ ...MAIN, readinessProbe: { httpGet, periodSeconds: 1 } }] });
      await event(
        'led',
        'Warning ProbeWarning spec.containers{c}: Readiness probe warning: Probe terminated redirects, Response body: go away',
      );
      await shows('led', /1\/1 +Running/);
      await gone('led');
    });

    step('by gRPC, of a Pod on the network of the machine', async () => {
      const grpc = { port: servers.grpc, service: 'shop' };
      const readinessProbe = { grpc, periodSeconds: 1 };
      await create('grpc', { hostNetwork: true, containers: [{ ...MAIN, readinessProbe }] });
      await event(
        'grpc',
        'Warning Unhealthy spec.containers{c}: Readiness probe failed: service unhealthy (responded with "NOT_SERVING")',
      );
      servers.serve('shop');
      await shows('grpc', /1\/1 +Running/);
      await gone('grpc');
    });

    step(
      'liveness by gRPC: what is not served is restarted, of main containers and sidecars; what is served is not',
      async () => {
        servers.serve('alive');
        const asks = (service: string) => ({
          livenessProbe: { grpc: { port: servers.grpc, service }, periodSeconds: 1 },
        });
        const container = (name: string, service: string) => sh(FOREVER, { name, ...asks(service) });
        await create('grpclive', {
          hostNetwork: true,
          initContainers: [
            sidecar(FOREVER, { name: 'sick-sidecar', ...asks('sick') }),
            sidecar(FOREVER, { name: 'well-sidecar', ...asks('alive') }),
          ],
          containers: [container('sick', 'sick'), container('well', 'alive')],
        });
        const counts = async () => {
          const { status = {} } = await get('grpclive');
          const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
          return Object.fromEntries(all.map(({ name, restartCount }) => [name, restartCount]));
        };
        const answered = servers.asked('alive');
        await eventually(
          'both sick ones restart, and the others were asked',
          async () => {
            const seen = await counts();
            return (seen.sick ?? 0) > 0 && (seen['sick-sidecar'] ?? 0) > 0 && servers.asked('alive') > answered + 6;
          },
          SECONDS,
        );
        expect(await counts()).toMatchObject({ well: 0, 'well-sidecar': 0 });
        await event(
          'grpclive',
          'Normal Killing spec.containers{sick}: Container sick failed liveness probe, will be restarted',
        );
        await gone('grpclive');
      },
    );

    step('of a sidecar counts for the Pod; it holds nobody up', async () => {
      const readinessProbe = { ...exec('test -e /tmp/ready'), periodSeconds: 1 };
      await create('sideready', { initContainers: [sidecar(FOREVER, { readinessProbe })] });
      await shows('sideready', /1\/2 +Running/);
      await node.k('exec', 'sideready', '-c', 's', '--', 'touch', '/tmp/ready');
      await shows('sideready', /2\/2 +Running/);
      await gone('sideready');
    });

    step('goes on while the Pod ends', async () => {
      const readinessProbe = { ...exec('test ! -e /tmp/ending'), periodSeconds: 1, failureThreshold: 1 };
      const script = "trap 'touch /tmp/ending' TERM; while test ! -e /tmp/over; do sleep 0.1; done";
      await create('ending', { terminationGracePeriodSeconds: 120, containers: [sh(script, { readinessProbe })] });
      await shows('ending', /1\/1 +Running/);
      await node.k('delete', 'pod', 'ending', '--wait=false');
      await shows('ending', /0\/1 +Terminating/);
      await inside('ending', 'touch /tmp/over');
      await eventually('it is gone', async () => (await node.kubectl('get', 'pod', 'ending')).code !== 0, SECONDS);
    });
  });

  describe('a startup probe', () => {
    step('of a sidecar holds up what comes after it; its readiness and liveness wait', async () => {
      const probes = {
        startupProbe: { ...exec('test -e /tmp/up'), periodSeconds: 1, failureThreshold: 1000 },
        livenessProbe: { ...exec('test -e /tmp/up'), periodSeconds: 1, failureThreshold: 1 },
      };
      await create('gate', { initContainers: [sidecar(FOREVER, probes)] });
      await event('gate', /Startup probe failed: $/);
      await shows('gate', /0\/2 +Init:0\/1 +0 /);
      await node.k('exec', 'gate', '-c', 's', '--', 'touch', '/tmp/up');
      await shows('gate', /2\/2 +Running +0 /);
      expect((await events('gate')).filter((line) => line.includes('Liveness'))).toEqual([]);
      await gone('gate');
    });

    step('that fails for good kills the container', async () => {
      const startupProbe = { ...exec('echo not yet; exit 1'), periodSeconds: 1, failureThreshold: 2 };
      await create('nostart', { containers: [sh(FOREVER, { startupProbe })] });
      await event('nostart', 'Warning Unhealthy spec.containers{c}: Startup probe failed: not yet\n');
      await event('nostart', 'Normal Killing spec.containers{c}: Container c failed startup probe, will be restarted');
      await restarted('nostart');
      await gone('nostart');
    });
  });

  describe('hooks', () => {
    step('the next container waits for postStart; preStop hooks all begin at once, sidecars end last', async () => {
      const hostPath = join(node.home, 'hooks');
      const volumeMounts = [{ name: 'v', mountPath: '/v' }];
      const log = (line: string) => `echo ${line} >> /v/log`;
      const told = (name: string) =>
        `trap '${log(`${name}-term`)}; exit 0' TERM; ${log(`${name}-start`)}; while true; do sleep 0.1; done`;
      const hook = (name: string) => ({
        postStart: exec(`sleep 1; ${log(`${name}-post`)}`),
        preStop: exec(`${log(`${name}-pre`)}; sleep 1`),
      });
      await create('hooks', {
        terminationGracePeriodSeconds: 60,
        volumes: [{ name: 'v', hostPath: { path: hostPath, type: 'DirectoryOrCreate' } }],
        initContainers: [sidecar(told('s'), { volumeMounts, lifecycle: hook('s') })],
        containers: [
          sh(told('a'), { name: 'a', volumeMounts, lifecycle: hook('a') }),
          sh(told('b'), { name: 'b', volumeMounts }),
        ],
      });
      await shows('hooks', /3\/3 +Running/);
      await gone('hooks');
      const lines = readFileSync(join(hostPath, 'log'), 'utf8').trim().split('\n');
      expect(lines.slice(0, 5)).toEqual(['s-start', 's-post', 'a-start', 'a-post', 'b-start']);
      const end = lines.slice(5);
      expect(end.toSorted()).toEqual(['a-pre', 'a-term', 'b-term', 's-pre', 's-term']);
      expect(end.indexOf('s-pre')).toBeLessThan(end.indexOf('a-term'));
      expect(end.at(-1)).toBe('s-term');
    });

    step('a postStart hook that fails ends its container, and says no more than that', async () => {
      await create('badpost', { containers: [{ ...MAIN, lifecycle: { postStart: exec('echo secret; exit 7') } }] });
      await event('badpost', 'Warning FailedPostStartHook spec.containers{c}: PostStartHook failed');
      await event('badpost', 'Normal Killing spec.containers{c}: FailedPostStartHook');
      await shows('badpost', /0\/1 +(PostStartHookError|CrashLoopBackOff)/);
      expect((await events('badpost')).join()).not.toContain('secret');
      await gone('badpost');
    });

    step('a preStop hook that fails is told', async () => {
      await create('badpre', { containers: [{ ...MAIN, lifecycle: { preStop: { httpGet: { port: 1 } } } }] });
      await shows('badpre', /1\/1 +Running/);
      await gone('badpre');
      await event('badpre', 'Warning FailedPreStopHook spec.containers{c}: PreStopHook failed');
    });

    step('by HTTP, with any status; a sleep is a hook too', async () => {
      const postStart = { httpGet: { scheme: 'HTTPS', host: '127.0.0.1', port: servers.https, path: '/hook' } };
      await create('httphook', {
        containers: [{ ...MAIN, lifecycle: { postStart, preStop: { sleep: { seconds: 1 } } } }],
      });
      await shows('httphook', /1\/1 +Running/);
      expect(servers.seen.get('/hook')).toMatchObject({ 'user-agent': 'kube-lifecycle/1.33' });
      await gone('httphook');
    });

    step('deleting a Pod does not wait for a postStart hook that hangs', async () => {
      await create('hangs', { containers: [{ ...MAIN, lifecycle: { postStart: exec('sleep 100008') } }] });
      await event('hangs', 'Normal Started spec.containers{c}: Started container c');
      await shows('hangs', /0\/1 +ContainerCreating/);
      await gone('hangs');
    });
  });

  describe('a sidecar that ends before its startup probe succeeds', () => {
    step('never lets the main container start', async () => {
      await create('dies', { initContainers: [sidecar('exit 3', { startupProbe: exec('exit 1') })] });
      await restarted('dies', 2);
      await shows('dies', /0\/2 +Init:(CrashLoopBackOff|Error)/);
      expect((await events('dies')).filter((line) => line.includes('{c}'))).toEqual([]);
      await gone('dies');
    });
  });

  describe('the log of a container', () => {
    step('is rotated when it has grown long, and who follows it misses nothing', async () => {
      const script =
        'yes "a line of the log that is neither short nor long" | head -c 14000000; echo now; read x < /tmp/go; echo end';
      await create('chatty', { containers: [sh(`mkfifo /tmp/go; ${script}; exec sleep 100010`)] });
      await shows('chatty', /1\/1 +Running/);
      const follower = node.follow('kubectl', 'logs', '-f', '--tail=1', 'chatty');
      const logs = join(node.home, 'logs');
      const folder = join(logs, readdirSync(logs).find((name) => name.startsWith('default_chatty_')) ?? '', 'c');
      await eventually(
        'it is rotated',
        () => readdirSync(folder).some((name) => /^0\.log\.\d{8}-\d{6}$/.test(name)),
        90,
      );
      await inside('chatty', 'echo > /tmp/go');
      await eventually('the end is followed', () => follower.output().endsWith('end\n'), SECONDS);
      expect(await node.k('logs', 'chatty')).toBe('end\n');
      follower.kill();
      await gone('chatty');
    });
  });

  describe('termination messages', () => {
    const ended = async (name: string) =>
      eventually(
        `${name} has ended`,
        async () => (await get(name)).status?.containerStatuses?.[0]?.state?.terminated,
        SECONDS,
      );

    step('a file that any user may write', async () => {
      const container = sh('printf done > /dev/termination-log; echo more', { securityContext: { runAsUser: 1000 } });
      await create('file', { restartPolicy: 'Never', containers: [container] });
      expect(await ended('file')).toMatchObject({ exitCode: 0, message: 'done' });
    });

    step('at another path', async () => {
      const container = sh('printf elsewhere > /tmp/last', { terminationMessagePath: '/tmp/last' });
      await create('path', { restartPolicy: 'Never', containers: [container] });
      expect(await ended('path')).toMatchObject({ message: 'elsewhere' });
    });

    step('the end of the log when it failed without a word', async () => {
      const terminationMessagePolicy = 'FallbackToLogsOnError';
      const container = sh('for i in $(seq 200); do echo line $i; done; exit 1', { terminationMessagePolicy });
      await create('fallback', { restartPolicy: 'Never', containers: [container] });
      const message = (await ended('fallback')).message?.split('\n') ?? [];
      expect([message.length, message[0], message.at(-2), message.at(-1)]).toEqual([81, 'line 121', 'line 200', '']);
    });

    step('but not when it succeeded', async () => {
      const container = sh('echo fine', { terminationMessagePolicy: 'FallbackToLogsOnError' });
      await create('fine', { restartPolicy: 'Never', containers: [container] });
      expect((await ended('fine')).message).toBeUndefined();
    });

    step('stay with the container when it is restarted', async () => {
      const container = sh(
        'printf first > /dev/termination-log; test -e /v/x && exec sleep 100009; touch /v/x; exit 1',
      );
      const volumeMounts = [{ name: 'v', mountPath: '/v' }];
      await create('last', { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ ...container, volumeMounts }] });
      await restarted('last');
      const [status] = (await get('last')).status?.containerStatuses ?? [];
      expect(status?.lastState?.terminated).toMatchObject({ exitCode: 1, message: 'first' });
      await gone('last');
    });
  });
});

interface TestServers {
  https: number;
  grpc: number;
  /** Headers by the path that they came for. */
  seen: Map<string, IncomingHttpHeaders>;
  /** From now on this gRPC service is healthy. */
  serve(service: string): void;
  /** How often it was asked for. */
  asked(service: string): number;
  close(): void;
}

async function testServers(): Promise<TestServers> {
  const seen = new Map<string, IncomingHttpHeaders>();
  const https = createServer(selfSigned(), (request, response) => {
    seen.set(request.url ?? '', request.headers);
    if (request.url === '/elsewhere') response.writeHead(302, { location: 'https://elsewhere.example/' });
    else if (request.url === '/hook') response.writeHead(500);
    response.end('go away');
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const healthy = new Set<string>();
  const asked = new Map<string, number>();
  const grpc = new Server();
  grpc.addService(HEALTH, {
    check: ({ request }: { request: string }, answer: (error: null, service: boolean) => void) => {
      asked.set(request, (asked.get(request) ?? 0) + 1);
      answer(null, healthy.has(request));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('0.0.0.0:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    https: (https.address() as AddressInfo).port,
    grpc: port,
    seen,
    serve: (service) => void healthy.add(service),
    asked: (service) => asked.get(service) ?? 0,
    close: () => {
      https.close();
      grpc.forceShutdown();
    },
  };
}

/** grpc.health.v1.Health, as far as it is asked for here. */
const HEALTH = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (service: string) => Buffer.from(service),
    requestDeserialize: (bytes: Buffer) => bytes.subarray(2).toString(),
    responseSerialize: (isServing: boolean) => Buffer.from([0x08, isServing ? 1 : 2]),
    responseDeserialize: (bytes: Buffer) => bytes[1] === 1,
  },
};

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-probes-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const options = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=nobody', '-days', '2'];
  try {
    execFileSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
