import type { Readable } from 'node:stream';
import type { Pod } from '../kube/generated/objects.ts';

/**
 * What the API server asks of the machine it speaks for. The composition root fills these in; nothing in `api` knows pods or containers.
 * All reject with StatusError in the words of the real kubelet (kubelet-behaviour §3.10): a wrong container name is BadRequest
 * `container c is not valid for pod x`, a container that has not started `container "c" in pod "p" is waiting to start: ContainerCreating`.
 */
export interface NodeFunctions {
  /** The log of one container as text; ends at the end, or with `follow` when the container is gone. Destroying the stream stops all work. */
  logs(pod: Pod, container: string, options: LogOptions): Promise<Readable>;
  /** URL (http://127.0.0.1:…) of a streaming server that speaks SPDY/3.1 `vN.channel.k8s.io` for one connection. */
  exec(pod: Pod, container: string, options: StreamOptions & { command: string[] }): Promise<URL>;
  attach(pod: Pod, container: string, options: StreamOptions): Promise<URL>;
  /** As exec, speaking SPDY/3.1 `portforward.k8s.io`. */
  portForward(pod: Pod, ports: number[]): Promise<URL>;
}

export interface LogOptions {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
  tailLines?: number;
  limitBytes?: number;
}

export interface StreamOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}
