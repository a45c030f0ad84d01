import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import { pack } from 'tar-stream';
import type { NodeFunctions } from '../../src/api/node-functions.ts';
import { createAuthority, createServerCertificate } from '../../src/api/pki/certificates.ts';
import { type StreamKind, serveLog, serveUpgrade } from '../../src/api/streams/index.ts';
import { type PrivateContainerd, startContainerd } from '../../src/cri/containerd/start.ts';
import { containerdRuntime } from '../../src/cri/containerd-runtime.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { reset } from '../../src/cri/reset.ts';
import type { PodSandboxConfig, Runtime } from '../../src/cri/runtime.ts';
import { StatusError } from '../../src/kube/errors.ts';
import type { Container, Pod } from '../../src/kube/generated/objects.ts';

/** The Pod that runs: its containers by name, with what each is for. */
const CONTAINERS: (Container & { command: string[] })[] = [
  // An echo server for one connection at a time on 7000; files, and an echo for many in /cgi-bin/echo, on 8080.
  {
    name: 'main',
    command: ['sh', '-c', 'nc -ll -p 7000 -e cat & exec httpd -f -p 8080 -h /www'],
  },
  {
    name: 'talker',
    command: ['sh', '-c', 'i=0; while true; do i=$((i+1)); echo line $i; echo error $i >&2; sleep 0.2; done'],
  },
  {
    name: 'reader',
    stdin: true,
    command: ['sh', '-c', 'while read line; do echo "read: $line"; done; echo eof; exec sleep 1000000'],
  },
  { name: 'shell', stdin: true, tty: true, command: ['sh'] },
];
const IMAGE = 'outfit.local/streams:1';
const PAUSE = 'outfit.local/pause:1';

/** One Pod of real containers in a private containerd, and just enough of an API server over HTTPS that kubectl and client libraries find it. */
export class StreamsUnderTest {
  readonly pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'streams',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      nodeName: 'node1',
      containers: CONTAINERS.map(({ name, tty, stdin }) => ({
        name,
        image: IMAGE,
        ...(tty && { tty }),
        ...(stdin && { stdin }),
      })),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
  /** Sessions that have not ended. */
  readonly sessions = new Set<Promise<void>>();
  readonly stop = new AbortController();
  kubeconfig = '';
  server = '';
  private readonly home = mkdtempSync(join(tmpdir(), 'outfit-streams-'));
  private readonly places = nodePlaces(this.home);
  private readonly log = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  private readonly ids = new Map<string, string>();
  private readonly children = new Set<ChildProcess>();
  private runtime!: Runtime;
  private containerd?: PrivateContainerd;
  private api?: Server;
  private sandbox = '';

  async start(): Promise<void> {
    this.runtime = containerdRuntime({ socket: this.places.containerd.socket, log: this.log });
    this.containerd = await startContainerd({
      places: this.places,
      runtime: this.runtime,
      log: this.log,
      network: { bridge: 'ofstr0', podCidr: '10.206.0.0/24' },
      registries: { upstream: false },
      sandboxImage: PAUSE,
    });
    await this.loadImages();
    await this.runPod();
    await this.serve();
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    this.stop.abort();
    this.api?.close();
    if (this.sandbox) {
      await this.runtime.stopPodSandbox(this.sandbox);
      await this.runtime.removePodSandbox(this.sandbox);
    }
    await this.containerd?.stop();
    this.runtime?.close();
    await reset({ places: this.places, log: this.log });
    execFileSync('sh', ['-c', 'ip link delete ofstr0 2>/dev/null || true']);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs a program to its end; output as bytes. */
  run(
    program: string,
    args: string[],
    input?: Buffer | string,
  ): Promise<{ code: number; stdout: Buffer; stderr: string }> {
    return new Promise((resolve) => {
      const options = { env: this.env(), encoding: 'buffer' as const, maxBuffer: 512 << 20, timeout: 60_000 };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        this.children.delete(child);
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, stdout, stderr: stderr.toString() });
      });
      this.children.add(child);
      child.stdin?.on('error', () => {});
      if (input !== undefined) child.stdin?.end(input);
    });
  }

  /** A program that goes on. */
  follow(program: string, ...args: string[]): ChildProcess & { output: () => string } {
    const child = spawn(program, args, { env: this.env(), stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
    return Object.assign(child, { output: () => text });
  }

  /** Open connections to containerd's streaming server, seen from this process. */
  openConnections(): number {
    const ports = new Set([...this.streamPorts]);
    const hex = [...ports].map((port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`);
    return readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter((line) => hex.includes(line.trim().split(/\s+/)[2] ?? '') && line.trim().split(/\s+/)[3] === '01').length;
  }

  private readonly streamPorts = new Set<number>();

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, HOME: this.home, KUBECONFIG: this.kubeconfig };
  }

  private async loadImages(): Promise<void> {
    const archive = join(this.home, 'images.tar');
    writeFileSync(
      archive,
      await imageArchive({
        [IMAGE]: { Env: ['PATH=/bin'] },
        [PAUSE]: { Env: ['PATH=/bin'], Entrypoint: ['sleep', '2000000'] },
      }),
    );
    execFileSync('ctr', ['-a', this.places.containerd.socket, '-n', 'k8s.io', 'images', 'import', archive]);
  }

  private async runPod(): Promise<void> {
    const namespaces = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const;
    const config: PodSandboxConfig = {
      metadata: { name: 'web', uid: 'streams', namespace: 'default', attempt: 0 },
      hostname: 'web',
      logDirectory: join(this.home, 'logs'),
      portMappings: [],
      labels: {},
      annotations: {},
      linux: { cgroupParent: `${this.places.cgroup}/podstreams`, namespaces },
    };
    mkdirSync(config.logDirectory);
    this.sandbox = await this.runtime.runPodSandbox(config);
    for (const { name, command, tty = false, stdin = false } of CONTAINERS) {
      const id = await this.runtime.createContainer(
        this.sandbox,
        {
          metadata: { name, attempt: 0 },
          image: IMAGE,
          command,
          args: [],
          workingDir: '/',
          envs: [],
          mounts: [],
          labels: {},
          annotations: {},
          logPath: `${name}.log`,
          stdin,
          stdinOnce: false,
          tty,
          linux: { resources: {}, security: {}, namespaces },
        },
        config,
      );
      this.ids.set(name, id);
      await this.runtime.startContainer(id);
    }
  }

  private readonly functions: NodeFunctions = {
    exec: async (_, container, options) =>
      this.url(await this.runtime.exec({ containerId: this.ids.get(container)!, ...options })),
    attach: async (_, container, options) =>
      this.url(await this.runtime.attach({ containerId: this.ids.get(container)!, ...options })),
    portForward: async (_, ports) => this.url(await this.runtime.portForward(this.sandbox, ports)),
    logs: async (_, container, { follow }) => Readable.from(logOf(container, follow)),
  };

  private url(text: string): URL {
    const url = new URL(text);
    this.streamPorts.add(Number(url.port));
    return url;
  }

  private async serve(): Promise<void> {
    const authority = await createAuthority();
    const { certificate, key } = await createServerCertificate(authority);
    this.api = createServer({ cert: certificate, key }, (req, res) => void this.answer(req, res));
    this.api.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { pathname, searchParams: query } = new URL(req.url!, 'https://api');
      const kind = pathname.split('/').at(-1) as StreamKind;
      const { pod, functions, log } = this;
      const session = serveUpgrade({ req, socket, head, kind, pod, query, functions, log, signal: this.stop.signal });
      this.sessions.add(session);
      void session.then(() => this.sessions.delete(session));
    });
    await new Promise<void>((resolve) => this.api!.listen(0, '127.0.0.1', resolve));
    this.server = `https://127.0.0.1:${(this.api.address() as AddressInfo).port}`;
    this.kubeconfig = join(this.home, 'kubeconfig');
    const cluster = {
      server: this.server,
      'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
    };
    writeFileSync(
      this.kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        clusters: [{ name: 'test', cluster }],
        users: [{ name: 'test', user: { token: 'secret' } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      }),
    );
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(req.url!, 'https://api');
    const json = (body: unknown, code = 200) =>
      res.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const { pod, functions, log } = this;
    try {
      if (pathname.endsWith('/pods/web')) json(pod);
      else if (pathname.endsWith('/log'))
        await serveLog({ req, res, pod, query, functions, log, signal: this.stop.signal });
      else if (DISCOVERY[pathname]) json(DISCOVERY[pathname]);
      else throw new StatusError('NotFound', 'the server could not find the requested resource');
    } catch (error) {
      const status = error instanceof StatusError ? error : new StatusError('InternalError', String(error));
      json(status.toStatus(), status.code);
    }
  }
}

const DISCOVERY: Record<string, unknown> = {
  '/version': { major: '1', minor: '33', gitVersion: 'v1.33.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'], shortNames: ['po'] },
    ],
  },
};

async function* logOf(container: string, follow: boolean): AsyncGenerator<string> {
  yield `first line of ${container}\n`;
  for (let i = 0; follow && i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    yield `line ${i}\n`;
  }
}

/** An OCI archive of images that share one layer: busybox under all its names, and a folder /www. */
async function imageArchive(images: Record<string, object>): Promise<Buffer> {
  const busybox = findBusybox();
  const layer = pack();
  for (const name of ['bin', 'tmp', 'etc', 'www'])
    layer.entry({ name, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 });
  layer.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\n');
  layer.entry({ name: 'www/index.html' }, '<p>hello</p>\n');
  layer.entry({ name: 'www/cgi-bin', type: 'directory', mode: 0o755 });
  layer.entry(
    { name: 'www/cgi-bin/echo', mode: 0o755 },
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec cat\n",
  );
  layer.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(busybox));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n'))
    if (applet !== '' && applet !== 'busybox')
      layer.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  layer.finalize();
  const layerBytes = await buffer(layer);

  const archive = pack();
  const blob = (content: Buffer) => {
    const digest = createHash('sha256').update(content).digest('hex');
    archive.entry({ name: `blobs/sha256/${digest}` }, content);
    return { digest: `sha256:${digest}`, size: content.length };
  };
  const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar', ...blob(layerBytes) };
  const manifests = Object.entries(images).map(([name, config]) => {
    const rootfs = { type: 'layers', diff_ids: [descriptor.digest] };
    const configBlob = blob(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config, rootfs })));
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configBlob },
      layers: [descriptor],
    };
    const annotations = { 'io.containerd.image.name': name };
    return { mediaType: manifest.mediaType, ...blob(Buffer.from(JSON.stringify(manifest))), annotations };
  });
  archive.entry({ name: 'index.json' }, JSON.stringify({ schemaVersion: 2, manifests }));
  archive.entry({ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}');
  archive.finalize();
  return buffer(archive);
}

/** A static busybox: the one that OUTFIT_TEST_BUSYBOX names, or Debian's package, fetched once. */
function findBusybox(): string {
  if (process.env.OUTFIT_TEST_BUSYBOX) return process.env.OUTFIT_TEST_BUSYBOX;
  const folder = join(tmpdir(), 'outfit-test-busybox');
  if (!existsSync(join(folder, 'bin/busybox'))) {
    mkdirSync(folder, { recursive: true });
    execFileSync('apt-get', ['download', '-q', 'busybox-static'], { cwd: folder, stdio: 'ignore' });
    const deb = readdirSync(folder).find((name) => name.endsWith('.deb'))!;
    execFileSync('dpkg-deb', ['-x', deb, '.'], { cwd: folder });
  }
  return join(folder, 'bin/busybox');
}
