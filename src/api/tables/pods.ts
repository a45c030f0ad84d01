import type { ContainerState, ContainerStatus, Pod } from '../../kube/generated/objects.ts';
import { timeSince } from './human-duration.ts';
import { AGE, type Cell, column, NAME, orNone, type TableKind } from './table.ts';

/** kubectl's columns of Pods (Kubernetes `printPod`, `pkg/printers/internalversion/printers.go`). */
export const pods: TableKind<Pod> = {
  columns: [
    NAME,
    column('Ready', 'Containers that are ready, of all that should be.'),
    column('Status', 'Where the Pod is in its life, or what keeps it from going on.'),
    column('Restarts', 'How often containers have been restarted, and how long ago the last time.'),
    AGE,
    column('IP', "The Pod's address.", { priority: 1 }),
    column('Node', 'Node that runs the Pod.', { priority: 1 }),
    column('Nominated Node', 'Node on which room is being made for the Pod.', { priority: 1 }),
    column('Readiness Gates', 'Readiness gates that are passed, of all.', { priority: 1 }),
  ],
  cells: (pod, now) => [...mainCells(pod, now), ...wideCells(pod)],
  conditions: ({ status }) => {
    const text = TERMINAL[status?.phase ?? ''];
    return text ? [{ type: 'Completed', status: 'True', reason: status!.phase!, message: text }] : [];
  },
};

const TERMINAL: Record<string, string> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

function mainCells(pod: Pod, now: Date): Cell[] {
  const init = summarizeInit(pod);
  const initializing = init.reason !== undefined && conditionStatus(pod, 'Initialized') !== 'True';
  const main = initializing ? undefined : summarizeMain(pod.status?.containerStatuses ?? []);
  const ready = init.ready + (main?.ready ?? 0);
  const total = (pod.spec?.containers.length ?? 0) + sidecarNames(pod).size;
  const restarted = main
    ? [...init.seen.filter((s) => sidecarNames(pod).has(s.name)), ...(pod.status?.containerStatuses ?? [])]
    : init.seen;
  const reason = main?.reason ?? init.reason ?? baseReason(pod);
  return [
    pod.metadata?.name ?? '',
    `${ready}/${total}`,
    overallStatus(pod, correctCompleted(pod, reason, main?.running ?? false)),
    restarts(restarted, now),
    timeSince(pod.metadata?.creationTimestamp, now),
  ];
}

function baseReason({ status }: Pod): string {
  const gated = status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  return gated ? 'SchedulingGated' : status?.reason || status?.phase || '';
}

interface InitSummary {
  /** Set when an init container is not done: the row's status. */
  reason?: string;
  /** Sidecars that are up and ready. */
  ready: number;
  /** The statuses up to the one that is not done. */
  seen: ContainerStatus[];
}

function summarizeInit(pod: Pod): InitSummary {
  const sidecars = sidecarNames(pod);
  const summary: InitSummary = { ready: 0, seen: [] };
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    summary.seen.push(status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) summary.ready++;
      continue;
    }
    if (terminated) summary.reason = `Init:${endReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.reason = `Init:${waiting.reason}`;
    else summary.reason = `Init:${i}/${pod.spec?.initContainers?.length ?? 0}`;
    return summary;
  }
  return summary;
}

/** From the last container to the first, so that the first one that has something to say is heard. */
function summarizeMain(statuses: ContainerStatus[]): { reason?: string; ready: number; running: boolean } {
  let reason: string | undefined;
  let ready = 0;
  for (const { state, ready: isReady } of statuses.toReversed()) {
    if (state?.waiting?.reason) reason = state.waiting.reason;
    else if (state?.terminated) reason = endReason(state.terminated);
    else if (isReady && state?.running) ready++;
  }
  return { ...(reason !== undefined && { reason }), ready, running: ready > 0 };
}

function endReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

/** A Pod of which one container has finished well and others still run is not Completed. */
function correctCompleted(pod: Pod, reason: string, running: boolean): string {
  if (reason !== 'Completed' || !running) return reason;
  return conditionStatus(pod, 'Ready') === 'True' ? 'Running' : 'NotReady';
}

function overallStatus({ metadata, status }: Pod, reason: string): string {
  if (!metadata?.deletionTimestamp) return reason;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return TERMINAL[status?.phase ?? ''] ? reason : 'Terminating';
}

function restarts(statuses: ContainerStatus[], now: Date): string {
  const count = statuses.reduce((sum, status) => sum + (status.restartCount ?? 0), 0);
  const ends = statuses.map((s) => s.lastState?.terminated?.finishedAt ?? '').filter((time) => time !== '');
  const last = ends.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  return count > 0 && last !== undefined ? `${count} (${timeSince(last, now)} ago)` : String(count);
}

function wideCells({ spec, status }: Pod): Cell[] {
  const gates = spec?.readinessGates ?? [];
  const passed = gates.filter((gate) =>
    status?.conditions?.some((c) => c.type === gate.conditionType && c.status === 'True'),
  );
  return [
    orNone(status?.podIPs?.[0]?.ip ?? status?.podIP),
    orNone(spec?.nodeName),
    orNone(status?.nominatedNodeName),
    gates.length > 0 ? `${passed.length}/${gates.length}` : '<none>',
  ];
}

function sidecarNames({ spec }: Pod): Set<string> {
  return new Set(spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
}

function conditionStatus({ status }: Pod, type: string): string | undefined {
  return status?.conditions?.find((c) => c.type === type)?.status;
}
