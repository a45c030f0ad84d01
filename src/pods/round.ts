import type { Logger } from 'pino';
import { type PodSandboxConfig, type Runtime, RuntimeError } from '../cri/runtime.ts';
import type { ContainerStateWaiting, Pod } from '../kube/generated/objects.ts';
import type { BackOff, BackOffRules } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { HealthKeeper } from './health.ts';
import type { RunHook } from './hooks.ts';
import type { Images } from './images.ts';
import type { Observed } from './observed.ts';
import type { Plan } from './plan.ts';
import type { PodWriter } from './pod-writer.ts';
import type { PodEvents, PodParts } from './ports.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';
import type { Slots } from './slots.ts';

/** Marks what this node made, so that on a shared containerd it leaves everybody else's Pods alone. */
export const OWNER_LABEL = 'outfit.local/owner';

export interface Tools {
  runtime: Runtime;
  images: Images;
  parts: PodParts;
  events: PodEvents;
  clock: Clock;
  log: Logger;
  /** Value of OWNER_LABEL. */
  owner: string;
  writer: PodWriter;
  health: HealthKeeper;
  hook: RunHook;
  /** Addresses of this machine. */
  hostIPs: string[];
  /** What the runtime can now. */
  abilities(): RuntimeAbilities;
  backOffRules?: BackOffRules;
  /** How long a new sidecar must have lived to count as started; see gate.ts. Milliseconds. */
  settlingMs: number;
  /** Bounds how many sandboxes and containers are made at a time, over all Pods. */
  slots: Slots;
}

/** What is to be remembered of one round; filled in as it goes, so that a round that breaks off loses nothing. */
export interface Outcome {
  /** Reasons of containers that could not be started; undefined where the container was started. */
  waiting: Map<string, ContainerStateWaiting | undefined>;
  backOffs: Map<string, BackOff>;
  /** Containers that could not be started, and when at the earliest to try again where that is known. Milliseconds since the epoch. */
  failures: Map<string, number | undefined>;
}

export interface Round {
  pod: Pod;
  observed: Observed;
  plan: Plan;
  /** Fires when the Pod is deleted or changed: nothing new is begun then, and pulls are given up. */
  signal: AbortSignal;
  outcome: Outcome;
  /** Called with the id of everything made, before it can die. */
  made(id: string): void;
}

/** The sandbox that a round's containers go into. */
export interface Sandbox {
  id: string;
  ips: string[];
  config: PodSandboxConfig;
}

/** The runtime does not answer: nothing is said about the Pod, and the user is not told. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === 'Unavailable';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
