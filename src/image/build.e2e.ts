import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImage } from './build.ts';
import { ImageLayout } from './layout.ts';
import { type ImageConfig, type Manifest, ociArchitecture } from './oci.ts';

/** Real packages of this machine's Debian, unpacked and run in a chroot. Running them as containers is for the tests of `cri`. */
const RECIPES = fileURLToPath(new URL('../../images', import.meta.url));

let directory: string;
let layout: ImageLayout;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'outfit-build-e2e-'));
  layout = await ImageLayout.open(join(directory, 'images'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Builds a recipe and unpacks its layer; the directory, and how containers of it run. */
async function unpacked(recipe: string) {
  const steps: string[] = [];
  const cache = join(directory, 'cache');
  const built = await buildImage(recipe, { layout, recipes: RECIPES, cache, onProgress: (step) => steps.push(step) });
  const manifest = await layout.readJson<Manifest>(built.digest);
  const root = join(directory, `root-${recipe}`);
  mkdirSync(root);
  const layer = join(layout.path, 'blobs/sha256', manifest.layers[0]!.digest.slice('sha256:'.length));
  execFileSync('tar', ['-xzpf', layer, '-C', root]);
  const { config, architecture } = await layout.readJson<ImageConfig>(manifest.config.digest);
  expect(architecture).toBe(ociArchitecture());
  return { ...built, root, config: config!, steps, size: manifest.layers[0]!.size };
}

const inside = (root: string, ...command: string[]): string =>
  execFileSync('chroot', [root, ...command], { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });

test('busybox: a shell, every applet that it serves, and a small image', async () => {
  const { root, config, size, names, steps } = await unpacked('busybox');
  expect(names).toEqual(['docker.io/library/busybox:latest']);
  expect(config.Cmd).toEqual(['sh']);
  expect(steps.at(-1)).toBe('writing the image');
  expect(inside(root, '/bin/sh', '-c', 'echo $(date -u +%Y | wc -c) && id -un && ls -d /tmp && which tar')).toBe(
    '5\nroot\n/tmp\n/usr/bin/tar\n',
  );
  const applets = inside(root, 'busybox', '--list').trim().split('\n');
  const links = inside(root, 'ls', '/bin').trim().split('\n');
  expect(links).toEqual(expect.arrayContaining(applets.filter((name) => name !== '[' && name !== '[[')));
  expect(size).toBeLessThan(2_000_000);
});

test('nginx: the page that people know, on both loopback addresses; logs on its standard streams; SIGQUIT ends it', async () => {
  const { root, config, size } = await unpacked('nginx');
  expect(config).toMatchObject({
    Entrypoint: ['/docker-entrypoint.sh'],
    Cmd: ['nginx', '-g', 'daemon off;'],
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGQUIT',
  });
  expect(size).toBeLessThan(8_000_000);
  prepareDevices(root);
  const told = execFileSync(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-c', NGINX_STORY, 'sh', root],
    {
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  expect(told).toContain('<h1>Welcome to nginx!</h1>');
  expect(told).toMatch(/over IPv6: <!DOCTYPE html>|no IPv6 here/);
  expect(told).toContain('a missing page: HTTP/1.1 404 Not Found');
  expect(told).toContain('exit code: 0');
  expect(readFileSync(join(root, 'out'), 'utf8')).toMatch(/^127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 615 /m);
  expect(readFileSync(join(root, 'err'), 'utf8')).toMatch(/\[notice\] .*signal 3 \(SIGQUIT\) received/);
});

/** What a runtime would put into /dev and make of /proc. */
function prepareDevices(root: string): void {
  for (const name of ['dev', 'proc']) mkdirSync(join(root, name));
  for (const name of ['null', 'urandom']) execFileSync('cp', ['-a', `/dev/${name}`, join(root, 'dev', name)]);
  symlinkSync('/proc/self/fd/1', join(root, 'dev/stdout'));
  symlinkSync('/proc/self/fd/2', join(root, 'dev/stderr'));
}

/** Runs in namespaces of its own, so that port 80 is free. */
const NGINX_STORY = `
root=$1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc $root/proc
chroot $root ip link set lo up
chroot $root /docker-entrypoint.sh nginx -g 'daemon off;' >$root/out 2>$root/err &
for i in $(seq 100); do chroot $root wget -q -O- http://127.0.0.1/ && break; sleep 0.1; done
if [ -f /proc/net/if_inet6 ]; then echo over IPv6: $(chroot $root wget -q -O- 'http://[::1]/'); else echo no IPv6 here; fi
echo a missing page: $(chroot $root wget -S -q -O- http://127.0.0.1/missing 2>&1)
kill -QUIT $!
wait $!
echo exit code: $?
`;
