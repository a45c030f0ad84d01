import { Broadcast } from './fake-events.ts';
import { FakeImages, type PullScript } from './fake-images.ts';
import { type Clock, type Exit, FakeProcess, globalClock, type Program } from './fake-process.ts';
import type {
  AttachRequest,
  CgroupDriver,
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  ExecRequest,
  ExecResult,
  Image,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  PullOptions,
  Runtime,
  RuntimeEvent,
  RuntimeStatus,
  RuntimeVersion,
  SandboxState,
} from './runtime.ts';
import { RuntimeError } from './runtime.ts';

export type { Clock, Program } from './fake-process.ts';

/** The methods of the port that can be made to fail or to take time. */
export type Method = Exclude<keyof Runtime, 'events' | 'close'>;

export interface Call {
  method: Method;
  args: unknown[];
}

export interface FakeOptions {
  clock?: Clock;
  /** Images present from the beginning. */
  images?: string[];
  /** What registries answer to pulls. An image that is not named here is not found. */
  registry?: Record<string, PullScript>;
}

interface FakeSandbox {
  id: string;
  config: PodSandboxConfig;
  state: SandboxState;
  createdAt: number;
  ip: string;
}

interface FakeContainer {
  id: string;
  sandbox: FakeSandbox;
  config: ContainerConfig;
  imageRef: string;
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  exitCode: number;
  reason: string;
  message: string;
  process?: FakeProcess;
}

/**
 * The runtime in memory, for tests of those who use the port. It keeps the port's contract (`runtime.contract.ts` runs on it and on
 * containerd), lives on the clock it is given, and adds what a test needs: scripts for containers and registries, failures and
 * delays by method, accidents (`exit`, `killSandbox`, `available`), and the log of calls.
 *
 *     const runtime = new FakeRuntime({ images: ['nginx'] });
 *     runtime.script('nginx', { ignoresTerm: true });
 *     runtime.fail('pullImage', new RuntimeError('Unavailable', 'registry is down'), { times: 2 });
 */
export class FakeRuntime implements Runtime {
  readonly calls: Call[] = [];
  readonly images = new FakeImages();
  /** False: every call rejects with Unavailable, as while containerd is down. Containers go on. */
  available = true;
  /** What it says it can: nothing, as containerd before 2.0. */
  can: Pick<RuntimeStatus, 'handlers' | 'features'> = { handlers: [] };

  readonly #clock: Clock;
  readonly #sandboxes = new Map<string, FakeSandbox>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #scripts: { matches: (config: ContainerConfig) => boolean; program: Program }[] = [];
  readonly #failures: { method: Method; error: Error; left: number; matches: (args: unknown[]) => boolean }[] = [];
  readonly #delays = new Map<Method, number>();
  readonly #events = new Broadcast<RuntimeEvent>();
  #lastId = 0;

  constructor(options: FakeOptions = {}) {
    this.#clock = options.clock ?? globalClock;
    for (const image of options.images ?? []) this.images.add(image);
    for (const [image, script] of Object.entries(options.registry ?? {})) this.images.script(image, script);
  }

  // What a test says.

  /** Containers of this name or image (as the config has it), or that match, do this from now on. The latest script wins. */
  script(match: string | ((config: ContainerConfig) => boolean), program: Program): void {
    const byName = (config: ContainerConfig) => config.metadata.name === match || config.image === match;
    this.#scripts.unshift({ matches: typeof match === 'function' ? match : byName, program });
  }

  /** The next calls of the method reject: for ever, or `times` times, or only those whose arguments match. */
  fail(method: Method, error: Error, when: { times?: number; matches?: (args: unknown[]) => boolean } = {}): void {
    this.#failures.push({
      method,
      error,
      left: when.times ?? Number.POSITIVE_INFINITY,
      matches: when.matches ?? (() => true),
    });
  }

  /** Ends what `fail` began; of one method, or of all. */
  heal(method?: Method): void {
    for (const failure of this.#failures) if (method === undefined || failure.method === method) failure.left = 0;
  }

  /** Milliseconds that each call of the method takes on the clock. */
  delay(method: Method, ms: number): void {
    this.#delays.set(method, ms);
  }

  /** The container's process ends by itself now. */
  exit(containerId: string, code = 0, oomKilled = false): void {
    this.#containers.get(containerId)?.process?.end({ code, oomKilled });
  }

  /** The sandbox's own process dies: its containers are killed and it is NOTREADY. */
  killSandbox(sandboxId: string): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox) this.#endSandbox(sandbox);
  }

  /** What a listener hears after its stream was interrupted: anything may have happened. */
  interruptEvents(): void {
    this.#tell('', 'other');
  }

  /** Names of the calls so far that change something, in their order. */
  changes(): Method[] {
    return this.calls
      .map((call) => call.method)
      .filter((method) => !/^(version|status|cgroupDriver|list|.*Status$)/.test(method));
  }

  // The port.

  async version(): Promise<RuntimeVersion> {
    await this.#enter('version', []);
    return { runtimeName: 'fake', runtimeVersion: 'v1.0.0', runtimeApiVersion: 'v1' };
  }

  async status(): Promise<RuntimeStatus> {
    await this.#enter('status', []);
    const conditions = ['RuntimeReady', 'NetworkReady'].map((type) => ({
      type,
      status: true,
      reason: '',
      message: '',
    }));
    return { conditions, ...structuredClone(this.can) };
  }

  async cgroupDriver(): Promise<CgroupDriver> {
    await this.#enter('cgroupDriver', []);
    return 'cgroupfs';
  }

  async runPodSandbox(config: PodSandboxConfig, signal?: AbortSignal): Promise<string> {
    await this.#enter('runPodSandbox', [config], signal);
    const name = sandboxName(config);
    for (const other of this.#sandboxes.values())
      if (sandboxName(other.config) === name) throw reserved(name, other.id);
    const id = this.#nextId();
    const ip = config.linux.namespaces.network === 'NODE' ? '' : `10.244.0.${(this.#lastId % 250) + 2}`;
    this.#sandboxes.set(id, { id, config: structuredClone(config), state: 'READY', createdAt: this.#clock.now(), ip });
    this.#tell(id, 'started');
    return id;
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    await this.#enter('stopPodSandbox', [sandboxId]);
    this.killSandbox(sandboxId);
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    await this.#enter('removePodSandbox', [sandboxId]);
    this.killSandbox(sandboxId);
    for (const container of this.#containersOf(sandboxId)) this.#delete(container);
    if (this.#sandboxes.delete(sandboxId)) this.#tell(sandboxId, 'deleted');
  }

  async podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus> {
    await this.#enter('podSandboxStatus', [sandboxId]);
    const sandbox = this.#sandbox(sandboxId);
    return { ...sandboxOf(sandbox), ip: sandbox.state === 'READY' ? sandbox.ip : '', additionalIps: [] };
  }

  async listPodSandboxes(filter: { labels?: Record<string, string> } = {}): Promise<PodSandbox[]> {
    await this.#enter('listPodSandboxes', [filter]);
    return [...this.#sandboxes.values()].map(sandboxOf).filter((sandbox) => hasLabels(sandbox.labels, filter.labels));
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string> {
    await this.#enter('createContainer', [sandboxId, config, sandbox]);
    const image = this.images.find(config.image);
    const owner = this.#sandbox(sandboxId);
    if (owner.state !== 'READY') throw new RuntimeError('Failed', `sandbox "${sandboxId}" is not running`);
    for (const other of this.#containersOf(sandboxId))
      if (containerName(other.config) === containerName(config)) throw reserved(containerName(config), other.id);
    if (!image) throw new RuntimeError('NotFound', `failed to resolve image "${config.image}": not found`);
    const id = this.#nextId();
    const unset = { exitCode: 0, reason: '', message: '' };
    const container = {
      id,
      sandbox: owner,
      config: structuredClone(config),
      imageRef: image.id,
      createdAt: this.#clock.now(),
      ...unset,
    };
    this.#containers.set(id, container);
    this.#tell(id, 'created');
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#enter('startContainer', [containerId]);
    const container = this.#container(containerId);
    if (stateOf(container) !== 'CREATED')
      throw new RuntimeError('Failed', `container is in ${stateOf(container)} state`);
    const program = this.#programOf(container);
    if (program.failsToStart !== undefined) {
      Object.assign(container, {
        finishedAt: this.#clock.now(),
        exitCode: 128,
        reason: 'StartError',
        message: program.failsToStart,
      });
      throw new RuntimeError('Failed', program.failsToStart);
    }
    container.startedAt = this.#clock.now();
    this.#tell(containerId, 'started');
    container.process = new FakeProcess(program, this.#clock, (exit) => this.#ended(container, exit));
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    await this.#enter('stopContainer', [containerId, timeoutSeconds]);
    await this.#containers.get(containerId)?.process?.stop(timeoutSeconds * 1000);
  }

  async removeContainer(containerId: string): Promise<void> {
    await this.#enter('removeContainer', [containerId]);
    const container = this.#containers.get(containerId);
    if (container) this.#delete(container);
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    await this.#enter('containerStatus', [containerId]);
    const container = this.#container(containerId);
    const { podSandboxId: _, imageRef, ...facts } = containerOf(container);
    const image = this.images.find(imageRef);
    const logPath = `${container.sandbox.config.logDirectory}/${container.config.logPath}`;
    const { startedAt, finishedAt, exitCode, reason, message } = container;
    const times = {
      startedAt: startedAt === undefined ? undefined : iso(startedAt),
      finishedAt: finishedAt === undefined ? undefined : iso(finishedAt),
    };
    return { ...facts, imageRef: image?.repoDigests[0] ?? imageRef, ...times, exitCode, reason, message, logPath };
  }

  async listContainers(filter: { podSandboxId?: string; labels?: Record<string, string> } = {}): Promise<Container[]> {
    await this.#enter('listContainers', [filter]);
    return [...this.#containers.values()]
      .map(containerOf)
      .filter((c) => filter.podSandboxId === undefined || c.podSandboxId === filter.podSandboxId)
      .filter((c) => hasLabels(c.labels, filter.labels));
  }

  async reopenContainerLog(containerId: string): Promise<void> {
    await this.#enter('reopenContainerLog', [containerId]);
    this.#running(containerId);
  }

  async execSync(containerId: string, command: string[], timeoutSeconds: number): Promise<ExecResult> {
    await this.#enter('execSync', [containerId, command, timeoutSeconds]);
    const program = this.#programOf(this.#running(containerId));
    const { stdout = '', stderr = '', exitCode = 0, takesMs = 0 } = program.exec?.(command) ?? {};
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : Number.POSITIVE_INFINITY;
    await this.#pass(Math.min(takesMs, timeoutMs));
    if (takesMs > timeoutMs) throw new RuntimeError('DeadlineExceeded', `timeout ${timeoutSeconds}s exceeded`);
    return { stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), exitCode };
  }

  async exec(request: ExecRequest): Promise<string> {
    await this.#enter('exec', [request]);
    return `http://127.0.0.1:1/exec/${this.#running(request.containerId).id}`;
  }

  async attach(request: AttachRequest): Promise<string> {
    await this.#enter('attach', [request]);
    return `http://127.0.0.1:1/attach/${this.#running(request.containerId).id}`;
  }

  async portForward(sandboxId: string, ports: number[]): Promise<string> {
    await this.#enter('portForward', [sandboxId, ports]);
    return `http://127.0.0.1:1/portforward/${this.#sandbox(sandboxId).id}`;
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    await this.#enter('imageStatus', [image]);
    return structuredClone(this.images.find(image));
  }

  async pullImage(image: string, options: PullOptions = {}): Promise<string> {
    await this.#enter('pullImage', [image, options], options.signal);
    const pulled = this.images.pull(image);
    options.onProgress?.({ completedBytes: pulled.bytes, totalBytes: pulled.bytes });
    return pulled.image.id;
  }

  async removeImage(image: string): Promise<void> {
    await this.#enter('removeImage', [image]);
    this.images.remove(image);
  }

  async listImages(): Promise<Image[]> {
    await this.#enter('listImages', []);
    return structuredClone(this.images.list());
  }

  async listContainerStats(): Promise<ContainerStats[]> {
    await this.#enter('listContainerStats', []);
    const running = [...this.#containers.values()].filter((container) => stateOf(container) === 'RUNNING');
    const usage = { cpuUsageNanoseconds: 1_000_000, memoryWorkingSetBytes: 1 << 20 };
    return running.map(({ id, config }) => ({ containerId: id, labels: { ...config.labels }, ...usage }));
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.listen(signal);
  }

  close(): void {}

  // How it works inside.

  async #enter(method: Method, args: unknown[], signal?: AbortSignal): Promise<void> {
    this.calls.push({ method, args });
    signal?.throwIfAborted();
    await this.#pass(this.#delays.get(method) ?? 0, signal);
    if (!this.available) throw new RuntimeError('Unavailable', 'the container runtime does not answer');
    const failure = this.#failures.find((f) => f.method === method && f.left > 0 && f.matches(args));
    if (!failure) return;
    failure.left -= 1;
    throw failure.error;
  }

  #pass(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(resolve, ms);
      const abort = () => {
        this.#clock.clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #programOf(container: FakeContainer): Program {
    return this.#scripts.find(({ matches }) => matches(container.config))?.program ?? {};
  }

  #ended(container: FakeContainer, { code, oomKilled }: Exit): void {
    container.finishedAt = this.#clock.now();
    container.exitCode = code;
    container.reason = oomKilled ? 'OOMKilled' : code === 0 ? 'Completed' : 'Error';
    if (oomKilled) this.#tell(container.id, 'oom');
    this.#tell(container.id, 'exited');
  }

  #endSandbox(sandbox: FakeSandbox): void {
    for (const container of this.#containersOf(sandbox.id)) container.process?.end({ code: 137, oomKilled: false });
    if (sandbox.state === 'NOTREADY') return;
    sandbox.state = 'NOTREADY';
    this.#tell(sandbox.id, 'exited');
  }

  #delete(container: FakeContainer): void {
    container.process?.end({ code: 137, oomKilled: false });
    this.#containers.delete(container.id);
    this.#tell(container.id, 'deleted');
  }

  #tell(id: string, type: RuntimeEvent['type']): void {
    this.#events.publish({ id, type });
  }

  #nextId(): string {
    this.#lastId += 1;
    return this.#lastId.toString(16).padStart(64, '0');
  }

  #containersOf(sandboxId: string): FakeContainer[] {
    return [...this.#containers.values()].filter((container) => container.sandbox.id === sandboxId);
  }

  #sandbox(id: string): FakeSandbox {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) throw new RuntimeError('NotFound', `an error occurred when try to find sandbox "${id}": not found`);
    return sandbox;
  }

  #container(id: string): FakeContainer {
    const container = this.#containers.get(id);
    if (!container)
      throw new RuntimeError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return container;
  }

  #running(id: string): FakeContainer {
    const container = this.#container(id);
    if (stateOf(container) === 'RUNNING') return container;
    throw new RuntimeError('Failed', `container is in ${stateOf(container)} state`);
  }
}

function stateOf(container: FakeContainer): ContainerState {
  if (container.finishedAt !== undefined) return 'EXITED';
  return container.startedAt === undefined ? 'CREATED' : 'RUNNING';
}

function sandboxOf({ id, config, state, createdAt }: FakeSandbox): PodSandbox {
  const { metadata, labels, annotations } = structuredClone(config);
  return { id, metadata, state, createdAt: iso(createdAt), labels, annotations };
}

function containerOf(container: FakeContainer): Container {
  const { metadata, image, labels, annotations } = structuredClone(container.config);
  const { id, imageRef, createdAt } = container;
  const facts = { id, podSandboxId: container.sandbox.id, metadata, image, imageRef, labels, annotations };
  return { ...facts, state: stateOf(container), createdAt: iso(createdAt) };
}

function iso(ms: number): string {
  return new Date(Math.floor(ms)).toISOString().replace('Z', '000000Z');
}

function hasLabels(labels: Record<string, string>, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function sandboxName({ metadata: { name, namespace, uid, attempt } }: PodSandboxConfig): string {
  return `${name}_${namespace}_${uid}_${attempt}`;
}

function containerName({ metadata: { name, attempt } }: ContainerConfig): string {
  return `${name}_${attempt}`;
}

function reserved(name: string, by: string): RuntimeError {
  return new RuntimeError('AlreadyExists', `name "${name}" is reserved for "${by}"`);
}
