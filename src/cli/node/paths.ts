import { join, resolve } from 'node:path';
import { type NodePlaces, nodePlaces } from '../../cri/places.ts';

/** Where one node keeps things: what `cri` needs, and the files of the node itself. All below the state directory but `run`. */
export interface NodePaths extends NodePlaces {
  settings: string;
  lock: string;
  pki: string;
  kubeconfig: string;
  store: string;
  pods: string;
  logs: string;
  images: string;
  log: string;
}

const DEFAULT_HOME = '/var/lib/outfit';

/** The paths of the node whose state directory OUTFIT_HOME names. */
export function nodePaths({ env, cwd }: { env: Record<string, string | undefined>; cwd: string }): NodePaths {
  const home = resolve(cwd, env.OUTFIT_HOME || DEFAULT_HOME);
  return {
    ...nodePlaces(home),
    settings: join(home, 'node.json'),
    lock: join(home, 'lock'),
    pki: join(home, 'pki'),
    kubeconfig: join(home, 'kubeconfig'),
    store: join(home, 'store'),
    pods: join(home, 'pods'),
    logs: join(home, 'logs'),
    images: join(home, 'images'),
    log: join(home, 'node.log'),
  };
}
