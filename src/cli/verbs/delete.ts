import type { EventList } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { CLUSTER_OPTIONS, type Cluster, connect } from '../client/cluster.ts';
import { deadline } from '../client/deadline.ts';
import { FILE_OPTIONS } from '../client/manifests.ts';
import { type ObjectRef, untilObject } from '../client/object-watch.ts';
import { nameOf } from '../client/output.ts';
import { pathOf, typeName } from '../client/resources.ts';
import { selectedObjects } from '../client/selected.ts';
import { isNotFound } from '../client/server-error.ts';
import { SELECTOR_OPTIONS } from '../client/targets.ts';
import { type Args, type Command, type Context, Failure, print, tell, UsageError } from '../command.ts';
import { parseDuration, parseInteger } from '../duration.ts';
import { EXIT } from '../exit-codes.ts';

export const deleteVerb: Command = {
  name: 'delete',
  summary: 'delete objects and wait until they have gone',
  usage: ['TYPE NAME... [flags]', 'TYPE (-l LABELS | --all) [flags]', '-f FILE|DIR|- [flags]'],
  options: [
    { name: 'now', type: 'boolean', summary: 'a grace period of one second' },
    { name: 'force', type: 'boolean', summary: 'do not wait for the containers (with --grace-period=0)' },
    {
      name: 'grace-period',
      type: 'string',
      value: 'SECONDS',
      summary: "grace period; -1: the Pod's own",
      default: '-1',
    },
    { name: 'all', type: 'boolean', summary: 'all objects of the type in the namespace' },
    { name: 'all-namespaces', short: 'A', type: 'boolean', summary: 'of all namespaces' },
    { name: 'wait', type: 'boolean', summary: 'wait until the objects have gone', default: true },
    {
      name: 'timeout',
      type: 'string',
      value: 'DURATION',
      summary: 'how long to wait; 0: as long as it takes',
      default: '0s',
    },
    { name: 'ignore-not-found', type: 'boolean', summary: 'a name that is not there is no error' },
    { name: 'output', short: 'o', type: 'string', value: 'name', summary: 'name: print pod/web-app only' },
    { name: 'dry-run', type: 'string', value: 'server', summary: 'server: let the server check it and delete nothing' },
    ...FILE_OPTIONS,
    ...SELECTOR_OPTIONS,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit delete pod web-app', summary: 'One Pod, by its grace period' },
    { command: 'outfit delete po -l app=web --now', summary: 'Some Pods, quickly' },
    { command: 'outfit delete -f examples/web-app/pod.yaml', summary: 'What a manifest made' },
  ],
  async run(args, context) {
    const options = deleteOptions(args);
    const timeout = parseDuration(args.value('timeout')!, '--timeout');
    const cluster = await connect(args, context);
    const refs = await selectedObjects(cluster, args, context, { missing: 'keep' });
    if (refs.length === 0) {
      tell(context, 'No resources found');
      return EXIT.done;
    }
    if (args.flag('force'))
      tell(
        context,
        'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.',
      );
    const { deleted, failed } = await deleteAll(cluster, refs, options, args, context);
    if (args.flag('wait') && options.dryRun === undefined) await untilGone(cluster, deleted, timeout, context);
    return failed ? EXIT.error : EXIT.done;
  },
};

interface DeleteOptions {
  propagationPolicy: 'Background';
  gracePeriodSeconds?: number;
  dryRun?: ['All'];
}

/** As kubectl: `--now` is one second, `--force` means zero, and zero without `--force` becomes one. @throws UsageError */
function deleteOptions(args: Args): DeleteOptions {
  let grace = parseInteger(args.value('grace-period')!, '--grace-period');
  if (args.flag('now')) {
    if (grace !== -1) throw new UsageError('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  if (args.flag('force')) {
    if (grace > 0) throw new UsageError('--force and --grace-period greater than 0 cannot be specified together');
    grace = 0;
  } else if (grace === 0) grace = 1;
  const dryRun = args.value('dry-run') ?? 'none';
  if (dryRun !== 'none' && dryRun !== 'server')
    throw new UsageError(`invalid dry-run value (${dryRun}): none or server`);
  return {
    propagationPolicy: 'Background',
    ...(grace >= 0 && { gracePeriodSeconds: grace }),
    ...(dryRun === 'server' && { dryRun: ['All'] as ['All'] }),
  };
}

interface Deleted {
  ref: ObjectRef;
  uid: string | undefined;
}

async function deleteAll(cluster: Cluster, refs: ObjectRef[], options: DeleteOptions, args: Args, context: Context) {
  const deleted: Deleted[] = [];
  let failed = false;
  for (const ref of refs)
    try {
      const answer = await cluster.request<KubeObject & { details?: { uid?: string } }>({
        method: 'DELETE',
        path: pathOf(ref.resource, ref),
        body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
      });
      deleted.push({ ref, uid: answer.details?.uid ?? answer.metadata?.uid });
      const how = `${args.flag('force') ? 'force deleted' : 'deleted'}${options.dryRun ? ' (server dry run)' : ''}`;
      print(
        context,
        args.value('output') === 'name'
          ? nameOf(ref.resource, ref.name)
          : `${typeName(ref.resource)} "${ref.name}" ${how}`,
      );
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (isNotFound(error) && args.flag('ignore-not-found')) continue;
      tell(context, error.whole ? error.message : `error: ${error.message}`);
      failed = true;
    }
  return { deleted, failed };
}

/** An object of the same name that came after it counts as gone. */
async function untilGone(cluster: Cluster, deleted: Deleted[], timeout: number, context: Context): Promise<void> {
  const end = context.now().getTime() + timeout;
  for (const { ref, uid } of deleted) {
    const left = timeout > 0 ? Math.max(0, end - context.now().getTime()) : undefined;
    const late = (): Failure => new Failure(`timed out waiting for the condition on ${ref.resource.name}/${ref.name}`);
    const limit = deadline(context.signal, left, late);
    try {
      await untilObject(
        cluster,
        ref,
        limit.signal,
        (object) => object === undefined || (uid !== undefined && object.metadata.uid !== uid),
      );
    } finally {
      limit.clear();
    }
    if (ref.resource.name === 'pods' && uid !== undefined) await tellWhoWasDeaf(cluster, ref, uid, context);
  }
}

/** A deletion that took the whole grace period has a reason that somebody can mend: a container that ignores SIGTERM. The node has told it as an event. */
async function tellWhoWasDeaf(cluster: Cluster, ref: ObjectRef, uid: string, context: Context): Promise<void> {
  const path = `/api/v1/namespaces/${ref.namespace}/events`;
  const fieldSelector = `involvedObject.uid=${uid},reason=ExceededGracePeriod`;
  const { items } = await cluster
    .request<EventList>({ path, query: { fieldSelector }, signal: context.signal })
    .catch(() => ({ items: [] }) as unknown as EventList);
  for (const { message } of items) tell(context, `Warning: pod "${ref.name}": ${message}`);
}
