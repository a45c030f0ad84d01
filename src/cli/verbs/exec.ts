import type { Status } from '../../kube/generated/objects.ts';
import { CLUSTER_OPTIONS, type Cluster, connect } from '../client/cluster.ts';
import { containerOf, podNamed } from '../client/pods.ts';
import { ServerError } from '../client/server-error.ts';
import { type Args, type Command, type Context, Failure, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const exec: Command = {
  name: 'exec',
  summary: 'run a command in a container and pass on its exit code',
  usage: ['POD [-c CONTAINER] [-i] [-t] -- COMMAND [ARG...]'],
  options: [
    { name: 'stdin', short: 'i', type: 'boolean', summary: 'pass standard input to the command' },
    { name: 'tty', short: 't', type: 'boolean', summary: 'give the command a terminal' },
    { name: 'container', short: 'c', type: 'string', value: 'NAME', summary: 'container (default: the first)' },
    { name: 'quiet', short: 'q', type: 'boolean', summary: "only the command's own output" },
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit exec web-app -- ls /', summary: 'One command' },
    { command: 'outfit exec -it web-app -c sidecar-container -- sh', summary: 'A shell' },
  ],
  async run(args, context) {
    const [typed, ...early] = args.positionals;
    if (typed === undefined)
      throw new UsageError('pod, type/name or --filename must be specified', 'outfit exec POD -- COMMAND');
    if (early.length > 0)
      throw new UsageError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
    const command = args.rest ?? [];
    if (command.length === 0)
      throw new UsageError('you must specify at least one command for the container', 'outfit exec POD -- COMMAND');
    const cluster = await connect(args, context);
    const pod = await podNamed(cluster, typed);
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed')
      throw new Failure(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    const quiet: Context = args.flag('quiet') ? { ...context, stderr: silent(context) } : context;
    const container = containerOf(pod, args.value('container'), quiet);
    return session(
      cluster,
      { pod: pod.metadata!.name!, namespace: pod.metadata!.namespace!, container, command },
      args,
      context,
    );
  },
};

interface Target {
  pod: string;
  namespace: string;
  container: string;
  command: string[];
}

async function session(cluster: Cluster, target: Target, args: Args, context: Context): Promise<number> {
  const { Exec } = await import('@kubernetes/client-node/dist/exec.js');
  const { WebSocketHandler } = await import('@kubernetes/client-node/dist/web-socket-handler.js');
  const { connectionError, slowingReader, slowingWriter, socketFactory } = await import('../client/session.ts');
  let socket: import('ws').WebSocket | undefined;
  const factory = socketFactory((opened) => {
    socket = opened;
  });
  const terminal = useTerminal(args, context);
  const stdin = args.flag('stdin') ? slowingReader(context.stdin, () => socket) : null;
  const stdout = terminal.sized(slowingWriter(context.stdout, () => socket));
  const stderr = terminal.tty ? null : slowingWriter(context.stderr, () => socket);
  const ignored = { stdin: context.stdin, stdout, stderr: stderr ?? stdout };
  // The library's type names its own fork of WebSocket.
  const handler = new WebSocketHandler(cluster.kubeConfig, factory as never, ignored as never);
  try {
    const status = await new Promise<Status>((resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason), { once: true });
      new Exec(cluster.kubeConfig, handler)
        .exec(
          target.namespace,
          target.pod,
          target.container,
          target.command,
          stdout,
          stderr,
          stdin,
          terminal.tty,
          (s) => resolve(s as Status),
        )
        .then((connection) => {
          connection.onclose = () => reject(new Failure('lost connection to pod'));
        })
        .catch((error: unknown) => reject(connectionError(error)));
    });
    return exitCodeOf(status, args, context);
  } finally {
    terminal.restore();
    socket?.terminate();
    context.stdin.destroy();
  }
}

/** Raw mode for `-t`, and the terminal's size for the library to send. */
function useTerminal(args: Args, context: Context) {
  const wanted = args.flag('tty');
  const usable = wanted && args.flag('stdin') && context.stdin.isTTY === true;
  if (wanted && args.flag('stdin') && !usable)
    tell(context, 'Unable to use a TTY - input is not a terminal or the right kind of file');
  if (usable) context.stdin.setRawMode?.(true);
  const { stdout } = context;
  return {
    tty: wanted && (usable || !args.flag('stdin')),
    sized: <T extends object>(writer: T): T => {
      if (!usable || stdout.rows === undefined) return writer;
      stdout.on('resize', () => (writer as unknown as NodeJS.EventEmitter).emit('resize'));
      return Object.defineProperties(writer, {
        rows: { get: () => stdout.rows },
        columns: { get: () => stdout.columns },
      });
    },
    restore: () => {
      if (usable) context.stdin.setRawMode?.(false);
    },
  };
}

/** The command's own code is passed on; everything else is a failure of the session. */
function exitCodeOf(status: Status, args: Args, context: Context): number {
  if (status.status === 'Success') return EXIT.done;
  const exitCode = status.details?.causes?.find((c) => c.reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && exitCode !== undefined) {
    if (!args.flag('quiet')) tell(context, `command terminated with exit code ${exitCode}`);
    return Number(exitCode);
  }
  if (status.reason === undefined) throw new Failure(status.message ?? 'the session failed');
  throw new ServerError(status);
}

function silent(context: Context): Context['stderr'] {
  return Object.create(context.stderr, { write: { value: () => true } }) as Context['stderr'];
}
