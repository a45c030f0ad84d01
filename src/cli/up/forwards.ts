import type { Server, Socket } from 'node:net';
import type { Pod } from '../../kube/generated/objects.ts';
import type { Cluster } from '../client/cluster.ts';
import { carry, listen } from '../client/forward.ts';
import type { Output } from './output.ts';
import { localCandidates, type PortWish, portsOf } from './ports.ts';
import { podLabel } from './wanted.ts';

/** A local port that stays the same for as long as its Pod is wanted, whatever Pod of that name is there. */
interface Forward {
  wish: PortWish;
  local: number;
  reason?: string;
  servers: Server[];
}

/** All forwards of one Pod's name. */
interface OfPod {
  pod: Pod;
  /** The Pod whose ports were told last. */
  toldUid: string | undefined;
  forwards: Map<number, Forward>;
  /** One change after the other. */
  queue: Promise<void>;
}

export interface ForwardsOptions {
  cluster: Cluster;
  output: Output;
  home: string;
  /** Opens a local port; for tests. */
  open?: typeof listen;
}

/** Makes the container ports of Pods reachable on this machine as soon as they run. */
export class Forwards {
  private readonly options: Required<ForwardsOptions>;
  private readonly ofPods = new Map<string, OfPod>();
  private readonly sockets = new Set<Socket>();

  constructor(options: ForwardsOptions) {
    this.options = { open: listen, ...options };
  }

  changed(pod: Pod): void {
    const key = keyOf(pod);
    const known = this.ofPods.get(key);
    const of = known ?? { pod, toldUid: undefined, forwards: new Map(), queue: Promise.resolve() };
    of.pod = pod;
    this.ofPods.set(key, of);
    if (!runs(pod) || of.toldUid === pod.metadata?.uid) return;
    of.toldUid = pod.metadata?.uid;
    of.queue = of.queue.then(() => this.open(of));
  }

  /** No Pod of that name is wanted any more. */
  close(namespace: string, name: string): void {
    const of = this.ofPods.get(`${namespace}/${name}`);
    this.ofPods.delete(`${namespace}/${name}`);
    void of?.queue.then(() => closeServers([...of.forwards.values()]));
  }

  closeAll(): void {
    for (const of of this.ofPods.values()) void of.queue.then(() => closeServers([...of.forwards.values()]));
    this.ofPods.clear();
    for (const socket of this.sockets) socket.destroy();
  }

  private async open(of: OfPod): Promise<void> {
    const { forward, left } = portsOf(of.pod);
    const object = podLabel(of.pod, this.options.home);
    for (const [port, old] of of.forwards)
      if (!forward.some((wish) => wish.port === port)) {
        closeServers([old]);
        of.forwards.delete(port);
      }
    for (const wish of forward) {
      const there = of.forwards.get(wish.port) ?? (await this.openOne(of, wish));
      if (there === undefined) continue;
      of.forwards.set(wish.port, there);
      const { local, reason } = there;
      this.options.output.say({ type: 'forwarding', object, ...wish, local, ...(reason !== undefined && { reason }) });
    }
    for (const one of left) this.options.output.say({ type: 'not-forwarded', object, ...one });
  }

  private async openOne(of: OfPod, wish: PortWish): Promise<Forward | undefined> {
    let reason: string | undefined;
    for (const candidate of localCandidates(wish.port)) {
      const opened = await this.tryPort(of, wish, candidate);
      if ('servers' in opened) return { wish, ...opened, ...(reason !== undefined && { reason }) };
      reason ??= `${candidate} ${opened.why}`;
    }
    const object = podLabel(of.pod, this.options.home);
    this.options.output.say({ type: 'not-forwarded', object, ...wish, reason: reason ?? 'no local port is free' });
    return undefined;
  }

  /** On both addresses of localhost: whoever connects must not meet somebody else there. */
  private async tryPort(
    of: OfPod,
    { port }: PortWish,
    candidate: number,
  ): Promise<{ local: number; servers: Server[] } | { why: string }> {
    const servers: Server[] = [];
    let local = candidate;
    for (const address of ['127.0.0.1', '::1'])
      try {
        const server = await this.options.open(address, local);
        local = (server.address() as { port: number }).port;
        server.on('connection', (socket) => this.connect(socket, of, port));
        servers.push(server);
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        // A machine without IPv6.
        if (address === '::1' && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)) continue;
        for (const server of servers) server.close();
        return { why: code === 'EACCES' ? 'needs more rights' : 'is taken' };
      }
    return { local, servers };
  }

  private connect(socket: Socket, of: OfPod, port: number): void {
    const { cluster, output, home } = this.options;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    const { pod } = of;
    if (!runs(pod)) return void socket.destroy();
    const { namespace, name } = pod.metadata!;
    void carry(socket, cluster, { namespace: namespace!, pod: name!, port }, (message) =>
      output.say({ type: 'warning', object: podLabel(pod, home), message: message.trim() }),
    );
  }
}

function keyOf({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

function runs({ status, metadata }: Pod): boolean {
  return status?.phase === 'Running' && metadata?.deletionTimestamp === undefined;
}

function closeServers(forwards: readonly Forward[]): void {
  for (const { servers } of forwards) for (const server of servers) server.close();
}
