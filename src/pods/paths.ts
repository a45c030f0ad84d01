import { join } from 'node:path';
import type { PersistentVolumeClaim, Pod } from '../kube/generated/objects.ts';

/** Where the files of Pods are: the kubelet's layout below the state directory (`pkg/kubelet/kubelet_getters.go`). All absolute but `containerLogPath`. */
export interface PodPaths {
  /** Holds one directory a Pod, named by its uid. */
  podsDirectory: string;
  podDirectory(uid: string): string;
  /** Holds one directory a Pod, named by namespace, name and uid. */
  logsDirectory: string;
  /** The CRI `log_directory` of the Pod's sandbox. */
  logDirectory(pod: Pod): string;
  containerLog(pod: Pod, container: string, attempt: number): string;
  /** The CRI `log_path`: as `containerLog`, relative to `logDirectory`. */
  containerLogPath(container: string, attempt: number): string;
  /** Bound to /etc/hosts of the Pod's containers. */
  etcHosts(uid: string): string;
  /** The ids that the Pod has, where it has its own users. */
  userNamespace(uid: string): string;
  /** `plugin` as the kubelet spells it in paths: `kubernetes.io~empty-dir`. */
  volume(uid: string, plugin: string, name: string): string;
  /** Where a subPath of a volume is bound, so that nothing inside the volume can redirect the mount any more. */
  subPath(uid: string, volume: string, container: string, mountIndex: number): string;
  terminationLog(uid: string, container: string, attempt: number): string;
  /** Holds one directory a PersistentVolumeClaim; their data outlives Pods. */
  claimsDirectory: string;
  /** The volume of a claim, named by namespace, name and uid. */
  claim(claim: PersistentVolumeClaim): string;
  /** A Localhost seccomp profile, as `localhostProfile` names it. */
  seccompProfile(name: string): string;
}

/** Of a claim's directory as much shows its name as fits beside the uid: file names have 255 characters at most, names of claims 253. */
const READABLE = 180;

/** The layout below `home`, the node's state directory. Names are checked: a segment that would leave its directory is a programming error. */
export function podPaths(home: string): PodPaths {
  const podsDirectory = join(home, 'pods');
  const logsDirectory = join(home, 'logs');
  const claimsDirectory = join(home, 'claims');
  const podDirectory = (uid: string) => join(podsDirectory, segment(uid));
  const containerLogPath = (container: string, attempt: number) => join(segment(container), `${attempt}.log`);
  const logDirectory = ({ metadata: { namespace = '', name = '', uid = '' } = {} }: Pod) =>
    join(logsDirectory, [namespace, name, uid].map(segment).join('_'));
  return {
    podsDirectory,
    podDirectory,
    logsDirectory,
    logDirectory,
    containerLogPath,
    containerLog: (pod, container, attempt) => join(logDirectory(pod), containerLogPath(container, attempt)),
    etcHosts: (uid) => join(podDirectory(uid), 'etc-hosts'),
    userNamespace: (uid) => join(podDirectory(uid), 'userns'),
    volume: (uid, plugin, name) => join(podDirectory(uid), 'volumes', segment(plugin), segment(name)),
    subPath: (uid, volume, container, mountIndex) =>
      join(podDirectory(uid), 'volume-subpaths', segment(volume), segment(container), String(mountIndex)),
    terminationLog: (uid, container, attempt) =>
      join(podDirectory(uid), 'containers', segment(container), String(attempt)),
    claimsDirectory,
    claim: ({ metadata: { namespace = '', name = '', uid = '' } = {} }) =>
      join(claimsDirectory, `${`${segment(namespace)}_${segment(name)}`.slice(0, READABLE)}_${segment(uid)}`),
    seccompProfile: (name) => join(home, 'seccomp', ...name.split('/').map(segment)),
  };
}

/** Uids and names were validated long before; this is the last fence before the disk. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw new RangeError(`${JSON.stringify(name)} cannot be part of a path`);
  }
  return name;
}
