import type { Pod } from '../../kube/generated/objects.ts';
import { type Context, Failure, tell } from '../command.ts';
import type { Cluster } from './cluster.ts';
import { pathOf, resourceNamed } from './resources.ts';

const DEFAULT_CONTAINER_ANNOTATION = 'kubectl.kubernetes.io/default-container';

/** The Pod that was typed: `web-app` or `pod/web-app`. @throws ServerError NotFound, Failure for another kind */
export async function podNamed(cluster: Cluster, typed: string): Promise<Pod> {
  const [type, name] = typed.includes('/') ? (typed.split('/', 2) as [string, string]) : (['pods', typed] as const);
  const resource = await resourceNamed(cluster, type);
  if (resource.name !== 'pods')
    throw new Failure(`cannot attach to or read from a ${resource.kind}: name the Pod itself`);
  return cluster.request<Pod>({ path: pathOf(resource, { namespace: cluster.namespace, name }) });
}

/** All containers of a Pod by name, in the order in which kubectl lists them: init, main, ephemeral. */
export function containerNames(pod: Pod): string[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  return [...initContainers, ...containers, ...ephemeralContainers].map((c) => c.name);
}

/**
 * The container that is meant when `-c` is not given: the annotated one, else the first, which is then told on stderr when there are several.
 * @throws Failure when `-c` names none, in kubectl's words
 */
export function containerOf(pod: Pod, given: string | undefined, context: Context): string {
  const name = pod.metadata?.name;
  if (given !== undefined) return given;
  const annotated = pod.metadata?.annotations?.[DEFAULT_CONTAINER_ANNOTATION];
  const main = (pod.spec?.containers ?? []).map((c) => c.name);
  if (annotated !== undefined && containerNames(pod).includes(annotated)) return annotated;
  const first = main[0];
  if (first === undefined) throw new Failure(`pod ${name} has no containers`);
  if (main.length > 1 || (pod.spec?.initContainers ?? []).length > 0)
    tell(context, `Defaulted container "${first}" out of: ${containersText(pod)}`);
  return first;
}

function containersText(pod: Pod): string {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  return [
    ...containers.map((c) => c.name),
    ...ephemeralContainers.map((c) => `${c.name} (ephem)`),
    ...initContainers.map((c) => `${c.name} (init)`),
  ].join(', ');
}
