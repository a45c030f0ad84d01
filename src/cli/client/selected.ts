import type { KubeObject } from '../../kube/object.ts';
import { type Args, type Context, Failure, UsageError } from '../command.ts';
import type { Cluster } from './cluster.ts';
import type { ObjectRef } from './object-watch.ts';
import { pathOf, resourceOfKind } from './resources.ts';
import { isNotFound } from './server-error.ts';
import { type Target, targetsOf } from './targets.ts';

/**
 * The objects that a verb is about: by name, by `-f`, by selector or `--all`. Expects the options filename, recursive, selector, field-selector, all
 * and all-namespaces.
 * @param options.missing what a name that is not there means: an error, nothing, or an object to come
 * @throws ServerError NotFound, UsageError
 */
export async function selectedObjects(
  cluster: Cluster,
  args: Args,
  context: Context,
  options: { missing: 'fail' | 'drop' | 'keep' },
): Promise<ObjectRef[]> {
  const files = args.values('filename');
  if (files.length > 0) return existing(cluster, await inFiles(cluster, files, args, context), options.missing);
  if (args.positionals.length === 0)
    throw new UsageError(
      'resource(s) were provided, but no name, label selector, or --all flag specified',
      'for example "pod/web-app" or -f FILE',
    );
  const targets = await targetsOf(cluster, args.positionals);
  const named = targets.flatMap(({ resource, names }) =>
    names.map((name) => ({ resource, namespace: cluster.namespace, name })),
  );
  if (named.length > 0) {
    if (args.value('selector') !== undefined || args.flag('all'))
      throw new Failure('name cannot be provided when a selector is specified');
    return existing(cluster, named, options.missing);
  }
  const selecting =
    args.value('selector') !== undefined || args.value('field-selector') !== undefined || args.flag('all');
  if (!selecting) throw new Failure('resource(s) were provided, but no name was specified');
  return (await Promise.all(targets.map((target) => listed(cluster, target, args)))).flat();
}

async function inFiles(cluster: Cluster, files: string[], args: Args, context: Context): Promise<ObjectRef[]> {
  const { readManifests } = await import('./manifests.ts');
  const manifests = await readManifests(files, args.flag('recursive'), context);
  return Promise.all(
    manifests.map(async ({ object }) => ({
      resource: await resourceOfKind(cluster, object.apiVersion, object.kind),
      namespace: object.metadata?.namespace ?? cluster.namespace,
      name: object.metadata?.name ?? '',
    })),
  );
}

async function existing(cluster: Cluster, refs: ObjectRef[], missing: 'fail' | 'drop' | 'keep'): Promise<ObjectRef[]> {
  if (missing === 'keep') return refs;
  const found: ObjectRef[] = [];
  for (const ref of refs)
    try {
      await cluster.request({ path: pathOf(ref.resource, ref) });
      found.push(ref);
    } catch (error) {
      if (missing === 'fail' || !isNotFound(error)) throw error;
    }
  return found;
}

async function listed(cluster: Cluster, { resource }: Target, args: Args): Promise<ObjectRef[]> {
  const list = await cluster.request<{ items: KubeObject[] }>({
    path: pathOf(resource, { namespace: args.flag('all-namespaces') ? undefined : cluster.namespace }),
    query: { labelSelector: args.value('selector'), fieldSelector: args.value('field-selector') },
  });
  return list.items.map((item) => ({ resource, namespace: item.metadata.namespace ?? '', name: item.metadata.name! }));
}
