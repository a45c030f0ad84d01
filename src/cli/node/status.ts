import { readFileSync } from 'node:fs';
import { findContainerd } from '../../cri/containerd/spawn.ts';
import type { PodList } from '../../kube/generated/objects.ts';
import { CLUSTER_OPTIONS, connect } from '../client/cluster.ts';
import { type Command, type Context, Failure, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { OUTPUT_OPTION, wantsJson } from '../json-output.ts';
import { parse } from '../parse.ts';
import { type NodeRun, runningNode } from './lock.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import { DEFAULT_SETTINGS, readSettings } from './settings.ts';
import { wasKilled } from './stop.ts';

export const nodeStatus: Command = {
  name: 'node status',
  summary: 'show whether the node runs, and how it is',
  usage: ['[-o json]'],
  description: 'Exits with 1 when the node does not run or its API does not answer.',
  options: [OUTPUT_OPTION],
  examples: [{ command: 'outfit node status -o json', summary: 'For scripts' }],
  async run(args, context) {
    const paths = nodePaths(context);
    const run = await runningNode(paths.lock);
    const status = run ? await statusOf(run, paths, context) : { running: false as const, home: paths.home };
    if (wantsJson(args)) print(context, JSON.stringify(status, null, 2));
    else if (status.running)
      for (const [name, value] of linesOfStatus(status)) print(context, `${`${name}:`.padEnd(13)}${value}`);
    else if (await wasKilled(paths))
      print(context, `The node in ${paths.home} was killed. Its Pods run on; to take them up: outfit node start`);
    else print(context, `No node runs in ${paths.home}. Start one: outfit node start`);
    return status.running && status.answers ? EXIT.done : EXIT.error;
  },
};

interface NodeStatus {
  running: true;
  answers: boolean;
  home: string;
  outfit: string;
  server: string | undefined;
  nodeName: string;
  pid: number;
  startedAt: string;
  uptimeSeconds: number;
  memoryBytes: number;
  pods: { total: number; byPhase: Record<string, number> } | undefined;
  containerd:
    | { name: string; version: string; socket: string; pid: number | undefined; memoryBytes: number | undefined }
    | undefined;
  /** undefined where the runtime has a network of its own (--cri). */
  bridge: string | undefined;
  podCidr: string | undefined;
}

async function statusOf(run: NodeRun, paths: NodePaths, context: Context): Promise<NodeStatus> {
  const settings = (await readSettings(paths.settings)) ?? DEFAULT_SETTINGS;
  const pods = run.server ? await podCounts(context) : undefined;
  const pid = settings.cri ? undefined : findContainerd(paths)?.pid;
  return {
    running: true,
    answers: pods !== undefined,
    home: paths.home,
    outfit: run.outfit,
    server: run.server,
    nodeName: settings.nodeName,
    pid: run.pid,
    startedAt: run.startedAt,
    uptimeSeconds: Math.max(0, Math.round((context.now().getTime() - Date.parse(run.startedAt)) / 1000)),
    memoryBytes: residentBytes(run.pid) ?? 0,
    pods,
    containerd: run.runtime && { ...run.runtime, pid, memoryBytes: pid === undefined ? undefined : residentBytes(pid) },
    bridge: settings.cri ? undefined : settings.bridge,
    podCidr: settings.cri ? undefined : settings.podCidr,
  };
}

/** undefined when the API does not answer. */
async function podCounts(context: Context): Promise<NodeStatus['pods']> {
  try {
    const cluster = await connect(parse({ name: 'node status', options: CLUSTER_OPTIONS }, []), context);
    const { items } = await cluster.request<PodList>({ path: '/api/v1/pods', signal: AbortSignal.timeout(ANSWER_MS) });
    const byPhase: Record<string, number> = {};
    for (const pod of items)
      byPhase[pod.status?.phase ?? 'Unknown'] = (byPhase[pod.status?.phase ?? 'Unknown'] ?? 0) + 1;
    return { total: items.length, byPhase };
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (error instanceof Failure || (error as Error).name === 'TimeoutError') return undefined;
    throw error;
  }
}

const ANSWER_MS = 5_000;

function linesOfStatus(status: NodeStatus): [string, string][] {
  const { containerd, pods } = status;
  const phases = Object.entries(pods?.byPhase ?? {}).map(([phase, count]) => `${count} ${phase}`);
  return [
    ['Node', `${status.nodeName}, ${status.answers ? 'answers' : 'does not answer'}`],
    ['Outfit', status.outfit],
    ['API', status.server ?? 'starting'],
    ['Pods', pods ? `${pods.total}${phases.length > 0 ? ` (${phases.join(', ')})` : ''}` : 'unknown'],
    ['Uptime', duration(status.uptimeSeconds)],
    ['Memory', `${megabytes(status.memoryBytes)} (process ${status.pid})`],
    ['Runtime', containerd ? `${containerd.name} ${containerd.version}${runtimeProcess(containerd)}` : 'starting'],
    ['Network', status.bridge ? `${status.podCidr} on ${status.bridge}` : 'of the runtime'],
    ['State', status.home],
  ];
}

function runtimeProcess({ pid, memoryBytes, socket }: NonNullable<NodeStatus['containerd']>): string {
  return pid === undefined ? `, ${socket}` : `, ${megabytes(memoryBytes ?? 0)} (process ${pid})`;
}

function residentBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([n]) => n > 0);
  return first < 0
    ? '0s'
    : parts
        .slice(first, first + 2)
        .map(([n, unit]) => `${n}${unit}`)
        .join('');
}
