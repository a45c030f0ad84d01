import type { NodePlaces } from '../places.ts';
import type { ContainerdVersion } from './version.ts';

export interface ConfigSettings {
  places: NodePlaces;
  version: Pick<ContainerdVersion, 'major'>;
  runc: string;
  cniPlugins: string;
  sandboxImage: string;
  snapshotter: Snapshotter;
  /** The machine withholds CAP_SYS_RESOURCE, so no process may be given a lower OOM score than containerd's own. */
  restrictOomScoreAdj: boolean;
  /** The kernel has SELinux: containers get labels. */
  seLinux: boolean;
}

export type Snapshotter = 'overlayfs' | 'native';

/** The text of config.toml: version 2 for containerd 1.6 and 1.7, version 3 with the plugins' new names for 2.x. */
export function containerdConfig(settings: ConfigSettings): string {
  const { places, version, snapshotter } = settings;
  const other = snapshotter === 'native' ? 'overlayfs' : 'native';
  const head = toml('', {
    version: version.major >= 2 ? 3 : 2,
    root: places.containerd.root,
    state: places.containerd.state,
    // Without this a containerd whose CRI cannot start would run on, and its log alone would say why.
    required_plugins: ['io.containerd.grpc.v1.cri'],
    disabled_plugins: [...UNUSED_PLUGINS, `io.containerd.snapshotter.v1.${other}`],
  });
  const sockets = toml('grpc', { address: places.containerd.socket });
  return [head, sockets, version.major >= 2 ? pluginsOf2(settings) : pluginsOf1(settings)].join('\n');
}

/** They cost start-up time, memory, or folders outside our own (opt). Names that a version does not know are harmless. */
const UNUSED_PLUGINS = [
  ...['aufs', 'btrfs', 'zfs', 'devmapper', 'blockfile', 'erofs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  ...['opt', 'restart', 'tracing'].map((name) => `io.containerd.internal.v1.${name}`),
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.nri.v1.nri',
];

/** The kubelet's: longer lines are split into partial ones. */
const LOG_LINE_BYTES = 16_384;
const STREAMING = { disable_tcp_service: true, stream_server_address: '127.0.0.1', stream_server_port: '0' };

function pluginsOf1(settings: ConfigSettings): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    toml(cri, { ...STREAMING, ...sandboxes(settings), sandbox_image: settings.sandboxImage }),
    toml(`${cri}.cni`, { bin_dir: settings.cniPlugins, conf_dir: settings.places.cni.configuration, max_conf_num: 1 }),
    toml(`${cri}.registry`, { config_path: settings.places.containerd.certificates }),
    toml(`${cri}.containerd`, { snapshotter: settings.snapshotter, default_runtime_name: 'runc' }),
    runc(`${cri}.containerd`, settings),
  ].join('\n');
}

function pluginsOf2(settings: ConfigSettings): string {
  const runtime = 'plugins."io.containerd.cri.v1.runtime"';
  const images = 'plugins."io.containerd.cri.v1.images"';
  return [
    toml('plugins."io.containerd.grpc.v1.cri"', STREAMING),
    toml(images, { snapshotter: settings.snapshotter }),
    toml(`${images}.pinned_images`, { sandbox: settings.sandboxImage }),
    toml(`${images}.registry`, { config_path: settings.places.containerd.certificates }),
    toml(runtime, sandboxes(settings)),
    toml(`${runtime}.cni`, {
      bin_dir: settings.cniPlugins,
      conf_dir: settings.places.cni.configuration,
      max_conf_num: 1,
    }),
    toml(`${runtime}.containerd`, { default_runtime_name: 'runc' }),
    runc(`${runtime}.containerd`, settings),
  ].join('\n');
}

/** `/run/netns` is shared with everybody who uses `ip netns`, and they make its mounts unremovable: ours go under the state folder. */
function sandboxes({ restrictOomScoreAdj, seLinux }: ConfigSettings): TomlTable {
  return {
    ...(seLinux && { enable_selinux: true }),
    max_container_log_line_size: LOG_LINE_BYTES,
    netns_mounts_under_state_dir: true,
    restrict_oom_score_adj: restrictOomScoreAdj,
  };
}

/** Without a root of its own runc would share its state folder with every other containerd of the machine. */
function runc(parent: string, { runc: binary, places }: ConfigSettings): string {
  const table = `${parent}.runtimes.runc`;
  return [
    toml(table, { runtime_type: 'io.containerd.runc.v2' }),
    toml(`${table}.options`, { BinaryName: binary, Root: places.runcRoot, SystemdCgroup: false }),
  ].join('\n');
}

type TomlTable = Record<string, string | number | boolean | string[]>;

/** JSON's strings, numbers, booleans and arrays are TOML's as well. */
function toml(name: string, table: TomlTable): string {
  const lines = Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return [...(name ? [`[${name}]`] : []), ...lines, ''].join('\n');
}
