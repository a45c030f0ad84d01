import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Every path and name on this machine that belongs to one node, so that clean-up finds exactly what start made. */
export interface NodePlaces {
  /** Eight hexadecimal digits: which node of this machine. */
  id: string;
  /** Kept for ever; absolute. */
  home: string;
  /** Volumes and files of the Pods, one folder each by uid. */
  pods: string;
  /** Gone after a reboot; absolute and short, because socket paths end at 107 bytes. */
  run: string;
  containerd: {
    /** config.toml, certs.d and log. */
    folder: string;
    config: string;
    certificates: string;
    root: string;
    state: string;
    socket: string;
    log: string;
  };
  runcRoot: string;
  cni: { configuration: string; addresses: string; network: string };
  /** Record of what the node changed in the host's network. */
  networkRecord: string;
  /** Parent of the Pods' cgroups, relative to each hierarchy. */
  cgroup: string;
  /** Marks our iptables rules. */
  ruleComment: string;
}

/** @param home absolute and resolved; two spellings of one folder would be two nodes */
export function nodePlaces(home: string, runParent = '/run/outfit'): NodePlaces {
  const id = createHash('sha256').update(home).digest('hex').slice(0, 8);
  const run = join(runParent, id);
  const folder = join(home, 'containerd');
  return {
    id,
    home,
    pods: join(home, 'pods'),
    run,
    containerd: {
      folder,
      config: join(folder, 'config.toml'),
      certificates: join(folder, 'certs.d'),
      root: join(folder, 'root'),
      state: join(run, 'containerd'),
      socket: join(run, 'containerd.sock'),
      log: join(folder, 'containerd.log'),
    },
    runcRoot: join(run, 'runc'),
    cni: { configuration: join(home, 'cni', 'net.d'), addresses: join(run, 'cni'), network: `outfit-${id}` },
    networkRecord: join(run, 'network.json'),
    cgroup: `/outfit/${id}`,
    ruleComment: `outfit:${id}`,
  };
}
