import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Attach, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { kubectls } from '../../../test/e2e/node-under-test.ts';
import { StreamsUnderTest } from '../../../test/e2e/streams-under-test.ts';

const node = new StreamsUnderTest();
const kubectlOf = kubectls.length > 1 ? kubectls.slice(1) : kubectls;
const newest = kubectlOf.at(-1)?.path ?? '';
const oldest = kubectlOf[0]?.path ?? '';
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const idle = () =>
  vi.waitFor(
    () =>
      expect({ sessions: node.sessions.size, connections: node.openConnections() }).toEqual({
        sessions: 0,
        connections: 0,
      }),
    60_000,
  );

describe.skipIf(process.getuid?.() !== 0 || kubectlOf.length === 0)('streams of real containers', () => {
  beforeAll(() => node.start());
  afterAll(() => node.close());

  describe.each(kubectlOf)('$name', ({ path }) => {
    afterEach(idle);
    const kubectl = (...args: string[]) => node.run(path, args, '');

    it('exec: output, error output and exit code', async () => {
      const { code, stdout, stderr } = await kubectl(
        'exec',
        'web',
        '-c',
        'main',
        '--',
        'sh',
        '-c',
        'echo out; echo err >&2; exit 7',
      );
      expect({ code, stdout: stdout.toString(), stderr }).toEqual({
        code: 7,
        stdout: 'out\n',
        stderr: 'err\ncommand terminated with exit code 7\n',
      });
    });

    it('exec: a command that is not there', async () => {
      const { code, stderr } = await kubectl('exec', 'web', '-c', 'main', '--', 'nosuch');
      expect(code).toBeGreaterThan(0);
      expect(stderr).toMatch(/exec: "nosuch": executable file not found in \$PATH/);
    });

    it('exec -i: the end of the input is the end of the command’s input', async () => {
      const input = randomBytes(1_000_000);
      const { code, stdout, stderr } = await node.run(path, ['exec', '-i', 'web', '-c', 'main', '--', 'cat'], input);
      expect({ code, stderr, same: stdout.equals(input) }).toEqual({ code: 0, stderr: '', same: true });
    });

    it('exec -it: a terminal of the size of the user’s', async () => {
      const command = `stty rows 33 cols 77; ${path} exec -it web -c main -- sh -c "sleep 0.3; stty size; tty"`;
      const { stdout } = await node.run('script', ['-qec', command, '/dev/null']);
      expect(stdout.toString()).toMatch(/33 77\r\n\/dev\/pts\/\d+\r\n/);
    });

    it('attach: output of now on', async () => {
      const attach = node.follow(path, 'attach', 'web', '-c', 'talker');
      await vi.waitFor(() => expect(attach.output()).toMatch(/^line \d+$[\s\S]*^error \d+$/m), 60_000);
      attach.kill('SIGINT');
      await new Promise((resolve) => attach.once('exit', resolve));
      expect(attach.output()).not.toMatch(/Unknown stream/);
    });

    it('attach -it: types into the shell that runs', async () => {
      const marker = `he${Math.random().toString(36).slice(2)}`;
      const attach = node.follow('script', '-qec', `${path} attach -it web -c shell`, '/dev/null');
      await sleep(500);
      attach.stdin!.write(`echo ${marker.slice(0, 2)}''${marker.slice(2)}\n`);
      await vi.waitFor(() => expect(attach.output()).toContain(marker), 60_000);
      attach.kill();
    });

    it('port-forward: several connections at once, both ways', async () => {
      const forward = node.follow(path, 'port-forward', 'web', ':7000', ':8080');
      await vi.waitFor(() => expect(forward.output().match(/127\.0\.0\.1:\d+/g)).toHaveLength(2), 60_000);
      const [echo, web] = forward
        .output()
        .match(/127\.0\.0\.1:\d+/g)!
        .map((text) => Number(text.split(':')[1]));
      const inputs = Array.from({ length: 20 }, () => randomBytes(200_000));
      const outputs = await Promise.all(inputs.map((input) => posted(web!, input)));
      expect(outputs.map(sha256)).toEqual(inputs.map(sha256));
      expect(sha256(await echoed(echo!, inputs[0]!))).toBe(sha256(inputs[0]!));
      expect(await page(web!)).toBe('<p>hello</p>\n');
      forward.kill('SIGINT');
      await new Promise((resolve) => forward.once('exit', resolve));
    });

    it('cp in and out', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'outfit-cp-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const bytes = randomBytes(3_000_000);
      writeFileSync(join(folder, 'a'), bytes);
      expect((await kubectl('cp', join(folder, 'a'), 'web:/tmp/a', '-c', 'main')).code).toBe(0);
      expect((await kubectl('cp', 'web:/tmp/a', join(folder, 'b'), '-c', 'main')).code).toBe(0);
      expect(sha256(readFileSync(join(folder, 'b')))).toBe(sha256(bytes));
    });

    it('logs', async () => {
      expect((await kubectl('logs', 'web', '-c', 'main')).stdout.toString()).toBe('first line of main\n');
      const follow = await kubectl('logs', '-f', 'web', '-c', 'main');
      expect(follow.stdout.toString()).toBe('first line of main\nline 0\nline 1\nline 2\n');
      expect(await kubectl('logs', 'web', '-c', 'nosuch')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('container nosuch is not valid for pod web'),
      });
      expect((await kubectl('logs', 'web', '-c', 'main', '--limit-bytes=0')).code).toBeLessThanOrEqual(1);
    });
  });

  describe.each([
    ['SPDY', oldest],
    ['WebSocket', newest],
  ])('big and bad over %s', (_, path) => {
    afterEach(idle);

    it('50 MB through cat and back', async () => {
      const input = randomBytes(50_000_000);
      const { code, stdout, stderr } = await node.run(path, ['exec', '-i', 'web', '-c', 'main', '--', 'cat'], input);
      expect({ code, stderr, sha: sha256(stdout) }).toEqual({ code: 0, stderr: '', sha: sha256(input) });
    });

    it('a client that reads slowly gets all of it', async () => {
      const command = `${path} exec web -c main -- head -c 30000000 /dev/zero | (sleep 3; wc -c)`;
      const { stdout } = await node.run('sh', ['-c', command]);
      expect(stdout.toString().trim()).toBe('30000000');
    });

    it('a command that reads slowly gets all of it', async () => {
      const { stdout } = await node.run(
        path,
        ['exec', '-i', 'web', '-c', 'main', '--', 'sh', '-c', 'sleep 3; wc -c'],
        Buffer.alloc(30_000_000),
      );
      expect(stdout.toString().trim()).toBe('30000000');
    });

    it('100 MB forwarded without keeping it', async () => {
      await node.run(
        newest,
        ['exec', 'web', '-c', 'main', '--', 'sh', '-c', 'head -c 100000000 /dev/urandom > /www/big'],
        '',
      );
      const { stdout } = await node.run(newest, ['exec', 'web', '-c', 'main', '--', 'sha256sum', '/www/big'], '');
      const forward = node.follow(path, 'port-forward', 'web', ':8080');
      const port = await forwarded(forward);
      const before = process.memoryUsage().rss;
      let most = 0;
      const hash = createHash('sha256');
      const res = await new Promise<Readable>((resolve) => get({ port, path: '/big' }, resolve));
      for await (const chunk of res) {
        hash.update(chunk);
        most = Math.max(most, process.memoryUsage().rss);
      }
      expect(hash.digest('hex')).toBe(stdout.toString().split(' ')[0]);
      expect(most - before).toBeLessThan(80_000_000);
      forward.kill();
    });

    it('a port that nobody listens on', async () => {
      const forward = node.follow(path, 'port-forward', 'web', ':9');
      const port = await forwarded(forward);
      expect((await echoed(port, Buffer.from('x'))).length).toBe(0);
      await vi.waitFor(
        () => expect(forward.output()).toMatch(/an error occurred forwarding \d+ -> 9: .*connection refused/),
        5000,
      );
      forward.kill();
    });

    it('a client that is killed leaves nothing', async () => {
      for (const args of [
        ['exec', '-i', 'web', '-c', 'main', '--', 'cat'],
        ['attach', '-i', 'web', '-c', 'reader'],
        ['port-forward', 'web', ':7000'],
      ]) {
        const child = node.follow(path, ...args);
        await vi.waitFor(() => expect(node.sessions.size).toBe(1), 60_000);
        await sleep(300);
        child.kill('SIGKILL');
        await idle();
      }
    });

    it('says the same of a wrong container', async () => {
      const { code, stderr } = await node.run(path, ['exec', 'web', '-c', 'nosuch', '--', 'ls'], '');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('container nosuch is not valid for pod web'),
      });
    });
  });

  it('kubectl never meets a channel before it has opened it', async () => {
    for (const { path } of kubectlOf.slice(3)) {
      for (let i = 0; i < 5; i++) {
        const { stderr, stdout } = await node.run(path, ['exec', 'web', '-c', 'main', '--', 'echo', 'hi'], '');
        expect([stdout.toString(), stderr]).toEqual(['hi\n', '']);
      }
    }
  });

  describe('@kubernetes/client-node', () => {
    afterEach(idle);
    const config = () => {
      const kubeConfig = new KubeConfig();
      kubeConfig.loadFromFile(node.kubeconfig);
      return kubeConfig;
    };

    it('exec with input, end of input and exit code', async () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const input = randomBytes(5_000_000);
      const status = new Promise<V1Status>((resolve, reject) => {
        new Exec(config())
          .exec(
            'default',
            'web',
            'main',
            ['sh', '-c', 'cat; exit 5'],
            stdout,
            stderr,
            Readable.from(chunks(input)),
            false,
            resolve,
          )
          .catch(reject);
      });
      const output = buffer(stdout);
      expect(await status).toMatchObject({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '5' }] },
      });
      expect(sha256(await output)).toBe(sha256(input));
    });

    it('exec with a terminal, error output asked for as well, and resizing', async () => {
      const stdout = Object.assign(new PassThrough(), { rows: 41, columns: 99 });
      let text = '';
      stdout.on('data', (chunk) => (text += chunk));
      const stdin = new PassThrough();
      const ws = await new Exec(config()).exec(
        'default',
        'web',
        'main',
        ['sh'],
        stdout,
        new PassThrough(),
        stdin,
        true,
      );
      // The shell may read before the first size has come: asked until it is known.
      const shows = (size: string) =>
        vi.waitFor(
          () => {
            stdin.write('stty size\n');
            expect(text).toContain(`${size}\r\n`);
          },
          { timeout: 60_000, interval: 200 },
        );
      await shows('41 99');
      Object.assign(stdout, { rows: 12, columns: 34 });
      stdout.emit('resize');
      await shows('12 34');
      ws.close();
    });

    it('attach', async () => {
      const stdout = new PassThrough();
      let text = '';
      stdout.on('data', (chunk) => (text += chunk));
      const stdin = new PassThrough();
      const ws = await new Attach(config()).attach('default', 'web', 'reader', stdout, null as never, stdin, false);
      await sleep(300);
      stdin.write('typed\n');
      await vi.waitFor(() => expect(text).toBe('read: typed\n'), 60_000);
      ws.close();
    });

    it('port-forward', async () => {
      const [output, errors, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
      let [text, error] = ['', ''];
      output.on('data', (chunk) => (text += chunk));
      errors.on('data', (chunk) => (error += chunk));
      await new PortForward(config()).portForward('default', 'web', [8080], output, errors, input);
      input.write('GET / HTTP/1.0\r\n\r\n');
      await vi.waitFor(() => expect(text).toMatch(/<p>hello<\/p>\n$/), 60_000);
      expect(error).toBe('');
    });

    it('port-forward to nobody', async () => {
      const errors = new PassThrough();
      let error = '';
      errors.on('data', (chunk) => (error += chunk));
      await new PortForward(config()).portForward('default', 'web', [9], new PassThrough(), errors, new PassThrough());
      await vi.waitFor(() => expect(error).toContain('connection refused'), 60_000);
    });
  });

  it('sessions end with the node', async () => {
    const children = [oldest, newest].flatMap((path) => [
      node.follow(path, 'exec', '-i', 'web', '-c', 'main', '--', 'cat'),
      node.follow(path, 'port-forward', 'web', ':7000'),
    ]);
    await vi.waitFor(() => expect(node.sessions.size).toBe(4), 60_000);
    await sleep(300);
    node.stop.abort();
    await idle();
    for (const child of children) child.kill('SIGKILL');
  });
});

function echoed(port: number, input: Buffer): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    let size = 0;
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(parts));
    };
    socket.on('data', (chunk) => {
      parts.push(chunk);
      size += chunk.length;
      if (size >= input.length) done();
    });
    socket.on('error', done).on('end', done);
    socket.write(input);
  });
}

function posted(port: number, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const req = request({
      port,
      path: '/cgi-bin/echo',
      method: 'POST',
      agent: false,
      headers: { 'Content-Length': body.length },
    });
    req
      .on('response', (res) => buffer(res).then(resolve, reject))
      .on('error', reject)
      .end(body);
  });
}

async function page(port: number): Promise<string> {
  const res = await new Promise<Readable>((resolve, reject) => get({ port, path: '/' }, resolve).on('error', reject));
  return (await buffer(res)).toString();
}

async function forwarded(forward: { output: () => string }): Promise<number> {
  await vi.waitFor(() => expect(forward.output()).toMatch(/127\.0\.0\.1:\d+/), 60_000);
  return Number(/127\.0\.0\.1:(\d+)/.exec(forward.output())![1]);
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000);
}
