import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { eventually, missing, NodeUnderTest } from './node-under-test.ts';

const POD = (name: string) =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, "100019"]}, {name: side, image: busybox, imagePullPolicy: IfNotPresent, command: [sh, -c, "echo hello; exec sleep 100019"]}]}}`;

/** `outfit node …` and the client verbs, on a real node, without kubectl. */
describe.skipIf(missing)(`outfit node${missing ? ` (${missing})` : ''}`, () => {
  let node: NodeUnderTest;
  const status = async () => JSON.parse((await node.outfit('node', 'status', '-o', 'json')).stdout);
  const create = (name: string) => node.run(process.execPath, ['bin/outfit', 'create', '-f', '-'], POD(name));

  beforeAll(async () => {
    node = new NodeUnderTest(11);
    await node.start({ images: ['busybox'] });
  });
  afterAll(() => node?.close());

  test('start is idempotent and keeps its settings; other settings are refused', async () => {
    const { pid, server } = await status();
    expect(await node.outfit('node', 'start')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`The node runs already: ${server}`),
    });
    expect(await node.outfit('node', 'start', '--bridge', 'another')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the node runs already, with another --bridge\nhint: .*outfit node stop/),
    });
    expect((await status()).pid).toBe(pid);
  });

  test('status tells what a script needs', async () => {
    expect(await status()).toMatchObject({
      running: true,
      answers: true,
      home: node.home,
      server: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      nodeName: 'node1',
      pid: expect.any(Number),
      memoryBytes: expect.any(Number),
      pods: { total: 0, byPhase: {} },
      containerd: { version: expect.stringMatching(/^\d/), pid: expect.any(Number), memoryBytes: expect.any(Number) },
      bridge: 'ofe2e11',
      podCidr: '10.209.11.0/24',
    });
    expect((await node.must('node', 'status')).split('\n')[0]).toBe('Node:        node1, answers');
  });

  test("files that hold keys are their owner's only", () => {
    const files = [
      'kubeconfig',
      'node.json',
      'node.log',
      ...readdirSync(join(node.home, 'pki')).map((name) => `pki/${name}`),
    ];
    for (const file of files) expect([file, statSync(join(node.home, file)).mode & 0o077]).toEqual([file, 0]);
  });

  describe('the verbs', () => {
    beforeAll(async () => {
      expect(await create('verbs')).toMatchObject({ code: 0, stdout: 'pod/verbs created\n' });
      expect(await node.must('wait', '--for=condition=Ready', 'pod/verbs')).toBe('pod/verbs condition met\n');
    });

    test('exec passes on output, input and exit code', async () => {
      expect(await node.outfit('exec', 'verbs', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7')).toEqual({
        code: 7,
        stdout: 'out\n',
        stderr: 'Defaulted container "c" out of: c, side\nerr\ncommand terminated with exit code 7\n',
      });
      const text = 'x'.repeat(3_000_000);
      const echoed = await node.run(
        process.execPath,
        ['bin/outfit', 'exec', '-i', 'verbs', '-c', 'c', '--', 'cat'],
        text,
      );
      expect({ code: echoed.code, same: echoed.stdout === text, stderr: echoed.stderr }).toEqual({
        code: 0,
        same: true,
        stderr: '',
      });
      expect(await node.outfit('exec', 'verbs', '-c', 'no', '--', 'ls')).toMatchObject({
        code: 1,
        stderr: 'Error from server (BadRequest): container no is not valid for pod verbs\n',
      });
    });

    test('logs, with and without -f', async () => {
      expect(await node.must('logs', 'verbs', '-c', 'side')).toBe('hello\n');
      expect(await node.must('logs', 'verbs', '--all-containers', '--prefix')).toBe('[pod/verbs/side] hello\n');
      const follow = node.follow(process.execPath, 'bin/outfit', 'logs', '-f', 'verbs', '-c', 'side');
      await eventually('the line', () => follow.output() === 'hello\n');
      follow.kill('SIGINT');
    });

    test('port-forward on IPv4 and IPv6, big and many', async () => {
      await node.must(
        'exec',
        'verbs',
        '-c',
        'c',
        '--',
        'sh',
        '-c',
        'mkdir /tmp/www; dd if=/dev/zero of=/tmp/www/big bs=1M count=8; httpd -p 8080 -h /tmp/www',
      );
      const forward = node.follow(process.execPath, 'bin/outfit', 'port-forward', 'verbs', ':8080');
      const port = await eventually('Forwarding', () => /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output())?.[1]);
      const sizes = await Promise.all(
        ['127.0.0.1', '[::1]', '127.0.0.1', '127.0.0.1'].map(
          async (host) => (await (await fetch(`http://${host}:${port}/big`)).arrayBuffer()).byteLength,
        ),
      );
      expect(sizes).toEqual(Array(4).fill(8 << 20));
      expect(await halfClosed(Number(port))).toMatch(/^HTTP\/1\.\d 404 /);
      const exit = new Promise((resolve) => forward.once('exit', (code) => resolve(code)));
      forward.kill('SIGINT');
      expect(await exit).toBe(0);
    });

    test('delete waits until it has gone', async () => {
      expect(await node.must('delete', 'pod', 'verbs')).toBe('pod "verbs" deleted\n');
      expect(await node.outfit('get', 'po')).toEqual({
        code: 0,
        stdout: '',
        stderr: 'No resources found in default namespace.\n',
      });
    });
  });

  test('stop ends the Pods, which begin again with the next start', async () => {
    await create('stays');
    await node.must('wait', '--for=condition=Ready', 'pod/stays');
    const { server } = await status();
    const stopped = await node.outfit('node', 'stop');
    expect(stopped).toMatchObject({
      code: 0,
      stdout: 'The node is stopped\n',
      stderr: expect.stringContaining('Stopping pod default/stays (up to 1 s'),
    });
    expect(await node.outfit('node', 'stop')).toMatchObject({ code: 0, stdout: `No node runs in ${node.home}\n` });
    expect(await node.outfit('node', 'status')).toMatchObject({ code: 1 });
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(`${node.home}/containerd`);
    expect(new PodCgroups(nodePlaces(node.home).cgroup).folders()).toEqual([]);
    await node.must('node', 'start');
    expect((await status()).server).toBe(server);
    await node.must('wait', '--for=condition=Ready', 'pod/stays');
    await node.must('delete', 'pod/stays', '--now');
  });

  test('two starts at the same time make one node', async () => {
    await node.must('node', 'stop');
    const starts = await Promise.all([node.outfit('node', 'start'), node.outfit('node', 'start')]);
    expect(starts.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
    for (const { code, stderr } of starts) if (code !== 0) expect(stderr).toMatch(/another node uses/);
    expect(await status()).toMatchObject({ answers: true });
  });

  test('a node that was killed: status says so, and stop stops its Pods', async () => {
    await create('orphan');
    await node.must('wait', '--for=condition=Ready', 'pod/orphan');
    process.kill(await node.pid(), 'SIGKILL');
    await eventually('it is dead', async () => (await node.outfit('node', 'status')).code === 1);
    expect((await node.outfit('node', 'status')).stdout).toContain('was killed. Its Pods run on');
    expect(await node.outfit('node', 'stop')).toMatchObject({ code: 0, stdout: 'The node is stopped\n' });
    expect(sleepers()).toEqual([]);
    await node.must('node', 'start');
    await node.must('delete', 'pod/orphan', '--now');
  });

  test('the log of the node is there for people and machines', async () => {
    expect(await node.must('node', 'logs', '-n', '1000')).toMatch(/^\d{4}-\S+Z info {2}node is ready server=https:/m);
    const last = (await node.must('node', 'logs', '-n', '1', '-o', 'json')).trim();
    expect(JSON.parse(last)).toMatchObject({ msg: expect.any(String), time: expect.any(Number) });
  });

  test('in the foreground, until Ctrl-C', async () => {
    await node.must('node', 'stop');
    const foreground = node.follow(process.execPath, 'bin/outfit', 'node', 'start', '--foreground');
    await eventually('it answers', () => foreground.output().includes('Node "node1" answers at https://127.0.0.1:'));
    expect((await node.outfit('get', 'po')).code).toBe(0);
    const exit = new Promise((resolve) => foreground.once('exit', (code) => resolve(code)));
    foreground.kill('SIGINT');
    expect(await exit).toBe(0);
    await node.must('node', 'start');
  });

  test('with --cri it uses another runtime, and takes away only what it made there', async () => {
    await create('mine');
    await node.must('wait', '--for=condition=Ready', 'pod/mine');
    const guest = new NodeUnderTest(12);
    try {
      const { containerd } = await status();
      await guest.must('node', 'start', '--port', '0', '--node-name', 'guest', '--cri', containerd.socket);
      expect(await guest.run(process.execPath, ['bin/outfit', 'create', '-f', '-'], POD('theirs'))).toMatchObject({
        code: 0,
      });
      await guest.must('wait', '--for=condition=Ready', 'pod/theirs');
      expect(sleepers()).toHaveLength(4);
      expect(await guest.outfit('image', 'build', 'busybox', '--tag', 'example.org/theirs:1')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('example.org/theirs:1 built'),
        stderr: expect.stringContaining(`tar -C ${guest.home}/images -c . | ctr -a `),
      });
    } finally {
      await guest.close();
    }
    expect(sleepers()).toHaveLength(2);
    expect(await node.must('get', 'po', '--no-headers')).toMatch(/^mine +2\/2 +Running +0 /);
    await node.must('delete', 'pod/mine', '--now');
  });
});

describe.skipIf(missing)('a start that cannot succeed leaves nothing', () => {
  const other = (number: number) => new NodeUnderTest(number);

  test('the port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const node = other(13);
    try {
      const refused = await node.outfit('node', 'start', ...node.flags.slice(2), '--port', String(port));
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(new RegExp(`${port}.*--port ${port + 1}`, 's')),
      });
      expect(existsSync(node.home)).toBe(false);
    } finally {
      server.close();
      await node.close();
    }
  });

  test.each([
    [
      'made by a newer Outfit',
      '{"stateVersion":99,"outfit":"9.9.9","settings":{}}',
      /made by a newer Outfit \(9\.9\.9\)/,
    ],
    ['damaged', '{"stateVersion":', /cannot read .*node\.json[\s\S]*outfit node reset/],
  ])('the state directory is %s', async (_name, text, message) => {
    const node = other(14);
    try {
      mkdirSync(node.home, { recursive: true });
      writeFileSync(join(node.home, 'node.json'), text);
      const refused = await node.outfit('node', 'start', ...node.flags);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
      expect(readdirSync(node.home)).toEqual(['node.json']);
    } finally {
      await node.close();
    }
  });

  test('the state directory cannot be made', async () => {
    const node = other(15);
    try {
      node.env.OUTFIT_HOME = '/proc/outfit';
      expect(await node.outfit('node', 'start', ...node.flags)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^error: the state directory \/proc\/outfit cannot be written: .*\nhint: choose another one with OUTFIT_HOME\n$/,
        ),
      });
    } finally {
      node.env.OUTFIT_HOME = node.home;
      await node.close();
    }
  });

  test('not root', async () => {
    const node = other(16);
    try {
      const refused = await node.run('setpriv', [
        '--reuid=65534',
        '--clear-groups',
        process.execPath,
        'bin/outfit',
        'node',
        'start',
      ]);
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^error: a node needs root.*\nhint: sudo outfit node start\n$/),
      });
    } finally {
      await node.close();
    }
  });
});

/** The answer to a client that closes its side after the question. */
function halfClosed(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.once('close', () => resolve(answer)).once('error', reject);
    socket.end('GET /nothing HTTP/1.0\r\n\r\n');
  });
}

function sleepers(): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8') === ['sleep', '100019', ''].join('\u0000')
      );
    } catch {
      return false;
    }
  });
}
