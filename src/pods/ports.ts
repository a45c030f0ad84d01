import type { ContainerConfig, ContainerStatus, Image, PodSandboxConfig } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';

export interface PodEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Where events of Pods go. Recording takes no time and never fails: what cannot be written is logged. */
export interface PodEvents {
  event(object: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
}

export interface ContainerRequest {
  pod: Pod;
  container: Container;
  attempt: number;
  image: Image;
  /** Host directories by volume name. */
  volumes: ReadonlyMap<string, string>;
  /** Addresses of the sandbox; empty on the host's network. */
  podIPs: string[];
  /** The runtime's id of the container whose processes an ephemeral container is to see. */
  targetId?: string;
}

/**
 * What belongs to a Pod besides sandboxes and containers: configurations, volumes, files. All calls may be repeated for the same Pod:
 * what is there already stays, what is gone already is no error.
 */
export interface PodParts {
  /**
   * Makes the Pod's volumes ready.
   * @throws VolumeError: the Pod must wait
   */
  prepareVolumes(pod: Pod): Promise<ReadonlyMap<string, string>>;
  /**
   * Brings the files of volumes that are made from objects of the API up to date, where they are in place.
   * @throws VolumeError: the Pod keeps what it has
   */
  refreshVolumes(pod: Pod): Promise<void>;
  /** @throws ConfigError */
  sandboxConfig(pod: Pod, attempt: number): Promise<PodSandboxConfig>;
  /** @throws ConfigError: the container waits with CreateContainerConfigError */
  containerConfig(request: ContainerRequest): Promise<ContainerConfig>;
  /** What an ended container of the Pod left as its message, by its terminationMessagePolicy; '' for nothing. Never rejects. */
  lastWords(uid: string, status: ContainerStatus): Promise<string>;
  /** No container of the Pod runs or will run: volumes that live as long as the Pod go. */
  releaseVolumes(uid: string): Promise<void>;
  /** A container of the Pod was removed: its log goes with it. */
  removeContainerFiles(pod: Pod, container: string, attempt: number): Promise<void>;
  /** The Pod is gone: everything of it on disk goes, logs and cgroup included. */
  removePod(uid: string): Promise<void>;
  /** The uids of Pods that have files on this machine. */
  listPods(): Promise<string[]>;
}
