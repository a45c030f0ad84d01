/**
 * The container runtime as a port, in the words of the Container Runtime Interface (kubernetes/cri-api
 * `pkg/apis/runtime/v1/api.proto`): only what Outfit uses, with plain values instead of wrappers. Times are nanoseconds since the
 * epoch as bigint in the protocol; here they are ISO-8601 strings with nanoseconds, or undefined where the protocol has 0.
 *
 * Contract, kept by containerd and by the fake (`runtime.contract.ts`):
 * - Calls reject with RuntimeError. Its `code` says what the caller should do; nobody reads its text to decide.
 * - stop and remove are idempotent: an id that is not there is success.
 * - Names are reserved: a sandbox by (name, namespace, uid, attempt), a container by (name, attempt) in its sandbox. To take one twice is `AlreadyExists`.
 * - `signal` ends a waiting call with the signal's reason; what the runtime has begun may still happen.
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>;
  /** How it is, and what it can. */
  status(): Promise<RuntimeStatus>;
  /** Who makes the cgroups, and so what form a sandbox's `cgroupParent` has: a path, or the name of a slice. */
  cgroupDriver(): Promise<CgroupDriver>;

  runPodSandbox(config: PodSandboxConfig, signal?: AbortSignal): Promise<string>;
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  /** @throws RuntimeError NotFound */
  podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus>;
  listPodSandboxes(filter?: { labels?: Record<string, string> }): Promise<PodSandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string>;
  /** Rejects when the process cannot be started; the container is then EXITED with exit code 128 and reason StartError. */
  startContainer(containerId: string): Promise<void>;
  /** Sends the stop signal, and SIGKILL after `timeoutSeconds`. Resolves when the container has ended. 0 kills at once. */
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  /** @throws RuntimeError NotFound */
  containerStatus(containerId: string): Promise<ContainerStatus>;
  listContainers(filter?: { podSandboxId?: string; labels?: Record<string, string> }): Promise<Container[]>;
  /** Makes the runtime open the container's log file anew, after it was rotated. */
  reopenContainerLog(containerId: string): Promise<void>;

  /** Runs a command and waits. `timeoutSeconds` 0 waits for ever; a timeout rejects with code `DeadlineExceeded`. */
  execSync(containerId: string, command: string[], timeoutSeconds: number): Promise<ExecResult>;
  /** The URL of a streaming server that takes one SPDY/3.1 or WebSocket connection. */
  exec(request: ExecRequest): Promise<string>;
  attach(request: AttachRequest): Promise<string>;
  portForward(sandboxId: string, ports: number[]): Promise<string>;

  /** undefined when the image is not on this machine. Asks no registry. */
  imageStatus(image: string): Promise<Image | undefined>;
  /** Asks the registry, also when the image is there. Resolves to the reference that names it here. `onProgress` is told bytes where the runtime knows them. */
  pullImage(image: string, options?: PullOptions): Promise<string>;
  removeImage(image: string): Promise<void>;
  listImages(): Promise<Image[]>;

  /** CPU, memory and disk of the containers that run. */
  listContainerStats(): Promise<ContainerStats[]>;

  /** Something happened to a container or sandbox: look at it. May repeat, may miss some: the caller polls as well. Ends when `signal` aborts; reconnects by itself. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  close(): void;
}

export type RuntimeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Unavailable' // the runtime does not answer: try again
  | 'DeadlineExceeded'
  | 'Cancelled'
  | 'Unimplemented'
  | 'Failed'; // the runtime refused or broke; the message says why

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export interface RuntimeVersion {
  runtimeName: string;
  runtimeVersion: string;
  runtimeApiVersion: string;
}

export type CgroupDriver = 'cgroupfs' | 'systemd';

export interface RuntimeStatus {
  /** RuntimeReady and NetworkReady. */
  conditions: RuntimeCondition[];
  /** Empty where the runtime tells nothing of them, as containerd before 2.0. */
  handlers: RuntimeHandler[];
  /** What it can whatever the handler; absent where it tells nothing. */
  features?: { supplementalGroupsPolicy: boolean };
}

/** A way to run containers, and what the runtime can do with it. The one of Pods without a RuntimeClass has the name ''. */
interface RuntimeHandler {
  name: string;
  recursiveReadOnlyMounts: boolean;
  userNamespaces: boolean;
}

export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}

export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE';

export interface NamespaceOptions {
  network: NamespaceMode;
  /** TARGET: that of another container of the sandbox, `targetId`. */
  pid: NamespaceMode | 'TARGET';
  ipc: NamespaceMode;
  targetId?: string;
  /** Absent: the users of the machine. Only for a handler that says it can; others run the container without it. */
  users?: UserNamespace;
}

/** The mounts of its containers are mapped alike, so files keep the owners that a container sees. */
export interface UserNamespace {
  uids: IdMapping[];
  gids: IdMapping[];
}

/** `length` ids from `containerId` on are those of the machine from `hostId` on. */
interface IdMapping {
  containerId: number;
  hostId: number;
  length: number;
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  hostname: string;
  /** Folder of the Pod's container logs, absolute. */
  logDirectory: string;
  dnsConfig?: { servers: string[]; searches: string[]; options: string[] };
  portMappings: { protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort: number; hostIp: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: {
    cgroupParent: string;
    namespaces: NamespaceOptions;
    sysctls?: Record<string, string>;
    privileged?: boolean;
    security?: LinuxSecurity;
  };
}

export type SandboxState = 'READY' | 'NOTREADY';

export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata;
  state: SandboxState;
  createdAt: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface PodSandboxStatus extends PodSandbox {
  /** '' on the host's network. */
  ip: string;
  additionalIps: string[];
  /** Where the runtime tells it (`info`): the process id of the sandbox and the path of its network namespace. */
  pid?: number;
  networkNamespace?: string;
}

export interface ContainerMetadata {
  name: string;
  attempt: number;
}

export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
  propagation: 'PRIVATE' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';
  /** Only for a handler that says it can; others leave what is mounted below writable. */
  recursiveReadOnly?: boolean;
  /** The files get the container's SELinux label. */
  selinuxRelabel?: boolean;
}

export interface SecurityProfile {
  type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  localhostRef?: string;
}

/** Parts that are '' are the runtime's. */
interface SELinuxLabel {
  user: string;
  role: string;
  type: string;
  level: string;
}

export interface LinuxSecurity {
  privileged?: boolean;
  capabilities?: { add: string[]; drop: string[] };
  runAsUser?: number;
  runAsGroup?: number;
  runAsUsername?: string;
  supplementalGroups?: number[];
  /** Strict: not the groups that the image gives its user. Only for a runtime that says it can; default Merge. */
  supplementalGroupsPolicy?: 'Merge' | 'Strict';
  /** Only where the kernel enforces SELinux; absent: a label that the runtime makes up. */
  selinux?: SELinuxLabel;
  readonlyRootfs?: boolean;
  noNewPrivileges?: boolean;
  /** `localhostRef`: path of a file. */
  seccomp?: SecurityProfile;
  /** Absent: the runtime decides. `localhostRef`: name of a profile that the kernel has loaded. */
  apparmor?: SecurityProfile;
  maskedPaths?: string[];
  readonlyPaths?: string[];
}

export interface LinuxResources {
  /** Microseconds. */
  cpuPeriod?: number;
  /** Microseconds of CPU time in one period. */
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
  /** cgroup v2 only. */
  unified?: Record<string, string>;
}

export interface ContainerConfig {
  metadata: ContainerMetadata;
  image: string;
  /** The image's entrypoint when empty. */
  command: string[];
  args: string[];
  workingDir: string;
  envs: { key: string; value: string }[];
  mounts: Mount[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's logDirectory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  linux: { resources: LinuxResources; security: LinuxSecurity; namespaces: NamespaceOptions };
}

export type ContainerState = 'CREATED' | 'RUNNING' | 'EXITED' | 'UNKNOWN';

export interface Container {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata;
  image: string;
  imageRef: string;
  state: ContainerState;
  createdAt: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** `imageRef` is here the image by digest (`docker.io/library/nginx@sha256:…`) where it has one; in Container it is its id. */
export interface ContainerStatus extends Omit<Container, 'podSandboxId'> {
  /** May be some milliseconds after `finishedAt` when the process ended at once. */
  startedAt?: string;
  finishedAt?: string;
  exitCode: number;
  /** Completed, Error, OOMKilled, StartError …, as the runtime says. */
  reason: string;
  message: string;
  logPath: string;
  /** As whom its first process began; absent where the runtime does not tell, as containerd before 2.0. */
  user?: ProcessUser;
}

interface ProcessUser {
  uid: number;
  gid: number;
  supplementalGroups: number[];
}

export interface ExecResult {
  stdout: Buffer;
  stderr: Buffer;
  exitCode: number;
}

export interface ExecRequest {
  containerId: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export type AttachRequest = Omit<ExecRequest, 'command'>;

export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  /** Bytes. */
  size: number;
  /** The image's user: a number, or a name. */
  uid?: number;
  username?: string;
}

export interface PullOptions {
  auth?: { username: string; password: string; serverAddress?: string };
  signal?: AbortSignal;
  onProgress?: (progress: { completedBytes: number; totalBytes: number }) => void;
}

export interface ContainerStats {
  containerId: string;
  labels: Record<string, string>;
  /** Nanoseconds since the container started; undefined when unknown. */
  cpuUsageNanoseconds?: number;
  memoryWorkingSetBytes?: number;
  /** What the container has written beside its volumes. containerd measures it now and then. */
  writableLayerBytes?: number;
}

export interface RuntimeEvent {
  /** Of a container, or of a sandbox. '' after an interruption of the stream: anything may have happened, look at all. */
  id: string;
  type: 'created' | 'started' | 'exited' | 'oom' | 'deleted' | 'other';
}
