import pino from 'pino';
import { vi } from 'vitest';
import { FakeRuntime } from '../../src/cri/fake.ts';
import type { ContainerConfig, ContainerStatus, PodSandboxConfig } from '../../src/cri/runtime.ts';
import type {
  ContainerStatus as ApiStatus,
  Container,
  Pod,
  PodSpec,
  PodStatus,
} from '../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { containerHash } from '../../src/pods/hash.ts';
import { PodLoop } from '../../src/pods/loop.ts';
import type { PodLoopOptions } from '../../src/pods/loop-options.ts';
import { HASH_ANNOTATION, POD_UID_LABEL } from '../../src/pods/observed.ts';
import { podKey } from '../../src/pods/pod-spec.ts';
import type { ContainerRequest, PodParts } from '../../src/pods/ports.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';

/** The moment at which every test begins. */
export const BEGIN = Date.parse('2026-11-23T18:00:00Z');

/** A store, a fake runtime and a pod loop on virtual time, and what a test wants to say and see. Call `vi.useFakeTimers` first (`virtualTime`). */
export class World {
  readonly store: Store = memoryStore();
  readonly runtime = new FakeRuntime({ images: ['busybox', 'nginx'] });
  readonly events: string[] = [];
  readonly parts = new FakeParts();
  readonly rows: string[] = [];
  readonly #over = new AbortController();
  loop: PodLoop;

  constructor(options: Partial<PodLoopOptions> = {}) {
    this.loop = this.newLoop(options);
    void this.#watch();
  }

  /** A loop that knows nothing of the one before: as after a restart of the node. */
  newLoop(options: Partial<PodLoopOptions> = {}): PodLoop {
    const { store, runtime, parts } = this;
    const record = {
      event: (pod: Pod, type: string, reason: string, message: string) =>
        void this.events.push(`${pod.metadata?.name} ${type} ${reason} ${message}`),
    };
    this.loop = new PodLoop({
      store,
      runtime,
      parts,
      events: record,
      schedulerEvents: record,
      taintEvents: record,
      log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      nodeName: 'node1',
      hostIPs: ['192.0.2.1'],
      owner: 'me',
      settlingMs: 0,
      ...options,
    });
    return this.loop;
  }

  async registerNode(node: Record<string, unknown> = {}): Promise<void> {
    const key = { group: '', resource: 'nodes', namespace: '', name: 'node1' };
    await this.store.create(key, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' }, ...node });
  }

  /** Creates a Pod that is bound to the node, unless the spec says otherwise. */
  async create(name: string, spec: Partial<PodSpec> = {}, metadata: object = {}): Promise<Pod> {
    const pod = makePod(name, { nodeName: 'node1', ...spec }, metadata);
    return (await this.store.create(podKey(pod), pod as KubeObject)) as Pod;
  }

  get(name: string): Pod | undefined {
    return this.store.get({ group: '', resource: 'pods', namespace: 'default', name }) as Pod | undefined;
  }

  status(name: string): PodStatus {
    return this.get(name)?.status ?? {};
  }

  container(name: string, container: string): ApiStatus {
    const { containerStatuses = [], initContainerStatuses = [] } = this.status(name);
    const found = [...initContainerStatuses, ...containerStatuses].find((one) => one.name === container);
    if (!found) throw new Error(`no status of ${container} in ${name}`);
    return found;
  }

  /** What the API server does on DELETE of a Pod that lives on a node. */
  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    const pod = this.get(name);
    if (!pod) throw new Error(`no pod ${name}`);
    const grace = gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    await this.store.update(podKey(pod), (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp: new Date(Date.now() + grace * 1000).toISOString(),
        deletionGracePeriodSeconds: grace,
      },
    }));
  }

  /** What the API server does on DELETE with grace period 0. */
  async forceDelete(name: string): Promise<void> {
    await this.store.delete({ group: '', resource: 'pods', namespace: 'default', name });
  }

  async edit(name: string, change: (pod: Pod) => Pod): Promise<void> {
    const key = { group: '', resource: 'pods', namespace: 'default', name };
    await this.store.update(key, (current) => change(current as Pod) as KubeObject);
  }

  async sandboxes(): Promise<string[]> {
    return (await this.runtime.listPodSandboxes()).map(
      ({ metadata, state }) => `${metadata.name}/${metadata.attempt} ${state}`,
    );
  }

  async containers(): Promise<string[]> {
    return (await this.runtime.listContainers()).map(
      ({ metadata, state }) => `${metadata.name}/${metadata.attempt} ${state}`,
    );
  }

  async idOf(container: string): Promise<string> {
    const all = await this.runtime.listContainers();
    const found = all.filter(({ metadata }) => metadata.name === container).at(-1);
    if (!found) throw new Error(`no container ${container}`);
    return found.id;
  }

  /** Events of a Pod without its name: `Normal Started Started container c`. */
  eventsOf(name: string): string[] {
    return this.events.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  }

  async close(): Promise<void> {
    this.#over.abort();
    const stopped = this.loop.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    await stopped;
  }

  async #watch(): Promise<void> {
    for await (const { type, object } of this.store.watch(
      { group: '', resource: 'pods' },
      { signal: this.#over.signal },
    )) {
      const line = `${type === 'DELETED' ? 'deleted ' : ''}${row(object as Pod)}`;
      if (this.rows.at(-1) !== line) this.rows.push(line);
    }
  }
}

/** `web Running c=running(1)`: phase and states of containers, restart counts in brackets where there are any. */
function row({ metadata, status = {} }: Pod): string {
  const states = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
    ({ name, state, restartCount }) => {
      const word = state?.running ? 'running' : (state?.terminated?.reason ?? state?.waiting?.reason);
      return `${name}=${word}${restartCount > 0 ? `(${restartCount})` : ''}`;
    },
  );
  const marks = metadata?.deletionTimestamp ? ' deleting' : '';
  return `${metadata?.name} ${status.phase}${marks} ${states.join(' ')}`.trim();
}

export function makePod(name: string, spec: Partial<PodSpec> = {}, metadata: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...metadata },
    spec: { containers: [busybox('c')], terminationGracePeriodSeconds: 30, ...spec },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

export function busybox(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', ...more };
}

export function sidecar(name: string, more: Partial<Container> = {}): Container {
  return busybox(name, { restartPolicy: 'Always', ...more });
}

/** Configurations with what the loop needs of them, and files that are only counted. */
class FakeParts implements PodParts {
  readonly pods = new Set<string>();
  readonly log: string[] = [];
  /** What containers leave as their messages, by name. */
  readonly words = new Map<string, string>();
  failVolumes: Error | undefined;
  failConfig: ((request: ContainerRequest) => Error | undefined) | undefined;

  async prepareVolumes(pod: Pod): Promise<ReadonlyMap<string, string>> {
    if (this.failVolumes) throw this.failVolumes;
    this.pods.add(pod.metadata?.uid ?? '');
    return new Map();
  }

  async sandboxConfig({ metadata, spec }: Pod, attempt: number): Promise<PodSandboxConfig> {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    const network = spec?.hostNetwork ? 'NODE' : 'POD';
    return {
      metadata: { name, namespace, uid, attempt },
      hostname: name,
      logDirectory: `/logs/${uid}`,
      portMappings: [],
      labels: { [POD_UID_LABEL]: uid },
      annotations: {},
      linux: { cgroupParent: '', namespaces: { network, pid: 'CONTAINER', ipc: 'POD' } },
    };
  }

  async containerConfig(request: ContainerRequest): Promise<ContainerConfig> {
    const { pod, container, attempt } = request;
    const failure = this.failConfig?.(request);
    if (failure) throw failure;
    return {
      metadata: { name: container.name, attempt },
      image: container.image ?? '',
      command: container.command ?? [],
      args: [],
      workingDir: '',
      envs: [],
      mounts: [],
      labels: { [POD_UID_LABEL]: pod.metadata?.uid ?? '' },
      annotations: { [HASH_ANNOTATION]: containerHash(container) },
      logPath: `${container.name}/${attempt}.log`,
      stdin: false,
      stdinOnce: false,
      tty: false,
      linux: { resources: {}, security: {}, namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } },
    };
  }

  async refreshVolumes(): Promise<void> {}

  async lastWords(_uid: string, { metadata }: ContainerStatus): Promise<string> {
    return this.words.get(metadata.name) ?? '';
  }

  async releaseVolumes(uid: string): Promise<void> {
    this.log.push(`release ${uid}`);
  }

  async removeContainerFiles(pod: Pod, container: string, attempt: number): Promise<void> {
    this.log.push(`remove log ${pod.metadata?.name} ${container}/${attempt}`);
  }

  async removePod(uid: string): Promise<void> {
    this.pods.delete(uid);
    this.log.push(`remove ${uid}`);
  }

  async listPods(): Promise<string[]> {
    return [...this.pods];
  }
}

/** Timers and dates that pass only by `pass`. */
export function virtualTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: BEGIN });
}

/** Lets milliseconds pass, and everything happen that is due. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  // Promise chains that are longer than one turn of the loop.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
