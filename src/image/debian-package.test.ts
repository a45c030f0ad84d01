import { expect, test } from 'vitest';
import { type DebianPackage, debFileName, parsePackages, resolvePackages } from './debian-package.ts';

test('a stanza of apt-cache', () => {
  const text = `Package: libc6
Source: glibc
Version: 1:2.36-9+deb12u14
Architecture: amd64
Pre-Depends: one
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~), debconf (>= 0.5) | debconf-2.0, python3:any
Provides: libc6-2.36 (= 2.36), libc-alias
Description: GNU C Library
 Depends: not a field
SHA256: abc

Package: libc6
Version: 0

Package: b
Version: 2
Architecture: all
`;
  const packages = parsePackages(text);
  expect([...packages.values()]).toEqual([
    {
      name: 'libc6',
      version: '1:2.36-9+deb12u14',
      architecture: 'amd64',
      sha256: 'abc',
      depends: [['one'], ['libgcc-s1'], ['libcrypt1'], ['debconf', 'debconf-2.0'], ['python3']],
      provides: ['libc6-2.36', 'libc-alias'],
    },
    { name: 'b', version: '2', architecture: 'all', sha256: undefined, depends: [], provides: [] },
  ]);
  expect(debFileName(packages.get('libc6')!)).toBe('libc6_1%3a2.36-9+deb12u14_amd64.deb');
});

const REPOSITORY: Record<string, Partial<DebianPackage>> = {
  nginx: { depends: [['libc6'], ['libssl3', 'libssl4'], ['nginx-common'], ['iproute2']] },
  'nginx-common': { depends: [['debconf', 'debconf-2.0']] },
  libc6: { depends: [['libgcc-s1']] },
  'libgcc-s1': { depends: [['libc6'], ['gcc-12-base']] },
  'gcc-12-base': {},
  libssl4: {},
  iproute2: { depends: [['libdb']] },
  'debconf-2.0': { depends: [['perl']] },
  mta: { depends: [['mail-transport-agent']] },
  postfix: { provides: ['mail-transport-agent'] },
};
const show = async (names: string[]) => {
  const known = names.flatMap((name) => {
    const entry = REPOSITORY[name];
    const p = { name, version: '1', architecture: 'all', sha256: '', depends: [], provides: [], ...entry };
    return entry ? [[name, p] as const] : [];
  });
  return new Map(known);
};

test.each<[string, string[], string[], string[]]>([
  ['without dependencies', ['gcc-12-base'], [], ['gcc-12-base']],
  ['in a ring', ['libc6'], [], ['gcc-12-base', 'libc6', 'libgcc-s1']],
  [
    'the second alternative where the first is not to be had; what is excluded brings nothing along',
    ['nginx'],
    ['iproute2', 'debconf', 'libgcc*'],
    ['libc6', 'libssl4', 'nginx', 'nginx-common'],
  ],
  ['a virtual package that another one provides', ['postfix', 'mta'], [], ['mta', 'postfix']],
])('the closure: %s', async (_what, install, exclude, expected) => {
  expect((await resolvePackages({ install, exclude }, show)).map((p) => p.name)).toEqual(expected);
});

test('what is not to be had is named', async () => {
  await expect(resolvePackages({ install: ['nginx'], exclude: ['iproute2'] }, show)).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('the Debian package perl is not to be had'),
  });
});
