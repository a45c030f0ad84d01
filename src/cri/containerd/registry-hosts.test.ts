import { describe, expect, it } from 'vitest';
import { type RegistrySettings, registryHosts } from './registry-hosts.ts';

const host = (url: string) => `[host."${url}"]\ncapabilities = ["pull", "resolve"]\n`;
const LOCAL = 'http://127.0.0.1:5000';
const MIRROR = 'http://mirror:80';
const CACHE = 'https://cache';

const cases: [string, RegistrySettings, Record<string, string>][] = [
  [
    'the local registry is asked first, then the registry itself; outfit.local is nowhere else',
    { local: LOCAL },
    { 'docker.io': host(LOCAL), _default: host(LOCAL), 'outfit.local': `server = "${LOCAL}"\n\n${host(LOCAL)}` },
  ],
  [
    "a registry's own mirrors come before those of all, and the local registry before both",
    {
      local: LOCAL,
      mirrors: [
        { registry: '_default', url: CACHE },
        { registry: 'docker.io', url: MIRROR },
        { registry: 'quay.io', url: MIRROR },
      ],
    },
    {
      'docker.io': [LOCAL, MIRROR, CACHE].map(host).join('\n'),
      'quay.io': [LOCAL, MIRROR, CACHE].map(host).join('\n'),
      _default: [LOCAL, CACHE].map(host).join('\n'),
      'outfit.local': `server = "${LOCAL}"\n\n${host(LOCAL)}`,
    },
  ],
  [
    'without upstream the last mirror takes its place',
    { local: LOCAL, mirrors: [{ registry: 'docker.io', url: MIRROR }], upstream: false },
    {
      'docker.io': `server = "${MIRROR}"\n\n${[LOCAL, MIRROR].map(host).join('\n')}`,
      _default: `server = "${LOCAL}"\n\n${host(LOCAL)}`,
      'outfit.local': `server = "${LOCAL}"\n\n${host(LOCAL)}`,
    },
  ],
  [
    'with nothing at all containerd does what it does, and outfit.local is nowhere',
    {},
    { 'docker.io': '', _default: '', 'outfit.local': 'server = "http://127.0.0.1:1"\n' },
  ],
];

describe('hosts.toml', () => {
  it.each(cases)('%s', (_, settings, expected) => {
    expect(Object.fromEntries(registryHosts(settings))).toEqual(expected);
  });
});
