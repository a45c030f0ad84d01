import { describe, expect, it } from 'vitest';
import { nodePlaces } from '../places.ts';
import { cniConflist } from './cni.ts';
import { type ConfigSettings, containerdConfig } from './config.ts';

const places = nodePlaces('/var/lib/outfit');
const SETTINGS: ConfigSettings = {
  places,
  version: { major: 1 },
  runc: '/usr/sbin/runc',
  cniPlugins: '/usr/lib/cni',
  sandboxImage: 'outfit.local/pause:1',
  snapshotter: 'overlayfs',
  restrictOomScoreAdj: true,
  seLinux: false,
};

/** Without the long list of plugins that are off. */
const without = (text: string) => text.replace(/^disabled_plugins = .*\n/m, '');

describe('config.toml', () => {
  it.each([1, 2])('turns labels on only where the kernel has SELinux: containerd %i', (major) => {
    const told = (seLinux: boolean) =>
      containerdConfig({ ...SETTINGS, version: { major }, seLinux }).includes('enable_selinux = true');
    expect([told(true), told(false)]).toEqual([true, false]);
  });

  it('has version 2 for containerd 1.6 and 1.7', () => {
    expect(without(containerdConfig(SETTINGS))).toBe(`version = 2
root = "/var/lib/outfit/containerd/root"
state = "/run/outfit/${places.id}/containerd"
required_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = "/run/outfit/${places.id}/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
disable_tcp_service = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
max_container_log_line_size = 16384
netns_mounts_under_state_dir = true
restrict_oom_score_adj = true
sandbox_image = "outfit.local/pause:1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/var/lib/outfit/cni/net.d"
max_conf_num = 1

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/var/lib/outfit/containerd/certs.d"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
Root = "/run/outfit/${places.id}/runc"
SystemdCgroup = false
`);
  });

  it('has version 3 and the new names of the plugins for containerd 2.x', () => {
    expect(
      without(containerdConfig({ ...SETTINGS, version: { major: 2 }, restrictOomScoreAdj: false })),
    ).toBe(`version = 3
root = "/var/lib/outfit/containerd/root"
state = "/run/outfit/${places.id}/containerd"
required_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = "/run/outfit/${places.id}/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
disable_tcp_service = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "outfit.local/pause:1"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "/var/lib/outfit/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
max_container_log_line_size = 16384
netns_mounts_under_state_dir = true
restrict_oom_score_adj = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/var/lib/outfit/cni/net.d"
max_conf_num = 1

[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
Root = "/run/outfit/${places.id}/runc"
SystemdCgroup = false
`);
  });

  it.each(['overlayfs', 'native'] as const)('with the snapshotter %s turns off all others', (snapshotter) => {
    const off = /^disabled_plugins = (.*)$/m.exec(containerdConfig({ ...SETTINGS, snapshotter }))?.[1] ?? '';
    const used = `io.containerd.snapshotter.v1.${snapshotter}`;
    expect(JSON.parse(off)).not.toContain(used);
    expect(JSON.parse(off)).toContain(
      `io.containerd.snapshotter.v1.${snapshotter === 'native' ? 'overlayfs' : 'native'}`,
    );
  });
});

it('the CNI configuration is a bridge without masquerading, and host ports', () => {
  expect(cniConflist(places, { bridge: 'outfit0', podCidr: '10.244.0.0/24' })).toEqual({
    cniVersion: '0.4.0',
    name: `outfit-${places.id}`,
    plugins: [
      {
        type: 'bridge',
        bridge: 'outfit0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: `/run/outfit/${places.id}/cni`,
          ranges: [[{ subnet: '10.244.0.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  });
});
