import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseRecipe, readRecipe, recipeNames } from './recipe.ts';

const RECIPES = fileURLToPath(new URL('../../images', import.meta.url));

test('a recipe with everything', () => {
  const text = `
name: web
tags: [docker.io/library/web:1, quay.io/o/web:latest]
packages: { install: [nginx], exclude: ['debconf*'], keep: [/usr/sbin/nginx] }
directories: [{ path: /tmp, mode: 1777 }, { path: /data, uid: 7, gid: 8 }]
files:
  - { path: /a, source: dir/a, mode: 0755 }
  - path: /b
    content: |
      hello
links: [{ path: /bin/sh, target: busybox }]
applets: [{ program: /bin/busybox, arguments: [--list], directory: /bin }]
users: [{ name: root, id: 0, home: /root, shell: /bin/sh }, { name: web, id: 101 }]
groups: [{ name: tty, id: 5 }]
config:
  entrypoint: [/start]
  cmd: [--fast]
  env: { PATH: /bin, N: '1' }
  exposedPorts: [80/tcp]
  stopSignal: SIGQUIT
  workingDir: /data
  user: 101:101
  labels: { a: b }
`;
  expect(parseRecipe(text, 'recipe.yaml')).toEqual({
    name: 'web',
    tags: ['docker.io/library/web:1', 'quay.io/o/web:latest'],
    packages: { install: ['nginx'], exclude: ['debconf*'], keep: ['/usr/sbin/nginx'] },
    directories: [
      { path: '/tmp', mode: 0o1777, uid: 0, gid: 0 },
      { path: '/data', mode: 0o755, uid: 7, gid: 8 },
    ],
    files: [
      { path: '/a', source: 'dir/a', content: undefined, mode: 0o755, uid: 0, gid: 0 },
      { path: '/b', source: undefined, content: 'hello\n', mode: 0o644, uid: 0, gid: 0 },
    ],
    links: [{ path: '/bin/sh', target: 'busybox' }],
    applets: [{ program: '/bin/busybox', arguments: ['--list'], directory: '/bin' }],
    users: [
      { name: 'root', id: 0, home: '/root', shell: '/bin/sh' },
      { name: 'web', id: 101, home: '/', shell: '/bin/sh' },
    ],
    groups: [{ name: 'tty', id: 5 }],
    config: {
      entrypoint: ['/start'],
      cmd: ['--fast'],
      env: { PATH: '/bin', N: '1' },
      exposedPorts: ['80/tcp'],
      stopSignal: 'SIGQUIT',
      workingDir: '/data',
      user: '101:101',
      labels: { a: 'b' },
    },
  });
});

const BASE = 'name: x\ntags: [docker.io/library/x:1]\nconfig: {}\n';

describe('mistakes are told with their place', () => {
  test.each([
    ['', 'r.yaml:1:1: must be a mapping'],
    ['- a', 'r.yaml:1:1: must be a mapping'],
    [
      'name: x\ntags: [a',
      'r.yaml:2:9: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['name: x\nname: y', 'r.yaml:2:1: Map keys must be unique'],
    ['name: x\ntags: []', 'r.yaml:1:1: config: is missing'],
    [
      `${BASE}file: []`,
      'r.yaml:4:1: unknown field "file" (known: name, tags, packages, directories, files, links, applets, users, groups, config)',
    ],
    [BASE.replace('name: x', 'name: X'), 'r.yaml:1:7: name: must be lower case letters, digits and dashes'],
    [BASE.replace('docker.io/library/x:1', 'x'), 'r.yaml:2:8: tags[0]: must be a full image name with its tag'],
    [BASE.replace('config: {}', 'config: { env: { N: 1 } }'), 'r.yaml:3:21: config.env.N: must be a text'],
    [
      BASE.replace('config: {}', 'config: { stopSignal: QUIT }'),
      'r.yaml:3:23: config.stopSignal: must be a signal such as SIGTERM',
    ],
    [
      BASE.replace('config: {}', 'config: { exposedPorts: [80] }'),
      'r.yaml:3:26: config.exposedPorts[0]: must be a text',
    ],
    [`${BASE}files: [{ path: /a }]`, 'r.yaml:4:9: files[0]: needs either source or content'],
    [`${BASE}files: [{ path: /a, source: ../a }]`, 'r.yaml:4:29: files[0].source: must be a file beside the recipe'],
    [
      `${BASE}files: [{ path: /a/../b, content: '' }]`,
      'r.yaml:4:17: files[0].path: must be an absolute path without . and ..',
    ],
    [
      `${BASE}directories: [{ path: /a, mode: 0999 }]`,
      'r.yaml:4:33: directories[0].mode: must be a file mode such as 0755',
    ],
    [`${BASE}directories: {}`, 'r.yaml:4:14: directories: must be a list'],
    [`${BASE}users: [{ name: 'a:b', id: 1 }]`, 'r.yaml:4:17: users[0].name: must be a user name'],
    [`${BASE}users: [{ name: a, id: -1 }]`, 'r.yaml:4:24: users[0].id: must be a whole number from 0 to 4294967294'],
    [
      `${BASE}packages: { install: ['-o=x'] }`,
      'r.yaml:4:23: packages.install[0]: must be the name of a Debian package',
    ],
  ])('%j', (text, message) => {
    expect(() => parseRecipe(text, 'r.yaml')).toThrow(
      expect.objectContaining({ name: 'ImageError', code: 'RecipeInvalid', message: expect.stringContaining(message) }),
    );
  });

  test('all of them, one a line', () => {
    const text = 'name: X\ntags: x\nconfig: { user: 0 }\n';
    expect(() => parseRecipe(text, 'r.yaml')).toThrow(
      expect.objectContaining({
        message: [
          'r.yaml:1:7: name: must be lower case letters, digits and dashes',
          'r.yaml:2:7: tags: must be a list',
          'r.yaml:3:17: config.user: must be a text',
        ].join('\n'),
      }),
    );
  });
});

describe('the recipes that ship with Outfit', () => {
  test('are found by name, directory and file, and each is called as its directory', async () => {
    for (const name of await recipeNames(RECIPES)) {
      const { recipe, directory } = await readRecipe(name, RECIPES);
      expect(recipe.name).toBe(name);
      expect(directory).toBe(`${RECIPES}/${name}`);
      expect(await readRecipe(directory, '/nowhere')).toEqual({ recipe, directory });
      expect(await readRecipe(`${directory}/recipe.yaml`, '/nowhere')).toEqual({ recipe, directory });
    }
  });

  test('are named when another one is asked for', async () => {
    await expect(readRecipe('apache', RECIPES)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringMatching(/there is no recipe .*\/images\/apache\/recipe.yaml; .*busybox, nginx, pause/),
    });
  });
});
