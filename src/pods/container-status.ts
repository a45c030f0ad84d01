import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
  Pod,
  VolumeMount,
  VolumeMountStatus,
} from '../kube/generated/objects.ts';
import { formatTime } from '../kube/time.ts';
import type { Health } from './health.ts';
import { shareOfMessage } from './message-share.ts';
import type { Observed, ObservedContainer } from './observed.ts';
import { ephemeralContainers, initContainers, isDeleted, isSidecar, restartPolicy } from './pod-spec.ts';
import { recursiveReadOnly } from './recursive-read-only.ts';
import { NO_ABILITIES, type RuntimeAbilities } from './runtime-abilities.ts';

/** Exit code of a container nobody knows the end of: that of SIGKILL. */
const UNKNOWN_EXIT_CODE = 137;
const LOST = 'ContainerStatusUnknown';

export interface ContainerStatusInput {
  pod: Pod;
  observed: Observed;
  health: Health;
  /** Why containers that do not run wait; set by the last attempt to start them. */
  waiting: ReadonlyMap<string, ContainerStateWaiting>;
  /** Default: what every runtime can. */
  runtime?: Pick<RuntimeAbilities, 'recursiveReadOnly'>;
}

/** The API's status of some containers of a Pod, ordered as given (`convertToAPIContainerStatuses`; UpdatePodStatus of the prober manager). */
export function containerStatuses(containers: Container[], input: ContainerStatusInput): ContainerStatus[] {
  return containers.map((container) => containerStatus(container, input));
}

/** Those of the ephemeral containers, by name: they are never ready, and nobody waits for their start. */
export function ephemeralStatuses(input: ContainerStatusInput): ContainerStatus[] {
  return containerStatuses(ephemeralContainers(input.pod), input)
    .map(({ started: _, ...status }) => ({ ...(isLost(status) ? ended(status) : status), ready: false }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The runtime has lost a container that ran. */
function isLost({ state, lastState }: ContainerStatus): boolean {
  return state?.waiting !== undefined && lastState?.terminated?.reason === LOST;
}

/** What is lost of an ephemeral container is not started again: it has ended. */
function ended({ lastState = {}, ...status }: ContainerStatus): ContainerStatus {
  return { ...status, state: lastState, lastState: {} };
}

/** How a container ended whose end nobody saw. */
export function unknownEnd(message: string): ContainerStateTerminated {
  return {
    exitCode: UNKNOWN_EXIT_CODE,
    finishedAt: null as unknown as undefined,
    message,
    reason: LOST,
    startedAt: null as unknown as undefined,
  } as ContainerStateTerminated;
}

function containerStatus(container: Container, input: ContainerStatusInput): ContainerStatus {
  const { pod, observed, health, waiting, runtime = NO_ABILITIES } = input;
  const [current, previous] = observed.containers.filter(({ name }) => name === container.name);
  const base = current ? observedStatus(pod, container, current, previous) : missingStatus(pod, container);
  const reason = waiting.get(container.name);
  const status = reason && mayWait(pod, container, current) ? waitingStatus(base, reason) : base;
  const mounts = volumeMounts(container, runtime);
  return {
    ...status,
    ...(mounts.length > 0 && { volumeMounts: mounts }),
    ...healthOf(pod, container, status, { current, health }),
  };
}

function observedStatus(
  pod: Pod,
  container: Container,
  current: ObservedContainer,
  previous: ObservedContainer | undefined,
): ContainerStatus {
  const { requests } = container.resources ?? {};
  return {
    ...(requests && { allocatedResources: requests }),
    containerID: containerID(current),
    image: current.image,
    imageID: current.imageRef,
    // One that is about to start must not count as stopped: under Never that would be the end of the Pod.
    lastState: previous?.state === 'EXITED' && hasBegun(current) ? { terminated: terminated(pod, previous) } : {},
    name: container.name,
    ready: false,
    resources: container.resources ?? {},
    restartCount: current.attempt,
    state: stateOf(pod, current),
    ...(current.user && { user: { linux: current.user } }),
  };
}

function hasBegun({ state }: ObservedContainer): boolean {
  return state === 'RUNNING' || state === 'EXITED';
}

/** The runtime knows nothing of the container: it was not made yet, or it was lost. */
function missingStatus(pod: Pod, container: Container): ContainerStatus {
  const old = oldStatus(pod, container.name);
  const state: ContainerState = { waiting: { reason: defaultReason(pod) } };
  const fresh = { image: container.image ?? '', imageID: '', name: container.name, ready: false };
  if (!old) return { ...fresh, lastState: {}, restartCount: 0, state };
  // How a container ended is not forgotten because it was removed.
  if (old.state?.terminated) return { ...old, ready: false };
  const { restartCount, lastState = {} } = old;
  if (!old.state?.running || lastState.terminated) return { ...fresh, lastState, restartCount, state };
  const end = unknownEnd(
    'The container could not be located when the pod was deleted.  The container used to be Running',
  );
  const lost = isDeleted(pod) ? 0 : 1;
  return { ...fresh, lastState: { terminated: end }, restartCount: restartCount + lost, state };
}

function defaultReason(pod: Pod): string {
  return initContainers(pod).length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** A waiting reason shows only where the container would run if it could. */
function mayWait(pod: Pod, container: Container, current: ObservedContainer | undefined): boolean {
  if (!current || current.state === 'CREATED') return true;
  if (current.state !== 'EXITED' || isDeleted(pod)) return false;
  if (isSidecar(container)) return true;
  const isInit = initContainers(pod).some(({ name }) => name === container.name);
  const policy = restartPolicy(pod);
  if (policy === 'Always' && !isInit) return true;
  return policy !== 'Never' && current.exitCode !== 0;
}

function waitingStatus(status: ContainerStatus, waiting: ContainerStateWaiting): ContainerStatus {
  const end = status.state?.terminated;
  return { ...status, state: { waiting }, lastState: end ? { terminated: end } : (status.lastState ?? {}) };
}

interface HealthFacts {
  current: ObservedContainer | undefined;
  health: Health;
}

function healthOf(
  pod: Pod,
  container: Container,
  { state }: ContainerStatus,
  { current, health }: HealthFacts,
): { ready: boolean; started: boolean } {
  const started = state?.running !== undefined && current !== undefined && health.started(current);
  const isRegularInit = !isSidecar(container) && initContainers(pod).some(({ name }) => name === container.name);
  if (isRegularInit) return { ready: state?.terminated?.exitCode === 0, started };
  return { ready: started && health.ready(current), started };
}

function stateOf(pod: Pod, container: ObservedContainer): ContainerState {
  switch (container.state) {
    case 'RUNNING':
      return { running: { startedAt: seconds(container.startedAt) } };
    case 'EXITED':
      return { terminated: terminated(pod, container) };
    default:
      return { waiting: { reason: 'ContainerCreating' } };
  }
}

function terminated(pod: Pod, container: ObservedContainer): ContainerStateTerminated {
  const message = shareOfMessage(pod, container.message);
  const { exitCode, reason, startedAt, finishedAt } = container;
  return {
    containerID: containerID(container),
    exitCode,
    finishedAt: seconds(finishedAt),
    ...(message !== '' && { message }),
    ...(reason !== '' && { reason }),
    startedAt: seconds(startedAt),
  };
}

/** A time that the runtime does not know is the epoch, as with the kubelet. */
function seconds(time: string | undefined): string {
  return formatTime(new Date(time ?? 0));
}

function containerID({ id }: ObservedContainer): string {
  return `containerd://${id}`;
}

/** `recursiveReadOnly` tells what is, not what was asked for. */
function volumeMounts(
  { volumeMounts: mounts = [] }: Container,
  runtime: Pick<RuntimeAbilities, 'recursiveReadOnly'>,
): VolumeMountStatus[] {
  return mounts.map((mount) => ({
    mountPath: mount.mountPath,
    name: mount.name,
    ...(mount.readOnly && {
      readOnly: true,
      recursiveReadOnly: isRecursive(mount, runtime) ? 'Enabled' : 'Disabled',
    }),
  }));
}

/** A mount that was refused is none. */
function isRecursive(mount: VolumeMount, runtime: Pick<RuntimeAbilities, 'recursiveReadOnly'>): boolean {
  try {
    return recursiveReadOnly(mount, runtime);
  } catch {
    return false;
  }
}

function oldStatus({ status }: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses: mains = [], initContainerStatuses: init = [] } = status ?? {};
  const { ephemeralContainerStatuses: ephemeral = [] } = status ?? {};
  return [...init, ...mains, ...ephemeral].find((one) => one.name === name);
}
