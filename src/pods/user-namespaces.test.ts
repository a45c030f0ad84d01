import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import { podPaths } from './paths.ts';
import { NO_ABILITIES } from './runtime-abilities.ts';
import { UserNamespaces } from './user-namespaces.ts';

const ABLE = { ...NO_ABILITIES, isKnown: true, userNamespaces: true };
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'outfit-userns-'));
});
afterEach(() => rm(home, { recursive: true }));

function podOf(uid: string, hostUsers: boolean | undefined = false): Pod {
  return { metadata: { uid }, spec: { containers: [], ...(hostUsers !== undefined && { hostUsers }) } };
}

/** On a machine with these files; first ids of what Pods get. */
function machine(files: Record<string, string> = {}) {
  const read = async (path: string) => files[path] ?? Promise.reject(new Error(`ENOENT: ${path}`));
  const all = new UserNamespaces({ paths: podPaths(home), read });
  return { of: async (uid: string) => (await all.of(podOf(uid), ABLE))?.uids[0]?.hostId, all };
}

test('each Pod has 65536 ids of its own, users and groups alike, beyond those of the machine', async () => {
  const { all, of } = machine();
  const mapping = { containerId: 0, hostId: 65_536, length: 65_536 };
  expect(await all.of(podOf('a'), ABLE)).toEqual({ uids: [mapping], gids: [mapping] });
  expect(await Promise.all(['b', 'c', 'd'].map(of))).toEqual([131_072, 196_608, 262_144]);
});

test('the ids stay over restarts of the node, in the file that a kubelet keeps, and are free again when the Pod is gone', async () => {
  const mapping = '{"hostId":65536,"containerId":0,"length":65536}';
  await machine().of('a');
  const file = join(home, 'pods', 'a', 'userns');
  expect(await readFile(file, 'utf8')).toBe(`{"uidMappings":[${mapping}],"gidMappings":[${mapping}]}`);
  const later = machine();
  expect(await later.of('b')).toBe(131_072);
  expect(await later.of('a')).toBe(65_536);
  await rm(join(home, 'pods', 'a'), { recursive: true });
  expect(await later.of('c')).toBe(65_536);
});

test.each<[string, Record<string, string>, number]>([
  ['an account', { '/etc/passwd': 'root:x:0:0::/:\nbig:x:70000:70000::/:\n' }, 131_072],
  ['a group', { '/etc/group': 'big:x:65536:\n' }, 131_072],
  ['ids that a user may map', { '/etc/subuid': 'me:100000:65536\n', '/etc/subgid': 'me:200000:65536\n' }, 327_680],
  ['lines that are none', { '/etc/subuid': '\n# a comment\nme:x:y\nme:65536:0\n' }, 65_536],
])('%s of the machine', async (_, files, first) => {
  expect(await machine(files).of('a')).toBe(first);
});

describe('nothing of it', () => {
  test.each([true, undefined])('for a Pod with hostUsers %s', async (hostUsers) => {
    const pod: Pod = { metadata: { uid: 'a' }, spec: { containers: [], ...(hostUsers && { hostUsers }) } };
    expect(await machine().all.of(pod, NO_ABILITIES)).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['a runtime that tells nothing', {}, ': the handler "" is not known'],
    ['a runtime that says that it cannot', { isKnown: true }, ''],
  ])('by %s: the Pod is refused in the kubelet’s words', async (_, runtime, why) => {
    await expect(machine().all.of(podOf('a'), { ...NO_ABILITIES, ...runtime })).rejects.toEqual(
      new ConfigError(`can't set \`spec.hostUsers: false\`, runtime does not support user namespaces${why}`),
    );
  });

  test('with a file that says something else: never the machine’s users, never another Pod’s', async () => {
    const file = join(home, 'pods', 'a', 'userns');
    await mkdir(join(home, 'pods', 'a'), { recursive: true });
    for (const text of ['{', '{}', '{"uidMappings":[{"hostId":0,"containerId":0,"length":65536}]}']) {
      await writeFile(file, text);
      await expect(machine().of('a')).rejects.toThrow('invalid user namespace mappings file');
    }
    expect(await machine().of('b')).toBe(65_536);
  });
});
