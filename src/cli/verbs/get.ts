import type { KubeObject } from '../../kube/object.ts';
import { CLUSTER_OPTIONS, type Cluster, connect, type Request } from '../client/cluster.ts';
import { listOf, nameOf, type Output, outputOf } from '../client/output.ts';
import { pathOf, type Resource, typeName } from '../client/resources.ts';
import { TABLE_ACCEPT, type Table, TablePrinter } from '../client/table.ts';
import { SELECTOR_OPTIONS, type Target, targetsOf } from '../client/targets.ts';
import { type Args, type Command, type Context, Failure, print, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const get: Command = {
  name: 'get',
  summary: 'show objects: pods and everything else that the API serves',
  usage: ['TYPE [NAME...] [flags]', 'TYPE/NAME... [flags]'],
  options: [
    {
      name: 'output',
      short: 'o',
      type: 'string',
      value: 'FORMAT',
      summary: 'wide, yaml, json, name, jsonpath=TEMPLATE',
    },
    { name: 'watch', short: 'w', type: 'boolean', summary: 'after the list, go on with every change' },
    { name: 'watch-only', type: 'boolean', summary: 'changes only, without the list' },
    { name: 'all-namespaces', short: 'A', type: 'boolean', summary: 'of all namespaces' },
    { name: 'no-headers', type: 'boolean', summary: 'no line with the names of the columns' },
    { name: 'ignore-not-found', type: 'boolean', summary: 'a name that is not there is no error' },
    ...SELECTOR_OPTIONS,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit get po', summary: 'The Pods' },
    { command: 'outfit get po -l app=web -o wide -w', summary: 'Some Pods with their addresses, and every change' },
    { command: "outfit get pod web-app -o jsonpath='{.status.podIP}'", summary: 'One field' },
  ],
  async run(args, context) {
    if (args.positionals.length === 0)
      throw new UsageError('you must specify the type of resource to get', 'for example "outfit get pods"');
    const output = outputOf(args.value('output'));
    const cluster = await connect(args, context);
    const targets = await targetsOf(cluster, args.positionals);
    const query = { cluster, args, context, output };
    checkSelectors(targets, args);
    if (args.flag('watch') || args.flag('watch-only')) return watchTargets(targets, query);
    const failures = output.form === 'table' ? await tables(targets, query) : await objects(targets, query);
    for (const failure of failures) tell(context, failure.whole ? failure.message : `error: ${failure.message}`);
    return failures.length > 0 ? EXIT.error : EXIT.done;
  },
};

interface Query {
  cluster: Cluster;
  args: Args;
  context: Context;
  output: Output;
}

function checkSelectors(targets: Target[], args: Args): void {
  const selecting = args.value('selector') !== undefined || args.value('field-selector') !== undefined;
  if (!targets.some((t) => t.names.length > 0)) return;
  if (selecting) throw new Failure('name cannot be provided when a selector is specified');
  if (args.flag('all-namespaces')) throw new Failure('a resource cannot be retrieved by name across all namespaces');
}

/** The requests that one target takes: one for each name, or one for the collection. */
function requestsOf({ resource, names }: Target, { cluster, args }: Query, accept: string): Request[] {
  const namespace = args.flag('all-namespaces') ? undefined : cluster.namespace;
  if (names.length > 0) return names.map((name) => ({ path: pathOf(resource, { namespace, name }), accept }));
  const selectors = { labelSelector: args.value('selector'), fieldSelector: args.value('field-selector') };
  return [{ path: pathOf(resource, { namespace }), query: { ...selectors, limit: 500 }, accept }];
}

/** Carries the requests out; what is not there is a failure to tell after the rest. */
async function answers<T>(requests: Request[], { cluster, args }: Query): Promise<{ found: T[]; failures: Failure[] }> {
  const { isNotFound } = await import('../client/server-error.ts');
  const found: T[] = [];
  const failures: Failure[] = [];
  for (const request of requests)
    try {
      for (let next: string | undefined = ''; next !== undefined; ) {
        const query: Request['query'] = { ...request.query, ...(next && { continue: next }) };
        const answer: T = await cluster.request<T>({ ...request, query });
        found.push(answer);
        next = (answer as { metadata?: { continue?: string } }).metadata?.continue || undefined;
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (!args.flag('ignore-not-found')) failures.push(error as Failure);
    }
  return { found, failures };
}

async function tables(targets: Target[], query: Query): Promise<Failure[]> {
  const { context, args } = query;
  const failures: Failure[] = [];
  let shown = 0;
  for (const target of targets) {
    const answer = await answers<Table>(requestsOf(target, query, TABLE_ACCEPT), query);
    failures.push(...answer.failures);
    const printer = printerOf(target.resource, query, targets.length > 1);
    const lines = answer.found.flatMap((table) => printer.lines(table));
    if (lines.length === 0) continue;
    if (shown > 0) print(context, '');
    for (const line of lines) print(context, line);
    shown += lines.length;
  }
  if (shown === 0 && failures.length === 0 && !args.flag('ignore-not-found'))
    tell(context, nothingFound(targets, query));
  return failures;
}

function nothingFound(targets: Target[], { args, cluster }: Query): string {
  const namespaced = targets.some((t) => t.resource.namespaced) && !args.flag('all-namespaces');
  return namespaced ? `No resources found in ${cluster.namespace} namespace.` : 'No resources found';
}

function printerOf(resource: Resource, { output, args }: Query, several: boolean): TablePrinter {
  return new TablePrinter({
    wide: output.form === 'table' && output.wide,
    namespace: args.flag('all-namespaces') && resource.namespaced,
    headers: !args.flag('no-headers'),
    prefix: several ? `${typeName(resource)}/` : '',
  });
}

async function objects(targets: Target[], query: Query): Promise<Failure[]> {
  const { context, output } = query;
  const failures: Failure[] = [];
  const items: { resource: Resource; object: KubeObject }[] = [];
  for (const target of targets) {
    const answer = await answers<KubeObject>(requestsOf(target, query, 'application/json'), query);
    failures.push(...answer.failures);
    for (const found of answer.found)
      items.push(...itemsOf(found, target).map((object) => ({ resource: target.resource, object })));
  }
  const single = targets.length === 1 && targets[0]!.names.length === 1;
  if (output.form === 'name')
    for (const { resource, object } of items) print(context, nameOf(resource, object.metadata.name!));
  else if (output.form === 'objects') {
    if (!single) context.stdout.write(await output.text(listOf(items.map((i) => i.object))));
    else if (items[0]) context.stdout.write(await output.text(items[0].object));
  }
  return failures;
}

/** A list's items with the kind that the list leaves out. */
function itemsOf(found: KubeObject, { resource, names }: Target): KubeObject[] {
  if (names.length > 0) return [found];
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return ((found.items as KubeObject[] | undefined) ?? []).map((item) => ({
    apiVersion,
    kind: resource.kind,
    ...item,
  }));
}

/** Lists and follows until Ctrl-C. One kind only, as with kubectl. */
async function watchTargets(targets: Target[], query: Query): Promise<undefined> {
  if (targets.length !== 1 || targets[0]!.names.length > 1)
    throw new Failure('you may only specify a single resource type, and one name at most, with --watch');
  const { watch } = await import('../client/watch.ts');
  const [target] = targets as [Target];
  const { cluster, output, context, args } = query;
  const accept = output.form === 'table' ? TABLE_ACCEPT : 'application/json';
  const request = watchRequest(target, query, accept);
  const printOne = changePrinter(target, query);
  const list = await cluster.request<KubeObject & Partial<Table>>(request);
  if (target.names.length > 0 && (list.rows ?? (list.items as unknown[]))?.length === 0)
    await cluster.request({ path: pathOf(target.resource, { namespace: cluster.namespace, name: target.names[0] }) });
  if (!args.flag('watch-only'))
    for (const item of list.kind === 'Table' ? [list] : itemsOf(list, { ...target, names: [] })) await printOne(item);
  const signalled = { ...request, signal: context.signal };
  for await (const event of watch<KubeObject>(cluster, signalled, list.metadata.resourceVersion ?? '0', versionOf))
    await printOne(event.object);
  return undefined;
}

function watchRequest({ resource, names }: Target, { cluster, args }: Query, accept: string): Request {
  const namespace = args.flag('all-namespaces') ? undefined : cluster.namespace;
  const fieldSelector = names.length > 0 ? `metadata.name=${names[0]}` : args.value('field-selector');
  return {
    path: pathOf(resource, { namespace }),
    query: { labelSelector: args.value('selector'), fieldSelector },
    accept,
  };
}

function changePrinter({ resource }: Target, query: Query): (value: KubeObject) => Promise<void> {
  const { context, output } = query;
  const printer = printerOf(resource, query, false);
  return async (value) => {
    if (output.form === 'table') for (const line of printer.lines(value as unknown as Table)) print(context, line);
    else if (output.form === 'name') print(context, nameOf(resource, value.metadata.name!));
    else context.stdout.write(await output.text(value));
  };
}

/** The version of a watched object, also when it comes as a table of one row. */
function versionOf(value: KubeObject): string | undefined {
  const row = (value as unknown as Table).rows?.[0]?.object;
  return row?.metadata?.resourceVersion ?? value.metadata?.resourceVersion;
}
