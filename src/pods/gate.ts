import { type Runtime, RuntimeError } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import type { Clock } from './clock.ts';
import { newest, type Observed, type ObservedContainer } from './observed.ts';
import { ephemeralContainers, initContainers, isSidecar, mainContainers } from './pod-spec.ts';

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
  if (ephemeralContainers(pod).some(({ name }) => name === container.name)) return [];
  const init = initContainers(pod);
  const place = init.findIndex(({ name }) => name === container.name);
  return init
    .slice(0, place < 0 ? init.length : place)
    .filter((one) => isSidecar(one) && !one.startupProbe)
    .map(({ name }) => newest(containers, name))
    .filter((one) => one?.state === 'RUNNING' && now - Date.parse(one.startedAt ?? '') < YOUNG) as ObservedContainer[];
}

/** Milliseconds that a new sidecar without startup probe must have lived before it counts as started: a command that fails at once has ended by then. */
export const SETTLING = 150;

interface GateTools {
  runtime: Pick<Runtime, 'containerStatus'>;
  clock: Clock;
  /** See SETTLING. */
  settlingMs: number;
}

/**
 * Waits until the youngest of them has settled.
 * @throws GateClosed when one of them does not run any more; the signal's reason
 */
export async function mustRun(
  { runtime, clock, settlingMs }: GateTools,
  sidecars: readonly ObservedContainer[],
  signal: AbortSignal,
): Promise<void> {
  if (sidecars.length === 0) return;
  const now = clock.now();
  // A start that seems to lie in the future: the clock was set back.
  const ages = sidecars.map(({ startedAt = '' }) => Math.max(0, now - Date.parse(startedAt)));
  await wait(clock, settlingMs - Math.min(...ages), signal);
  const states = await Promise.all(sidecars.map(({ id }) => runtime.containerStatus(id).then(stateOf, goneIsEnded)));
  const ended = sidecars.find((_, index) => states[index] !== 'RUNNING');
  if (ended) throw new GateClosed(`sidecar ${ended.name} has ended`);
}

async function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
  signal.throwIfAborted();
}

function stateOf({ state }: { state: string }): string {
  return state;
}

function goneIsEnded(error: unknown): string {
  if (error instanceof RuntimeError && error.code === 'NotFound') return 'EXITED';
  throw error;
}
