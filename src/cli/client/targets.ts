import { Failure, type Option } from '../command.ts';
import type { Cluster } from './cluster.ts';
import { type Resource, resourceNamed } from './resources.ts';

export const SELECTOR_OPTIONS: Option[] = [
  {
    name: 'selector',
    short: 'l',
    type: 'string',
    value: 'LABELS',
    summary: 'label selector: app=web,tier!=db,x in (a,b)',
  },
  { name: 'field-selector', type: 'string', value: 'FIELDS', summary: 'field selector: status.phase=Running' },
];

/** A kind, and the names that the user gave; none means all. */
export interface Target {
  resource: Resource;
  names: string[];
}

/**
 * Reads `pods web-app`, `pod/web-app node/x`, `po,no` as kubectl does. @throws Failure in kubectl's words
 */
export async function targetsOf(cluster: Cluster, positionals: string[]): Promise<Target[]> {
  const [first, ...names] = positionals;
  if (first === undefined) throw new Failure('you must specify the type of resource', { hint: 'for example: pods' });
  if (positionals.some((p) => p.includes('/'))) return slashTargets(cluster, positionals);
  const types = first.split(',').filter((t) => t !== '');
  return Promise.all(
    types.map(async (type) => ({ resource: await resourceNamed(cluster, type), names: [...new Set(names)] })),
  );
}

async function slashTargets(cluster: Cluster, positionals: string[]): Promise<Target[]> {
  const targets: Target[] = [];
  for (const positional of positionals) {
    const [type, name, ...more] = positional.split('/');
    if (!type || !name || more.length > 0)
      throw new Failure(
        positional.includes('/')
          ? `arguments in resource/name form must have a single resource and name`
          : 'there is no need to specify a resource type as a separate argument when passing arguments in resource/name form',
        { hint: `for example "outfit get ${type || 'pod'}/${name || 'NAME'}"` },
      );
    const resource = await resourceNamed(cluster, type);
    const same = targets.find((t) => t.resource === resource);
    if (same) same.names.push(name);
    else targets.push({ resource, names: [name] });
  }
  return targets;
}
