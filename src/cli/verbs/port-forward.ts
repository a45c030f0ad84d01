import type { Server, Socket } from 'node:net';
import type { Pod } from '../../kube/generated/objects.ts';
import { CLUSTER_OPTIONS, type Cluster, connect } from '../client/cluster.ts';
import { carry, listen, listenError } from '../client/forward.ts';
import { podNamed } from '../client/pods.ts';
import { type Args, type Command, type Context, Failure, Interrupt, print, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const portForward: Command = {
  name: 'port-forward',
  summary: 'forward local ports to a Pod, until Ctrl-C',
  usage: ['POD [LOCAL:]REMOTE... [flags]'],
  description: 'REMOTE is a number or the name of a container port. ":80" takes any free local port.',
  options: [
    {
      name: 'address',
      type: 'string',
      multiple: true,
      value: 'ADDRESS',
      summary: 'where to listen; localhost is 127.0.0.1 and ::1',
      default: 'localhost',
    },
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit port-forward web-app 3999:80', summary: 'http://127.0.0.1:3999 is port 80 of the Pod' },
    { command: 'outfit port-forward web-app :80 9000', summary: 'Several; a free local port for the first' },
  ],
  async run(args, context) {
    const [typed, ...specs] = args.positionals;
    if (typed === undefined || specs.length === 0)
      throw new UsageError(
        'TYPE/NAME and list of ports are required for port-forward',
        'outfit port-forward POD LOCAL:REMOTE',
      );
    const cluster = await connect(args, context);
    const pod = await podNamed(cluster, typed);
    const ports = specs.map((spec) => portPair(spec, pod));
    if (pod.status?.phase !== 'Running')
      throw new Failure(
        `unable to forward port because pod is not running. Current status=${pod.status?.phase ?? 'Unknown'}`,
      );
    return forward(cluster, pod, ports, args, context);
  },
};

interface PortPair {
  /** 0: any free one. */
  local: number;
  remote: number;
}

/** Reads `80`, `3999:80`, `:80`, `8080:http`. @throws UsageError, Failure for a name that the Pod does not have */
function portPair(spec: string, pod: Pod): PortPair {
  const parts = spec.split(':');
  if (parts.length > 2 || parts.at(-1) === '')
    throw new UsageError(`invalid port format '${spec}'`, 'LOCAL:REMOTE, :REMOTE or REMOTE');
  const remote = remotePort(parts.at(-1)!, pod);
  const local = parts.length === 1 ? remote : parts[0] === '' ? 0 : Number(parts[0]);
  if (!Number.isInteger(local) || local < 0 || local > 65535)
    throw new UsageError(`error parsing local port '${parts[0]}': a number up to 65535`);
  return { local, remote };
}

function remotePort(text: string, pod: Pod): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 65535) return number;
  if (/^\d+$/.test(text)) throw new UsageError('remote port must be > 0 and at most 65535');
  const named = (pod.spec?.containers ?? []).flatMap((c) => c.ports ?? []).find((p) => p.name === text);
  if (!named) throw new Failure(`Pod '${pod.metadata?.name}' does not have a named port '${text}'`);
  return named.containerPort;
}

async function forward(cluster: Cluster, pod: Pod, ports: PortPair[], args: Args, context: Context): Promise<number> {
  const listeners: Server[] = [];
  const sockets = new Set<Socket>();
  try {
    for (const pair of ports) listeners.push(...(await listenOn(pair, cluster, pod, sockets, args, context)));
    if (listeners.length === 0)
      throw new Failure(
        `unable to listen on any of the requested ports: [${ports.map((p) => `{${p.local} ${p.remote}}`).join(' ')}]`,
      );
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // Ctrl-C is how this command ends well, as with kubectl.
    const { reason } = context.signal;
    if (reason instanceof Interrupt && reason.signal !== 'SIGINT') throw reason;
    return EXIT.done;
  } finally {
    for (const listener of listeners) listener.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** Listens on every address of one pair. An address that fails is told only when none of them works. */
async function listenOn(
  pair: PortPair,
  cluster: Cluster,
  pod: Pod,
  sockets: Set<Socket>,
  args: Args,
  context: Context,
): Promise<Server[]> {
  const servers: Server[] = [];
  const errors: string[] = [];
  let { local } = pair;
  for (const address of addresses(args)) {
    const text = address.includes(':') ? `[${address}]` : address;
    try {
      const server = await listen(address, local);
      local = (server.address() as { port: number }).port;
      servers.push(server);
      print(context, `Forwarding from ${text}:${local} -> ${pair.remote}`);
      server.on('connection', (socket) => {
        print(context, `Handling connection for ${local}`);
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        const target = { namespace: pod.metadata!.namespace!, pod: pod.metadata!.name!, port: pair.remote };
        void carry(socket, cluster, target, (text) => tell(context, text));
      });
    } catch (error) {
      errors.push(
        `unable to create listener: Error listen tcp${address.includes(':') ? 6 : 4} ${text}:${local}: ${listenError(error)}`,
      );
    }
  }
  if (servers.length === 0)
    tell(
      context,
      `Unable to listen on port ${local}: Listeners failed to create with the following errors: [${errors.join(' ')}]`,
    );
  return servers;
}

function addresses(args: Args): string[] {
  const given = args.values('address').flatMap((a) => a.split(','));
  const wanted = given.length > 0 ? given : ['localhost'];
  return [...new Set(wanted.flatMap((a) => (a === 'localhost' ? ['127.0.0.1', '::1'] : [a])))];
}
