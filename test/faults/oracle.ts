import type { ContainerStatus, Pod } from '../../src/kube/generated/objects.ts';
import { POD_UID_LABEL } from '../../src/pods/observed.ts';
import type { Sight } from './machine.ts';
import { allStatuses, type PodKind } from './pod-kinds.ts';

/** A Pod that the suite has created and not deleted. */
export interface Inhabitant {
  name: string;
  uid: string;
  kind: PodKind;
  hostPort: boolean;
  /** A fault that may end containers has struck while it lived. */
  harmed: boolean;
}

/** What is not as it has to be when everything is quiet; empty when all is well. */
export function complaints(inhabitants: readonly Inhabitant[], pods: readonly Pod[], sight: Sight): string[] {
  return [
    ...existence(inhabitants, pods),
    ...inhabitants.flatMap((one) => {
      const pod = pods.find(({ metadata }) => metadata?.uid === one.uid);
      return pod ? life(one, pod, sight) : [];
    }),
    ...nothingElse(inhabitants, pods, sight),
  ];
}

/** No Pod is lost, none is there that should not be. */
function existence(inhabitants: readonly Inhabitant[], pods: readonly Pod[]): string[] {
  const lost = inhabitants.filter(({ uid }) => !pods.some(({ metadata }) => metadata?.uid === uid));
  const extra = pods.filter(({ metadata }) => !inhabitants.some(({ uid }) => uid === metadata?.uid));
  return [
    ...lost.map(({ name, uid }) => `${name} is lost (uid ${uid})`),
    ...extra.map(({ metadata }) => `${metadata?.name} is still there`),
  ];
}

/** The Pod is as its kind has to be, its status is true, and nothing of it runs twice. */
function life({ name, kind, harmed, uid }: Inhabitant, pod: Pod, sight: Sight): string[] {
  const missing = kind.missing(pod, harmed);
  const sandboxes = sight.sandboxes.filter(({ labels }) => labels[POD_UID_LABEL] === uid);
  const ready = sandboxes.filter(({ state }) => state === 'READY');
  const containers = sight.containers.filter(({ labels }) => labels[POD_UID_LABEL] === uid);
  const running = containers.filter(({ state }) => state === 'RUNNING');
  const told = allStatuses(pod.status).flatMap((status) => runningId(status) ?? []);
  const withProcesses = containers.filter(({ id }) => sight.alive.has(id));
  const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return [
    ...(missing ? [`${name}: ${missing}`] : []),
    ...differ(`${name}: the status tells these to run, and the runtime others`, told, idsOf(running)),
    ...differ(
      `${name}: the runtime tells these to run, and these have processes`,
      idsOf(running),
      idsOf(withProcesses),
    ),
    ...(ready.length > 1 ? [`${name}: ${ready.length} sandboxes are ready`] : []),
    ...(over && ready.length > 0 ? [`${name}: has ended, and its sandbox is ready`] : []),
    ...(!over && ready.length === 0 ? [`${name}: has no sandbox`] : []),
    ...twice(running.map(({ metadata }) => metadata.name)).map((container) => `${name}: ${container} runs twice`),
  ];
}

/** Of Pods that are gone nothing is left, and of the others no more than they need. */
function nothingElse(inhabitants: readonly Inhabitant[], pods: readonly Pod[], sight: Sight): string[] {
  const uids = new Set(inhabitants.map(({ uid }) => uid));
  const strange = (what: string, found: string[]) =>
    found.filter((uid) => !uids.has(uid)).map((uid) => `${what} of a pod that is gone: ${uid}`);
  const labelled = (list: { labels: Record<string, string> }[]) =>
    list.map(({ labels }) => labels[POD_UID_LABEL] ?? '');
  const ready = sight.sandboxes.filter(({ state }) => state === 'READY');
  const ported = inhabitants.filter(({ uid, hostPort }) => hostPort && labelled(ready).includes(uid));
  const counts: [string, number, number][] = [
    ['shims', sight.shims, ready.length],
    ['network namespaces', sight.networkNamespaces, ready.length],
    ['cables', sight.cables, ready.length],
    ['addresses', sight.addresses, ready.length],
    ['host ports', sight.hostPorts, ported.length],
  ];
  const ended = new Set(
    pods
      .filter(({ status }) => /Succeeded|Failed/.test(status?.phase ?? ''))
      .map(({ metadata }) => metadata?.uid ?? ''),
  );
  return [
    ...strange('a sandbox', labelled(sight.sandboxes)),
    ...strange('a container', labelled(sight.containers)),
    ...strange('a cgroup', sight.cgroups),
    ...strange('a folder', sight.folders),
    ...strange('a folder of logs', sight.logs),
    ...sight.volumeMounts
      .filter((point) => [...ended].some((uid) => point.includes(uid)))
      .map((at) => `mounted: ${at}`),
    ...counts.filter(([, is, wanted]) => is !== wanted).map(([what, is, wanted]) => `${is} ${what}, and not ${wanted}`),
  ];
}

/** What may never happen, from one look to the next; empty when nothing did. */
export function contradictions(before: Pod, now: Pod): string[] {
  const name = now.metadata?.name;
  const found: string[] = [];
  for (const status of allStatuses(now.status)) {
    const old = allStatuses(before.status).find((one) => one.name === status.name);
    if (old && status.restartCount < old.restartCount)
      found.push(`${name}/${status.name}: restartCount fell from ${old.restartCount} to ${status.restartCount}`);
  }
  const ended = before.status?.phase;
  if ((ended === 'Succeeded' || ended === 'Failed') && now.status?.phase !== ended)
    found.push(`${name}: was ${ended}, and is ${now.status?.phase}`);
  return found;
}

/** What has changed although nothing was harmed: containers of before that are others now, or init containers that ran again. */
export function restartsWithoutReason(before: Pod, now: Pod): string[] {
  return allStatuses(before.status).flatMap((old) => {
    const status = allStatuses(now.status).find(({ name }) => name === old.name);
    const was = `${old.containerID} (${old.restartCount})`;
    const is = `${status?.containerID} (${status?.restartCount})`;
    return was === is ? [] : [`${now.metadata?.name}/${old.name} was ${was}, and is ${is}, for no reason`];
  });
}

/** An init container that had done its work ran again in the same sandbox. */
export function repeatedInit(before: Pod, now: Pod, sight: Sight): string[] {
  const initialized = before.status?.conditions?.some(
    ({ type, status }) => type === 'Initialized' && status === 'True',
  );
  if (!initialized) return [];
  const regular = (now.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const sandboxOf = (id: string | undefined) =>
    sight.containers.find((container) => container.id === bare(id))?.podSandboxId;
  return regular.flatMap(({ name }) => {
    const old = before.status?.initContainerStatuses?.find((one) => one.name === name);
    const status = now.status?.initContainerStatuses?.find((one) => one.name === name);
    if (!old?.state?.terminated || old.containerID === status?.containerID) return [];
    const sandbox = sandboxOf(old.containerID);
    const again = sandbox !== undefined && sandbox === sandboxOf(status?.containerID);
    return again ? [`${now.metadata?.name}/${name} had ended, and ran again in the same sandbox`] : [];
  });
}

function runningId({ state, containerID }: ContainerStatus): string | undefined {
  return state?.running ? bare(containerID) : undefined;
}

function bare(id = ''): string {
  return id.replace(/^.*:\/\//, '');
}

function idsOf(list: { id: string }[]): string[] {
  return list.map(({ id }) => id);
}

function differ(what: string, a: string[], b: string[]): string[] {
  const short = (ids: string[]) => `[${ids.map((id) => id.slice(0, 8)).sort()}]`;
  return short(a) === short(b) ? [] : [`${what}: ${short(a)} ${short(b)}`];
}

function twice(names: string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
