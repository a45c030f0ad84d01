import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BuildOptions, buildImage } from './build.ts';
import { ImageLayout } from './layout.ts';
import type { ImageConfig, Manifest } from './oci.ts';
import { CommandError, type RunCommand } from './run-command.ts';

let directory: string;
let layout: ImageLayout;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-build-'));
  layout = await ImageLayout.open(join(directory, 'images'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface FakePackage {
  depends?: string;
  files: [Partial<Header> & { name: string }, string?][];
}

const PACKAGES: Record<string, FakePackage> = {
  server: {
    depends: 'libc, docs',
    files: [
      [{ name: './usr/', type: 'directory' }],
      [{ name: './usr/sbin/server', mode: 0o755 }, 'program'],
      [{ name: './usr/sbin/server2', type: 'link', linkname: './usr/sbin/server' }],
      [{ name: './usr/share/doc/server/changelog' }, 'long'],
      [{ name: './etc/server.conf' }, 'from the package'],
      [{ name: './bin/busy', mode: 0o755 }, 'static'],
    ],
  },
  libc: {
    files: [
      [{ name: './lib/x/libc.so.6', mode: 0o755 }, 'library'],
      [{ name: './lib64/ld.so', type: 'symlink', linkname: '/lib/x/libc.so.6' }],
    ],
  },
};

/** A machine with apt and these packages. `trouble` may fail a command; a first argument that is a path is a program of the image. */
function machine(trouble: (line: string) => void = () => {}): { run: RunCommand; commands: string[] } {
  const commands: string[] = [];
  const debOf = (name: string): string => `deb of ${name}`;
  const stanza = (name: string): string =>
    `Package: ${name}\nVersion: 1:2\nArchitecture: all\nDepends: ${PACKAGES[name]!.depends ?? ''}\nSHA256: ${createHash('sha256').update(debOf(name)).digest('hex')}\n`;
  const text: RunCommand['text'] = async (command, args, options) => {
    const line = [command.split('/').at(-1), ...args].join(' ');
    commands.push(line);
    trouble(line);
    if (command === 'apt-cache')
      return args
        .filter((name) => PACKAGES[name])
        .map(stanza)
        .join('\n');
    if (command === 'apt-get' && args.includes('download')) {
      for (const name of args.filter((arg) => arg.endsWith('=1:2')).map((arg) => arg.slice(0, -4))) {
        await writeFile(join(options!.cwd!, `${name}_1%3a2_all.deb`), debOf(name));
      }
    }
    return line === 'busy --list' ? 'busy\nsh\n[\nserver\n' : '';
  };
  const stream: RunCommand['stream'] = (_command, args) => {
    const tar = pack();
    const name = args.at(-1)!.split('/').at(-1)!.split('_')[0]!;
    for (const [header, content] of PACKAGES[name]!.files) {
      if (content === undefined) tar.entry(header as Header);
      else tar.entry(header as Header, content);
    }
    tar.finalize();
    return tar as unknown as Readable;
  };
  return { run: { text, stream }, commands };
}

const RECIPE = `
name: web
tags: [docker.io/library/web:1]
packages:
  install: [server]
  exclude: [docs]
  keep: [/usr/sbin/*, /usr/bin/*, /etc/*, '/usr/lib/**', /usr/lib64/*]
directories: [{ path: /tmp, mode: 1777 }]
files:
  - { path: /etc/server.conf, source: server.conf }
  - { path: /bin/start, content: 'run', mode: 0755, uid: 7 }
links: [{ path: /var/run, target: /run }]
applets: [{ program: /bin/busy, arguments: [--list], directory: /bin }]
users: [{ name: web, id: 101, home: /data, shell: /bin/sh }]
groups: [{ name: tty, id: 5 }]
config: { cmd: [server], env: { A: '1' }, exposedPorts: [80/tcp], labels: { a: b } }
`;

async function build(options: Partial<BuildOptions> = {}, recipe = RECIPE) {
  await mkdir(join(directory, 'web'), { recursive: true });
  await writeFile(join(directory, 'web', 'recipe.yaml'), recipe);
  await writeFile(join(directory, 'web', 'server.conf'), 'from the recipe');
  const cache = join(directory, 'cache');
  return buildImage('web', {
    layout,
    recipes: directory,
    cache,
    architecture: 'amd64',
    run: machine().run,
    ...options,
  });
}

/** The layer, a line for each entry. */
async function layerOf(digest: string): Promise<string[]> {
  const { layers } = await layout.readJson<Manifest>(digest);
  const tar = extract();
  tar.end(gunzipSync(Buffer.concat(await layout.readBlob(layers[0]!.digest).toArray())));
  const lines: string[] = [];
  for await (const entry of tar) {
    const { name, mode, uid, gid, linkname, mtime } = entry.header;
    const content = Buffer.concat(await Readable.from(entry).toArray()).toString();
    expect(mtime).toEqual(new Date(0));
    lines.push(
      [name, mode!.toString(8), `${uid}:${gid}`, linkname ? `-> ${linkname}` : content.trim()].join(' ').trim(),
    );
  }
  return lines;
}

test('an image from packages and a recipe: paths merged, sorted, without times, the recipe over the packages', async () => {
  const built = await build();
  expect(built).toMatchObject({ names: ['docker.io/library/web:1'], packages: ['libc=1:2', 'server=1:2'] });
  expect(await layerOf(built.digest)).toEqual([
    'bin 777 0:0 -> usr/bin',
    'etc/ 755 0:0',
    'etc/group 644 0:0 web:x:101:\ntty:x:5:',
    'etc/passwd 644 0:0 web:x:101:101:web:/data:/bin/sh',
    'etc/server.conf 644 0:0 from the recipe',
    'lib 777 0:0 -> usr/lib',
    'lib64 777 0:0 -> usr/lib64',
    'sbin 777 0:0 -> usr/sbin',
    'tmp/ 1777 0:0',
    'usr/ 755 0:0',
    'usr/bin/ 755 0:0',
    'usr/bin/[ 777 0:0 -> /bin/busy',
    'usr/bin/busy 755 0:0 static',
    'usr/bin/server 777 0:0 -> /bin/busy',
    'usr/bin/sh 777 0:0 -> /bin/busy',
    'usr/bin/start 755 7:0 run',
    'usr/lib/ 755 0:0',
    'usr/lib/x/ 755 0:0',
    'usr/lib/x/libc.so.6 755 0:0 library',
    'usr/lib64/ 755 0:0',
    'usr/lib64/ld.so 777 0:0 -> /lib/x/libc.so.6',
    'usr/sbin/ 755 0:0',
    'usr/sbin/server 755 0:0 program',
    'usr/sbin/server2 755 0:0 program',
    'var/ 755 0:0',
    'var/run 777 0:0 -> /run',
  ]);
  const manifest = await layout.readJson<Manifest>(built.digest);
  const { config, rootfs, ...rest } = await layout.readJson<ImageConfig>(manifest.config.digest);
  expect(config).toEqual({
    Cmd: ['server'],
    Env: ['A=1'],
    ExposedPorts: { '80/tcp': {} },
    Labels: { 'outfit.local/recipe': 'web', 'outfit.local/packages': 'libc=1:2 server=1:2', a: 'b' },
  });
  expect(rest).toEqual({
    created: '1970-01-01T00:00:00.000Z',
    architecture: 'amd64',
    os: 'linux',
    history: [{ created: '1970-01-01T00:00:00.000Z', created_by: 'outfit image build web' }],
  });
  expect(rootfs.diff_ids).toHaveLength(1);
});

test('the same recipe gives the same image; time and names can be chosen', async () => {
  const first = await build();
  expect((await build()).digest).toBe(first.digest);
  const later = await build({ epoch: 86_400, tags: ['docker.io/library/later:1'] });
  expect(later.digest).not.toBe(first.digest);
  expect((await layout.list()).map(({ name, created }) => [name, created])).toEqual([
    ['docker.io/library/later:1', '1970-01-02T00:00:00.000Z'],
    ['docker.io/library/web:1', '1970-01-01T00:00:00.000Z'],
  ]);
});

describe('Debian packages', () => {
  const failing = (command: string, times: number, stderr = 'E: 404  Not Found') =>
    machine((line) => {
      if (line.includes(command) && times-- > 0) throw new CommandError(command, [], 'exit code 100', stderr);
    });

  test('that are in the cache are not downloaded again, damaged ones are', async () => {
    const first = machine();
    await build({ run: first.run });
    expect(first.commands).toContain('apt-get -q -o APT::Sandbox::User=root download libc=1:2 server=1:2');
    expect((await readdir(join(directory, 'cache'))).sort()).toEqual(['libc_1%3a2_all.deb', 'server_1%3a2_all.deb']);
    const second = machine();
    await build({ run: second.run });
    expect(second.commands.filter((line) => line.includes('apt-get'))).toEqual([]);
    await writeFile(join(directory, 'cache', 'libc_1%3a2_all.deb'), 'half');
    const third = machine();
    await build({ run: third.run });
    expect(third.commands).toContain('apt-get -q -o APT::Sandbox::User=root download libc=1:2');
  });

  test.each([
    ['the mirror no longer has what the lists say', 'download'],
    ['there are no lists', 'apt-cache'],
  ])('are looked up anew where %s', async (_what, command) => {
    const { run, commands } = failing(command, 1, command === 'apt-cache' ? 'E: No packages found' : undefined);
    const steps: string[] = [];
    await build({ run, onProgress: (step) => steps.push(step) });
    expect(commands.filter((line) => line === 'apt-get -q update')).toHaveLength(1);
    expect(steps).toContain('bringing the lists of Debian packages up to date');
  });

  test.each([
    ['download', 'E: 404  Not Found'],
    ['update', 'E: no network'],
    ['apt-cache', 'E: No packages found'],
  ])('that are not to be had: %s fails', async (command, stderr) => {
    const trouble = (line: string): void => {
      if (line.includes(command) || (command === 'update' && line.includes('download')))
        throw new CommandError(line, [], 'exit code 100', stderr);
    };
    await expect(build({ run: machine(trouble).run })).rejects.toMatchObject({
      name: 'ImageError',
      code: 'Unavailable',
    });
    expect(await layout.list()).toEqual([]);
    expect(await readdir(join(layout.path, 'ingest'))).toEqual([]);
    expect(await readdir(join(directory, 'cache')).catch(() => [])).toEqual([]);
  });
});

describe('a recipe that cannot be carried out leaves nothing behind', () => {
  test.each<[string, (recipe: string) => string, string, RegExp]>([
    [
      'a source that is missing',
      (r) => r.replace('source: server.conf', 'source: other.conf'),
      'NotFound',
      /needs .*other.conf/,
    ],
    [
      'a program without applets',
      (r) => r.replace('/bin/busy,', '/bin/lazy,'),
      'RecipeInvalid',
      /no program \/bin\/lazy/,
    ],
    ['a mistake', (r) => `${r}more: 1\n`, 'RecipeInvalid', /recipe.yaml:\d+:1: unknown field "more"/],
  ])('%s', async (_what, change, code, message) => {
    await expect(build({}, change(RECIPE))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await layout.list()).toEqual([]);
    expect(await readdir(join(layout.path, 'ingest'))).toEqual([]);
  });
});

test('a source may be of the architecture that is built for', async () => {
  const recipe = 'name: web\ntags: [docker.io/library/web:1]\nfiles: [{ path: /x, source: "x-${ARCH}" }]\nconfig: {}\n';
  await mkdir(join(directory, 'web'));
  await writeFile(join(directory, 'web', 'x-arm64'), 'arm');
  const { digest } = await build({ architecture: 'arm64' }, recipe);
  expect(await layerOf(digest)).toEqual(['x 644 0:0 arm']);
  expect(await readFile(join(directory, 'web', 'x-arm64'), 'utf8')).toBe('arm');
});
