import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../kube/generated/objects.ts';
import { type DNSConfig, type DNSWarning, dnsConfig, parseResolvConf, readResolvConf } from './dns.ts';

const RESOLV_CONF = `# made by hand
nameserver 192.0.2.53
nameserver 192.0.2.54
search old.example
search corp.example. example
options timeout:2 edns0
`;
const MACHINE: DNSConfig = {
  servers: ['192.0.2.53', '192.0.2.54'],
  searches: ['corp.example', 'example'],
  options: ['timeout:2', 'edns0'],
};
const pod = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1' },
  spec: { containers: [], dnsPolicy: 'ClusterFirst', ...spec },
});
const NONE: DNSConfig = { servers: [], searches: [], options: [] };

describe("a pod's resolver", () => {
  test.each<[string, Partial<PodSpec>, string, DNSConfig, Partial<DNSWarning>[]]>([
    ["is the machine's by default", {}, RESOLV_CONF, MACHINE, []],
    ["is the machine's with Default", { dnsPolicy: 'Default' }, RESOLV_CONF, MACHINE, []],
    [
      "is the machine's, with a warning, for who asked for a cluster's",
      { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true },
      RESOLV_CONF,
      MACHINE,
      [
        {
          reason: 'MissingClusterDNS',
          message:
            'pod: "web_shop(u-1)". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirstWithHostNet" policy. Falling back to "Default" policy.',
        },
      ],
    ],
    [
      'is only what dnsConfig says with None',
      {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a'], options: [{ name: 'ndots', value: '2' }] },
      },
      RESOLV_CONF,
      { servers: ['1.1.1.1'], searches: ['a'], options: ['ndots:2'] },
      [],
    ],
    [
      'adds dnsConfig, each value once, options by name',
      {
        dnsConfig: {
          nameservers: ['192.0.2.53', '1.1.1.1'],
          searches: ['example', 'a'],
          options: [{ name: 'timeout', value: '9' }, { name: 'rotate' }],
        },
      },
      RESOLV_CONF,
      {
        servers: ['192.0.2.53', '192.0.2.54', '1.1.1.1'],
        searches: ['corp.example', 'example', 'a'],
        options: ['timeout:9', 'edns0', 'rotate'],
      },
      [],
    ],
    [
      'has three name servers at most',
      { dnsConfig: { nameservers: ['1.1.1.1', '2.2.2.2'] } },
      RESOLV_CONF,
      { ...MACHINE, servers: ['192.0.2.53', '192.0.2.54', '1.1.1.1'] },
      [
        {
          reason: 'DNSConfigForming',
          message:
            'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 192.0.2.53 192.0.2.54 1.1.1.1',
        },
      ],
    ],
    [
      "leaves out the machine's loopback",
      {},
      'nameserver 127.0.0.53\nnameserver 192.0.2.53\n',
      { ...NONE, servers: ['192.0.2.53'] },
      [],
    ],
    [
      'says so when nothing is left',
      {},
      'nameserver 127.0.0.53\nnameserver ::1\n',
      NONE,
      [
        {
          reason: 'DNSConfigForming',
          message:
            "The machine's resolver (127.0.0.53 ::1) cannot be reached from a pod; name servers can be given in dnsConfig",
        },
      ],
    ],
    [
      "keeps the loopback on the host's network",
      { hostNetwork: true },
      'nameserver 127.0.0.53\n',
      { ...NONE, servers: ['127.0.0.53'] },
      [],
    ],
  ])('%s', (_, spec, resolvConf, dns, warnings) => {
    expect(dnsConfig({ pod: pod(spec), resolvConf })).toEqual({ dns, warnings });
  });

  test('has 32 search domains and 2048 characters of them at most', () => {
    const many = Array.from({ length: 40 }, (_, i) => `d${i}`);
    const long = Array.from({ length: 30 }, (_, i) => `${'x'.repeat(98)}${String(i).padStart(2, '0')}`);
    const searches = (names: string[]) => dnsConfig({ pod: pod({ dnsConfig: { searches: names } }), resolvConf: '' });
    expect(searches(many).dns.searches).toEqual(many.slice(0, 32));
    expect(searches(long).dns.searches).toEqual(long.slice(0, 20));
    expect(searches(long).warnings).toHaveLength(1);
  });
});

test('parseResolvConf takes the last search line and skips comments', () => {
  expect(parseResolvConf(RESOLV_CONF)).toEqual(MACHINE);
  expect(parseResolvConf('domain example\n;nameserver 1.1.1.1\nnameserver\n')).toEqual({
    ...NONE,
    searches: ['example'],
  });
});

describe("the machine's file", () => {
  const files = (contents: Record<string, string>) => (path: string) => {
    const text = contents[path];
    return text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(text);
  };
  const OWN = '/etc/resolv.conf';
  const SYSTEMD = '/run/systemd/resolve/resolv.conf';
  test.each<[string, Record<string, string>, string]>([
    ['is /etc/resolv.conf', { [OWN]: RESOLV_CONF, [SYSTEMD]: 'nameserver 1.1.1.1' }, RESOLV_CONF],
    [
      "is systemd's where only its stub is named",
      { [OWN]: 'nameserver 127.0.0.53', [SYSTEMD]: RESOLV_CONF },
      RESOLV_CONF,
    ],
    ['is the stub where there is nothing else', { [OWN]: 'nameserver 127.0.0.1' }, 'nameserver 127.0.0.1'],
    ['may be missing', {}, ''],
  ])('%s', async (_, contents, text) => {
    expect(await readResolvConf(files(contents))).toBe(text);
  });
});
