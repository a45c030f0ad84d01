import type { KubeObject } from '../../kube/object.ts';
import { CLUSTER_OPTIONS, type Cluster, connect } from '../client/cluster.ts';
import { FILE_OPTIONS, type ManifestObject, readManifests } from '../client/manifests.ts';
import { nameOf } from '../client/output.ts';
import { pathOf, resourceOfKind } from '../client/resources.ts';
import { ServerError } from '../client/server-error.ts';
import { type Args, type Command, type Context, Failure, print, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const create: Command = {
  name: 'create',
  summary: 'create objects from manifests',
  usage: ['-f FILE|DIR|- [flags]'],
  options: [
    ...FILE_OPTIONS,
    {
      name: 'dry-run',
      type: 'string',
      value: 'server',
      summary: 'server: let the server check it and create nothing; none',
    },
    {
      name: 'validate',
      type: 'string',
      value: 'MODE',
      summary: 'unknown fields: strict (an error), warn or ignore',
      default: 'strict',
    },
    { name: 'output', short: 'o', type: 'string', value: 'FORMAT', summary: 'name, json, yaml, jsonpath=…' },
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit create -f examples/web-app/pod.yaml', summary: 'Create a Pod on the node' },
    { command: 'cat pod.yaml | outfit create -n team-a -f -', summary: 'From a pipe, in a namespace' },
  ],
  async run(args, context) {
    if (args.positionals.length > 0)
      throw new UsageError(`unexpected argument: ${args.positionals[0]}`, 'manifests are given with -f');
    const files = args.values('filename');
    if (files.length === 0) throw new UsageError('must specify -f');
    const request = requestOptions(args);
    const manifests = await readManifests(files, args.flag('recursive'), context);
    const cluster = await connect(args, context);
    let failed = 0;
    for (const manifest of manifests) failed += (await createOne(cluster, manifest, request, args, context)) ? 0 : 1;
    return failed > 0 ? EXIT.error : EXIT.done;
  },
};

interface CreateRequest {
  dryRun?: 'All';
  fieldValidation: string;
  fieldManager: string;
}

function requestOptions(args: Args): CreateRequest {
  const dryRun = args.value('dry-run') ?? 'none';
  if (dryRun !== 'none' && dryRun !== 'server')
    throw new UsageError(`invalid dry-run value (${dryRun}): none or server`);
  const modes: Record<string, string> = {
    strict: 'Strict',
    true: 'Strict',
    warn: 'Warn',
    ignore: 'Ignore',
    false: 'Ignore',
  };
  const fieldValidation = modes[args.value('validate')!];
  if (!fieldValidation) throw new UsageError(`invalid --validate "${args.value('validate')}": strict, warn or ignore`);
  return { fieldValidation, fieldManager: 'outfit-create', ...(dryRun === 'server' && { dryRun: 'All' as const }) };
}

/** @returns false when the server refused it: the other objects are still tried, as kubectl does. */
async function createOne(
  cluster: Cluster,
  { object, source }: ManifestObject,
  query: CreateRequest,
  args: Args,
  context: Context,
) {
  try {
    const resource = await resourceOfKind(cluster, object.apiVersion, object.kind);
    const namespace = namespaceOf(object, args.value('namespace'), cluster.namespace);
    const created = await cluster.request<KubeObject>({
      method: 'POST',
      path: pathOf(resource, { namespace }),
      query: { ...query },
      body: resource.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object,
    });
    await show(created, nameOf(resource, created.metadata.name!), query.dryRun !== undefined, args, context);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.hint && !(error instanceof ServerError)) throw error;
    const shown = error instanceof ServerError ? error.from('creating', source) : error;
    tell(context, shown.whole ? shown.message : `error: ${shown.message}`);
    return false;
  }
}

async function show(created: KubeObject, name: string, dryRun: boolean, args: Args, context: Context): Promise<void> {
  const format = args.value('output');
  if (format === undefined) print(context, `${name} created${dryRun ? ' (server dry run)' : ''}`);
  else {
    const { outputOf } = await import('../client/output.ts');
    const output = outputOf(format);
    if (output.form === 'name') print(context, name);
    else if (output.form === 'objects') context.stdout.write(await output.text(created));
    else throw new UsageError(`create prints name, json, yaml or jsonpath=…, not "${format}"`);
  }
}

export function namespaceOf(object: KubeObject, flag: string | undefined, fallback: string): string {
  const own = object.metadata?.namespace;
  if (own !== undefined && flag !== undefined && own !== flag)
    throw new Failure(
      `the namespace from the provided object "${own}" does not match the namespace "${flag}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  return own ?? fallback;
}
