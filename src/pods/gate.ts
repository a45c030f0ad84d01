import { type Runtime, RuntimeError } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import { newest, type Observed, type ObservedContainer } from './observed.ts';
import { initContainers, isSidecar, mainContainers } from './pod-spec.ts';

/** A sidecar that was there to be passed has ended since: what comes after it must wait for its next start. */
export class GateClosed extends Error {
  override readonly name = 'GateClosed';
}

/** A kubelet looks at a new container up to a second after its start, and finds a sidecar that ended by then dead. Milliseconds. */
const YOUNG = 1_000;

/**
 * The sidecars that `container` may start after only if they live on: those before it that have just started and have no startup probe to
 * tell whether they are up. None once a main container exists: then the Pod is initialized for good.
 */
export function youngSidecars(
  pod: Pod,
  container: Container,
  { containers }: Observed,
  now: number,
): ObservedContainer[] {
  if (mainContainers(pod).some(({ name }) => newest(containers, name))) return [];
  const init = initContainers(pod);
  const place = init.findIndex(({ name }) => name === container.name);
  return init
    .slice(0, place < 0 ? init.length : place)
    .filter((one) => isSidecar(one) && !one.startupProbe)
    .map(({ name }) => newest(containers, name))
    .filter((one) => one?.state === 'RUNNING' && now - Date.parse(one.startedAt ?? '') < YOUNG) as ObservedContainer[];
}

/** @throws GateClosed when one of them does not run any more */
export async function mustRun(
  runtime: Pick<Runtime, 'containerStatus'>,
  sidecars: readonly ObservedContainer[],
): Promise<void> {
  const states = await Promise.all(sidecars.map(({ id }) => runtime.containerStatus(id).then(stateOf, goneIsEnded)));
  const ended = sidecars.find((_, index) => states[index] !== 'RUNNING');
  if (ended) throw new GateClosed(`sidecar ${ended.name} has ended`);
}

function stateOf({ state }: { state: string }): string {
  return state;
}

function goneIsEnded(error: unknown): string {
  if (error instanceof RuntimeError && error.code === 'NotFound') return 'EXITED';
  throw error;
}
