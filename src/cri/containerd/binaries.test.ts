import { describe, expect, it } from 'vitest';
import { findBinaries } from './binaries.ts';

const CNI = ['bridge', 'host-local', 'loopback', 'portmap'];
const DEBIAN = [
  '/usr/bin/containerd',
  '/usr/bin/containerd-shim-runc-v2',
  '/usr/sbin/runc',
  '/usr/sbin/iptables',
  '/usr/sbin/ip',
  ...CNI.map((name) => `/usr/lib/cni/${name}`),
];

const find = (files: string[], PATH = '/usr/bin') =>
  findBinaries({ env: { PATH }, isExecutable: (path) => files.includes(path) });

describe('the programs', () => {
  it('are found in sbin also when PATH does not have it', () => {
    expect(find(DEBIAN)).toMatchObject({
      containerd: '/usr/bin/containerd',
      runc: '/usr/sbin/runc',
      iptables: '/usr/sbin/iptables',
      cniPlugins: '/usr/lib/cni',
      path: '/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin',
    });
  });

  it("of the user's PATH come first", () => {
    expect(find([...DEBIAN, '/opt/bin/containerd'], '/opt/bin').containerd).toBe('/opt/bin/containerd');
  });

  it('include CNI plugins from /opt/cni/bin, if they are all there', () => {
    const upstream = CNI.map((name) => `/opt/cni/bin/${name}`);
    expect(find([...DEBIAN.filter((path) => path !== '/usr/lib/cni/portmap'), ...upstream]).cniPlugins).toBe(
      '/opt/cni/bin',
    );
  });

  it('that are missing are named all at once, with the way to get them', () => {
    const some = DEBIAN.filter((path) => !/runc$|cni|iptables/.test(path));
    expect(() => find(some)).toThrow(
      expect.objectContaining({
        code: 'Missing',
        message:
          'not found on this machine: runc, iptables, the CNI plugins bridge, host-local, loopback, portmap (in /usr/lib/cni or /opt/cni/bin or /usr/libexec/cni). ' +
          'Install with "apt-get install runc iptables containernetworking-plugins", or run "npm run demo", which installs what is missing.',
      }),
    );
  });
});
