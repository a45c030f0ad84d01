import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Container, Pod, PodSpec } from '../../kube/generated/objects.ts';
import type { Cluster } from '../client/cluster.ts';
import { Forwards } from './forwards.ts';
import type { Output } from './output.ts';
import { localCandidates, portsOf } from './ports.ts';
import type { Said } from './said.ts';

const container = (name: string, ports: Container['ports'], more: Partial<Container> = {}): Container => ({
  name,
  ...(ports && { ports }),
  ...more,
});
const pod = (spec: Partial<PodSpec>, more: Pod['metadata'] = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...more },
  spec: { containers: [], ...spec },
  status: { phase: 'Running' },
});

describe('the ports of a Pod', () => {
  test('TCP ports of main containers and native sidecars, each number once', () => {
    const spec: PodSpec = {
      initContainers: [
        container('native', [{ containerPort: 9000 }], { restartPolicy: 'Always' }),
        container('init', [{ containerPort: 9001 }]),
      ],
      containers: [
        container('app', [
          { containerPort: 80, name: 'http' },
          { containerPort: 53, protocol: 'UDP' },
        ]),
        container('side', [{ containerPort: 80 }]),
      ],
    };
    expect(portsOf(pod(spec))).toEqual({
      forward: [
        { container: 'app', port: 80, name: 'http' },
        { container: 'native', port: 9000 },
      ],
      left: [{ container: 'app', port: 53, reason: 'only TCP is forwarded, not UDP' }],
    });
  });

  test('on the network of the machine they are there already', () => {
    expect(portsOf(pod({ hostNetwork: true, containers: [container('app', [{ containerPort: 80 }])] }))).toEqual({
      forward: [],
      left: [{ container: 'app', port: 80, reason: "the Pod uses this machine's network: it is there already" }],
    });
  });

  test('the same number first, then what people would guess, then any', () => {
    expect(localCandidates(80)).toEqual([80, 8080, 0]);
    expect(localCandidates(3000)).toEqual([3000, 3001, 3002, 3003, 0]);
    expect(localCandidates(65534)).toEqual([65534, 65535, 0]);
  });
});

describe('forwarding them', () => {
  const servers: Server[] = [];
  let forwards: Forwards | undefined;
  afterEach(() => {
    forwards?.closeAll();
    for (const server of servers.splice(0)) server.close();
  });

  /** What was said, until there are so many lines. */
  function recorder() {
    const said: Said[] = [];
    let told: () => void = () => {};
    const output: Output = {
      say: (one) => {
        said.push(one);
        told();
      },
      log: async () => {},
      expect: () => {},
    };
    const lines = async (count: number): Promise<Said[]> => {
      while (said.length < count) await new Promise<void>((resolve) => (told = resolve));
      return said;
    };
    return { output, lines, said };
  }
  const taken = async (): Promise<number> => {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  };
  const web = (containerPort: number, more: Pod['metadata'] = {}) =>
    pod({ containers: [container('app', [{ containerPort }])] }, more);

  test('a port that is taken gets another, and says so', async () => {
    const port = await taken();
    const { output, lines } = recorder();
    forwards = new Forwards({ cluster: {} as Cluster, output, home: 'default' });
    forwards.changed(web(port));
    const [said] = await lines(1);
    expect(said).toEqual({
      type: 'forwarding',
      object: 'pod/web',
      container: 'app',
      port,
      local: expect.any(Number),
      reason: `${port} is taken`,
    });
  });

  test('nothing is forwarded before the Pod runs; another Pod of the name keeps the local port', async () => {
    const { output, lines, said } = recorder();
    forwards = new Forwards({ cluster: {} as Cluster, output, home: 'default' });
    forwards.changed({ ...web(40801), status: { phase: 'Pending' } });
    expect(said).toEqual([]);
    forwards.changed(web(40801));
    forwards.changed(web(40801));
    await lines(1);
    forwards.changed(web(40801, { uid: 'u2' }));
    const [first, second, ...more] = await lines(2);
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  test('while the Pod is being replaced, connections are refused softly', async () => {
    const { output, lines } = recorder();
    forwards = new Forwards({ cluster: {} as Cluster, output, home: 'default' });
    forwards.changed(web(40802));
    const [said] = (await lines(1)) as [Extract<Said, { type: 'forwarding' }>];
    forwards.changed(web(40802, { deletionTimestamp: '2026-11-24T00:00:00Z' }));
    const socket = connect(said.local, '127.0.0.1');
    await new Promise((resolve) => socket.once('close', resolve).once('error', () => {}));
  });
});
