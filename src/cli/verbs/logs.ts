import { finished } from 'node:stream/promises';
import type { Pod, PodList } from '../../kube/generated/objects.ts';
import { CLUSTER_OPTIONS, type Cluster, connect, type Request } from '../client/cluster.ts';
import { containerNames, containerOf, podNamed } from '../client/pods.ts';
import { type Args, type Command, type Context, tell, UsageError } from '../command.ts';
import { parseDuration, parseInteger } from '../duration.ts';

export const logs: Command = {
  name: 'logs',
  summary: 'print the log of a container',
  usage: ['POD [-c CONTAINER] [flags]', '-l LABELS [flags]'],
  options: [
    { name: 'follow', short: 'f', type: 'boolean', summary: 'go on with what comes' },
    { name: 'container', short: 'c', type: 'string', value: 'NAME', summary: 'container (default: the first)' },
    { name: 'all-containers', type: 'boolean', summary: 'all containers of the Pod' },
    { name: 'previous', short: 'p', type: 'boolean', summary: 'of the container before the last restart' },
    { name: 'tail', type: 'string', value: 'LINES', summary: 'the last lines only; -1: all (with -l: 10)' },
    { name: 'since', type: 'string', value: 'DURATION', summary: 'only what is younger: 5s, 2m, 3h' },
    { name: 'since-time', type: 'string', value: 'TIME', summary: 'only what is younger than a time (RFC 3339)' },
    { name: 'timestamps', type: 'boolean', summary: 'the time before each line' },
    { name: 'limit-bytes', type: 'string', value: 'BYTES', summary: 'end after so many bytes' },
    { name: 'prefix', type: 'boolean', summary: 'Pod and container before each line' },
    { name: 'selector', short: 'l', type: 'string', value: 'LABELS', summary: 'of all Pods with these labels' },
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit logs web-app -c sidecar-container -f', summary: 'Follow one container' },
    { command: 'outfit logs web-app --all-containers --tail=20', summary: 'The last lines of all' },
  ],
  async run(args, context) {
    const query = logQuery(args);
    const selector = args.value('selector');
    if (
      args.positionals.length > (selector === undefined ? 2 : 0) ||
      (args.positionals.length === 0 && selector === undefined)
    )
      throw new UsageError('expected a Pod, or a selector with -l', 'for example "outfit logs web-app"');
    const cluster = await connect(args, context);
    const pods =
      selector === undefined ? [await podNamed(cluster, args.positionals[0]!)] : await podsOf(cluster, selector);
    if (pods.length === 0) tell(context, `No resources found in ${cluster.namespace} namespace.`);
    const sources = pods.flatMap((pod) => sourcesOf(pod, args, query, context));
    if (args.flag('follow')) await Promise.all(sources.map((source) => copy(cluster, source, args, context)));
    else for (const source of sources) await copy(cluster, source, args, context);
    return undefined;
  },
};

/** @throws UsageError */
function logQuery(args: Args): Request['query'] {
  const since = args.value('since');
  const sinceTime = args.value('since-time');
  if (since !== undefined && sinceTime !== undefined)
    throw new UsageError('at most one of --since and --since-time may be used');
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime)))
    throw new UsageError(`invalid --since-time "${sinceTime}": RFC 3339`);
  if (args.flag('all-containers') && args.value('container') !== undefined)
    throw new UsageError('--all-containers and -c do not go together');
  const tail = args.value('tail') === undefined ? undefined : parseInteger(args.value('tail')!, '--tail');
  if (tail !== undefined && tail < -1) throw new UsageError('--tail must be greater than or equal to -1');
  const defaultTail = args.value('selector') === undefined ? undefined : 10;
  const limit = args.value('limit-bytes');
  return {
    follow: args.flag('follow') || undefined,
    previous: args.flag('previous') || undefined,
    timestamps: args.flag('timestamps') || undefined,
    tailLines: tail === -1 ? undefined : (tail ?? defaultTail),
    sinceSeconds: since === undefined ? undefined : Math.max(1, Math.ceil(parseDuration(since, '--since') / 1000)),
    sinceTime,
    limitBytes: limit === undefined ? undefined : parseInteger(limit, '--limit-bytes'),
  };
}

async function podsOf(cluster: Cluster, labelSelector: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${cluster.namespace}/pods`;
  return (await cluster.request<PodList>({ path, query: { labelSelector } })).items;
}

interface Source {
  path: string;
  query: Request['query'];
  prefix: string;
}

function sourcesOf(pod: Pod, args: Args, query: Request['query'], context: Context): Source[] {
  const given = args.value('container') ?? args.positionals[1];
  const containers = args.flag('all-containers') ? containerNames(pod) : [containerOf(pod, given, context)];
  const { namespace, name } = pod.metadata!;
  return containers.map((container) => ({
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    query: { ...query, container },
    prefix: args.flag('prefix') ? `[pod/${name}/${container}] ` : '',
  }));
}

async function copy(cluster: Cluster, { path, query, prefix }: Source, args: Args, context: Context): Promise<void> {
  const body = await cluster.stream({ path, query, accept: 'text/plain,application/json', signal: context.signal });
  // Whole lines only, where several logs may come at the same time.
  const byLine = prefix !== '' || (args.flag('follow') && args.flag('all-containers'));
  const { linesOf } = await import('../client/watch.ts');
  try {
    if (byLine) for await (const line of linesOf(body)) await write(context, `${prefix}${line}\n`);
    else for await (const chunk of body) await write(context, chunk as Buffer);
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : error;
  }
}

/** Waits for a slow reader. */
async function write(context: Context, chunk: string | Buffer): Promise<void> {
  if (context.stdout.write(chunk)) return;
  await Promise.race([
    new Promise((resolve) => context.stdout.once('drain', resolve)),
    finished(context.stdout, { readable: false }).catch(() => undefined),
  ]);
}
