import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateContainerd, startContainerd } from './containerd/start.ts';
import { containerdRuntime } from './containerd-runtime.ts';
import { nodePlaces } from './places.ts';
import type { Runtime } from './runtime.ts';

const BUSYBOX = process.env.OUTFIT_TEST_BUSYBOX ?? '/tmp/bb/x/bin/busybox';

async function layerOf(): Promise<Buffer> {
  const tar = pack();
  for (const dir of ['bin/', 'tmp/', 'etc/']) tar.entry({ name: dir, type: 'directory', mode: 0o755 });
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(BUSYBOX));
  for (const name of ['sh', 'sleep', 'echo', 'cat', 'true', 'nc', 'trap'])
    tar.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
  tar.finalize();
  return buffer(tar);
}

const sha = (b: Buffer) => `sha256:${createHash('sha256').update(b).digest('hex')}`;

async function registry(): Promise<{ url: string; server: Server; requests: string[] }> {
  const tar = await layerOf();
  const layer = gzipSync(tar);
  const blobs = new Map<string, Buffer>([[sha(layer), layer]]);
  const manifestOf = (config: object) => {
    const c = Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [sha(tar)] } }),
    );
    blobs.set(sha(c), c);
    const m = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha(c), size: c.length },
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha(layer), size: layer.length }],
      }),
    );
    blobs.set(sha(m), m);
    return m;
  };
  const images: Record<string, Buffer> = {
    'pause:1': manifestOf({ Entrypoint: ['/bin/sleep', '2147483647'], Env: ['PATH=/bin'] }),
    'library/busybox:latest': manifestOf({ Cmd: ['sh'], Env: ['PATH=/bin'] }),
  };
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const [, name = '', what, ref = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^?]+)/.exec(request.url ?? '') ?? [];
    const body = what === 'manifests' && images[`${name}:${ref}`] ? images[`${name}:${ref}`] : blobs.get(ref);
    if (!body) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': what === 'manifests' ? 'application/vnd.oci.image.manifest.v1+json' : 'application/octet-stream',
      'content-length': body.length,
      'docker-content-digest': sha(body),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, requests };
}

describe('containerd', () => {
  let home: string;
  let runtime: Runtime;
  let containerd: PrivateContainerd;
  let reg: Awaited<ReturnType<typeof registry>>;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'outfit-cri-'));
    const places = nodePlaces(home);
    reg = await registry();
    const log = pino({ level: 'debug' });
    const t = performance.now();
    runtime = containerdRuntime({ socket: places.containerd.socket, log });
    containerd = await startContainerd({
      places,
      runtime,
      log,
      network: { bridge: 'outfittest0', podCidr: '10.201.7.0/24' },
      registries: { local: reg.url },
      sandboxImage: 'outfit.local/pause:1',
    });
    console.log('start', performance.now() - t, await runtime.version(), await runtime.status());
  });
  afterAll(async () => {
    await containerd?.stop();
    runtime?.close();
    reg?.server.close();
    console.log(
      readFileSync(nodePlaces(home).containerd.log, 'utf8')
        .split('\n')
        .filter((l) => !/loading plugin|info.*msg="(Get image|ImageCreate|ImageUpdate|PullImage)/.test(l))
        .slice(-60)
        .join('\n'),
    );
    rmSync(home, { recursive: true, force: true });
  });
  it('runs', async () => {
    const t0 = performance.now();
    const step = (n: string) => console.log(n, (performance.now() - t0).toFixed(0));
    const sandbox = {
      metadata: { name: 'a', uid: 'u1', namespace: 'default', attempt: 0 },
      hostname: 'a',
      logDirectory: join(home, 'logs'),
      portMappings: [],
      labels: { x: 'y' },
      annotations: {},
      linux: {
        cgroupParent: `${nodePlaces(home).cgroup}/podu1`,
        namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
      },
    } as const;
    const s = { ...sandbox, portMappings: [] as never[] };
    const id = await runtime.runPodSandbox(s);
    step('sandbox');
    console.log(await runtime.podSandboxStatus(id));
    await expect(runtime.runPodSandbox(s)).rejects.toThrow(/x/);
  });
});
