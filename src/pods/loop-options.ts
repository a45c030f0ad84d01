import type { Logger } from 'pino';
import type { Runtime } from '../cri/runtime.ts';
import type { Pod, Secret } from '../kube/generated/objects.ts';
import type { Store } from '../store/store.ts';
import type { BackOffRules } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Misfit } from './fit.ts';
import { SETTLING } from './gate.ts';
import type { HealthKeeper } from './health.ts';
import { hooks, type RunHook } from './hooks.ts';
import { Images } from './images.ts';
import { PodWriter } from './pod-writer.ts';
import type { PodEvents, PodParts } from './ports.ts';
import type { RunProbe } from './probes/answer.ts';
import { PodProbes } from './probes/pod-probes.ts';
import { probers } from './probes/run-probe.ts';
import { PullSecrets } from './pull-secrets/pull-secrets.ts';
import type { Tools } from './round.ts';
import { NO_ABILITIES, type RuntimeAbilities } from './runtime-abilities.ts';
import { Slots } from './slots.ts';

export interface PodLoopOptions {
  store: Store;
  runtime: Runtime;
  parts: PodParts;
  /** Of component kubelet. */
  events: PodEvents;
  /** Of component default-scheduler. */
  schedulerEvents: PodEvents;
  /** Of component taint-eviction-controller. */
  taintEvents: PodEvents;
  log: Logger;
  /** Pods of this `spec.nodeName` are run; Pods without one are bound to it. */
  nodeName: string;
  /** Addresses of this machine, for `status.hostIPs`; the first one first. */
  hostIPs: string[];
  /** Tells this node's sandboxes and containers from others' on the same containerd: the same at each start (a hash of the state directory). */
  owner: string;
  /** Makes the claims of a Pod ready, or says why it cannot be scheduled for want of them. */
  claims?: (pod: Pod) => Promise<Misfit | undefined>;
  /** What the runtime can now. Default: what every runtime can. */
  abilities?: () => RuntimeAbilities;
  clock?: Clock;
  /** Runs a probe once. Default: for real. */
  probe?: RunProbe;
  /** Runs a hook. Default: for real. */
  hook?: RunHook;
  /** How long a new sidecar must have lived to count as started, in milliseconds; default 150. */
  settlingMs?: number;
  /** What servers see of probes and hooks. Default: the version that Outfit claims. */
  kubernetesVersion?: string;
  /** Of restarts. Default: the kubelet's, 10 s to 5 min. */
  backOffRules?: BackOffRules;
  /** Sandboxes and containers that are made at a time, over all Pods. Default 8. */
  maxStarts?: number;
  /** Images that are pulled at a time. Default 5. */
  maxPulls?: number;
}

/** What the rounds of Pods work with; defaults are filled in. `changed` is told of Pods whose containers' health is another one. */
export function toolsOf(options: PodLoopOptions, changed: (uid: string) => void): Tools {
  const { store, runtime, parts, events, log, owner, hostIPs, backOffRules, maxPulls } = options;
  const { clock = systemClock, maxStarts = 8, settlingMs = SETTLING, abilities = () => NO_ABILITIES } = options;
  const { hook = realHooks(options, clock) } = options;
  const health = healthKeeper(options, clock, changed);
  const secrets = new PullSecrets({ secret: (namespace, name) => secretIn(store, namespace, name), events });
  const images = new Images({ runtime, events, clock, secrets, ...(maxPulls !== undefined && { maxPulls }) });
  const made = { images, writer: new PodWriter(store), slots: new Slots(maxStarts) };
  return {
    runtime,
    parts,
    events,
    clock,
    log,
    owner,
    health,
    hook,
    hostIPs,
    abilities,
    settlingMs,
    ...made,
    ...(backOffRules && { backOffRules }),
  };
}

function secretIn(store: Store, namespace: string, name: string): Secret | undefined {
  return store.get({ group: '', resource: 'secrets', namespace, name }) as Secret | undefined;
}

const CLAIMED_VERSION = 'v1.33.0';

function realHooks({ runtime, events, kubernetesVersion = CLAIMED_VERSION }: PodLoopOptions, clock: Clock): RunHook {
  return hooks({ runtime, events, clock, kubernetesVersion });
}

function healthKeeper(options: PodLoopOptions, clock: Clock, changed: (uid: string) => void): HealthKeeper {
  const { runtime, events, hostIPs, kubernetesVersion = CLAIMED_VERSION } = options;
  const { probe = probers({ runtime, kubernetesVersion }) } = options;
  return new PodProbes({ run: probe, events, clock, hostIPs, changed });
}
