import type { KubeObject } from '../../kube/object.ts';
import { CLUSTER_OPTIONS, type Cluster, connect } from '../client/cluster.ts';
import { deadline } from '../client/deadline.ts';
import { JsonPathError, jsonPathValues, valueText } from '../client/jsonpath.ts';
import { FILE_OPTIONS } from '../client/manifests.ts';
import { type ObjectRef, untilObject } from '../client/object-watch.ts';
import { nameOf } from '../client/output.ts';
import { pluralName } from '../client/resources.ts';
import { selectedObjects } from '../client/selected.ts';
import { isNotFound } from '../client/server-error.ts';
import { SELECTOR_OPTIONS } from '../client/targets.ts';
import { type Args, type Command, type Context, Failure, print, UsageError } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { EXIT } from '../exit-codes.ts';

export const wait: Command = {
  name: 'wait',
  summary: 'wait until objects are as said',
  usage: [
    'TYPE/NAME... --for=condition=Ready [flags]',
    'TYPE [NAME...|-l LABELS|--all] --for=delete [flags]',
    "-f FILE --for=jsonpath='{.status.phase}'=Running [flags]",
  ],
  options: [
    {
      name: 'for',
      type: 'string',
      value: 'WHAT',
      summary: 'condition=NAME[=VALUE], delete, create, jsonpath={PATH}[=VALUE]',
    },
    { name: 'timeout', type: 'string', value: 'DURATION', summary: '0: look once; negative: a week', default: '30s' },
    { name: 'all', type: 'boolean', summary: 'all objects of the type in the namespace' },
    { name: 'all-namespaces', short: 'A', type: 'boolean', summary: 'of all namespaces' },
    ...FILE_OPTIONS,
    ...SELECTOR_OPTIONS,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    { command: 'outfit wait --for=condition=Ready pod/web-app', summary: 'Until a Pod is ready' },
    { command: 'outfit wait --for=delete pod -l app=web --timeout=60s', summary: 'Until Pods have gone' },
  ],
  async run(args, context) {
    const goal = goalOf(args.value('for'));
    const given = parseDuration(args.value('timeout')!, '--timeout');
    const timeout = given < 0 ? WEEK_MS : given;
    const cluster = await connect(args, context);
    const refs = await selectedObjects(cluster, args, context, { missing: goal.missing });
    if (refs.length === 0) {
      if (goal.missing === 'drop') return EXIT.done;
      throw new Failure('no matching resources found', { whole: false });
    }
    const end = context.now().getTime() + timeout;
    const failures: Failure[] = [];
    for (const ref of refs) await waitFor(cluster, ref, goal, end, args, context).catch(collect(failures));
    for (const failure of failures)
      context.stderr.write(failure.whole ? `${failure.message}\n` : `error: ${failure.message}\n`);
    return failures.length > 0 ? EXIT.error : EXIT.done;
  },
};

const WEEK_MS = 7 * 24 * 3_600_000;

function collect(failures: Failure[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Failure)) throw error;
    failures.push(error);
  };
}

interface Goal {
  /** How a name that is not there counts: an error, done, or something to wait for. */
  missing: 'fail' | 'drop' | 'keep';
  reached(object: KubeObject | undefined): boolean;
  /** What timed out: `condition`, `condition on jsonpath …`. */
}

/** Reads `--for`. @throws UsageError */
function goalOf(text: string | undefined): Goal {
  if (text === undefined) throw new UsageError('--for is missing', 'for example --for=condition=Ready');
  if (text === 'delete') return { missing: 'drop', reached: (object) => object === undefined };
  if (text === 'create') return { missing: 'keep', reached: (object) => object !== undefined };
  const condition = /^condition=([^=]+)(?:=(.*))?$/.exec(text);
  if (condition) return conditionGoal(condition[1]!, condition[2] ?? 'true');
  const path = /^jsonpath=(\{.*?\}|'\{.*?\}'|[^=]+)(?:==?(.*))?$/s.exec(text);
  if (path) return jsonPathGoal(path[1]!.replaceAll(/^'|'$/g, ''), path[2]);
  throw new UsageError(
    `unrecognized condition: "${text}"`,
    'condition=NAME[=VALUE], delete, create or jsonpath={PATH}[=VALUE]',
  );
}

interface Condition {
  type: string;
  status: string;
}

function conditionGoal(type: string, value: string): Goal {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  return {
    missing: 'fail',
    reached: (object) => {
      if (object === undefined) throw new Failure('the object was deleted while it was waited for');
      const conditions = (object.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
      return conditions.some((c) => same(c.type, type) && same(c.status, value));
    },
  };
}

function jsonPathGoal(path: string, wanted: string | undefined): Goal {
  let values: (object: unknown) => unknown[];
  try {
    values = jsonPathValues(path);
  } catch (error) {
    throw error instanceof JsonPathError ? new UsageError(`error parsing jsonpath ${path}: ${error.message}`) : error;
  }
  const plain = wanted?.replaceAll(/^["']|["']$/g, '');
  return {
    missing: 'fail',
    reached: (object) => {
      const found = object === undefined ? [] : values(object);
      return plain === undefined ? found.length > 0 : found.some((v) => valueText(v) === plain);
    },
  };
}

async function waitFor(
  cluster: Cluster,
  ref: ObjectRef,
  goal: Goal,
  end: number,
  args: Args,
  context: Context,
): Promise<void> {
  const late = (): Failure =>
    new Failure(`timed out waiting for the condition on ${pluralName(ref.resource)}/${ref.name}`);
  const limit = deadline(context.signal, Math.max(0, end - context.now().getTime()), late);
  try {
    if (args.value('timeout') === '0' || args.value('timeout') === '0s') await lookOnce(cluster, ref, goal, late);
    else await untilObject(cluster, ref, limit.signal, goal.reached);
  } finally {
    limit.clear();
  }
  print(context, `${nameOf(ref.resource, ref.name)} condition met`);
}

async function lookOnce(
  cluster: Cluster,
  { resource, namespace, name }: ObjectRef,
  goal: Goal,
  late: () => Failure,
): Promise<void> {
  const { pathOf } = await import('../client/resources.ts');
  const object = await cluster
    .request<KubeObject>({ path: pathOf(resource, { namespace, name }) })
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  if (!goal.reached(object)) throw late();
}
