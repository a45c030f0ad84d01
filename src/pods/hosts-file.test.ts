import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../kube/generated/objects.ts';
import { hostsFile, kernelHostname, podHostname } from './hosts-file.ts';

const pod = (spec: Partial<PodSpec> = {}, name = 'web'): Pod => ({
  metadata: { name, namespace: 'shop' },
  spec: { containers: [], ...spec },
});
const HEAD = `# Kubernetes-managed hosts file.
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::0	ip6-localnet
fe00::0	ip6-mcastprefix
fe00::1	ip6-allnodes
fe00::2	ip6-allrouters
`;

describe('/etc/hosts', () => {
  test.each<[string, Partial<PodSpec>, string[], string]>([
    ['names the pod', {}, ['10.88.0.7'], `${HEAD}10.88.0.7\tweb\n`],
    ['has a line for each address', {}, ['10.88.0.7', 'fd00::7'], `${HEAD}10.88.0.7\tweb\nfd00::7\tweb\n`],
    [
      'has the full name of a pod with a subdomain',
      { hostname: 'h', subdomain: 'sub' },
      ['10.88.0.7'],
      `${HEAD}10.88.0.7\th.sub.shop.svc.cluster.local\th\n`,
    ],
    [
      'ends with the aliases',
      {
        hostAliases: [
          { ip: '192.0.2.9', hostnames: ['a', 'b'] },
          { ip: '192.0.2.8', hostnames: ['c'] },
        ],
      },
      ['10.88.0.7'],
      `${HEAD}10.88.0.7\tweb\n\n# Entries added by HostAliases.\n192.0.2.9\ta\tb\n192.0.2.8\tc\n`,
    ],
    [
      "is the machine's own on the host's network",
      { hostNetwork: true, hostAliases: [{ ip: '192.0.2.9', hostnames: ['a'] }] },
      ['192.0.2.1'],
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost me\n\n# Entries added by HostAliases.\n192.0.2.9\ta\n',
    ],
  ])('%s', (_, spec, podIPs, text) => {
    expect(hostsFile(pod(spec), { podIPs, machineHosts: '127.0.0.1 localhost me\n' })).toBe(text);
  });
});

describe('the hostname', () => {
  test.each<[string, Pod, string]>([
    ["is the pod's name", pod(), 'web'],
    ['is what the spec says', pod({ hostname: 'h' }), 'h'],
    ['is cut to 63 characters and does not end with - or .', pod({}, `${'x'.repeat(62)}.-y`), 'x'.repeat(62)],
  ])('%s', (_, subject, name) => {
    expect(podHostname(subject)).toBe(name);
  });

  test('is the full name for the kernel on demand, and only then', () => {
    expect(kernelHostname(pod({ subdomain: 'sub', setHostnameAsFQDN: true }))).toBe('web.sub.shop.svc.cluster.local');
    expect(kernelHostname(pod({ subdomain: 'sub' }))).toBe('web');
    expect(kernelHostname(pod({ setHostnameAsFQDN: true }))).toBe('web');
  });

  test('that the kernel cannot take is an error', () => {
    const long = pod({ subdomain: 's'.repeat(40), setHostnameAsFQDN: true });
    expect(() => kernelHostname(long)).toThrow(/is too long \(64 characters is the max, 67 characters requested\)/);
  });
});
