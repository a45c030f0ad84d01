import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Pod } from '../../kube/generated/objects.ts';
import { type BackOffRules, FAST_BACKOFF } from '../../pods/backoff.ts';
import { Claims } from '../../pods/claims/claims.ts';
import { type EventRecorder, eventRecorder, expireEvents } from '../../pods/events.ts';
import { keepWithinLimits } from '../../pods/eviction/keep-within-limits.ts';
import { keepNode, registerNode } from '../../pods/keep-node.ts';
import { keepLogsShort } from '../../pods/logs/keep-logs-short.ts';
import { PodLoop } from '../../pods/loop.ts';
import { readMachine } from '../../pods/machine.ts';
import { podPaths } from '../../pods/paths.ts';
import { podParts } from '../../pods/pod-parts.ts';
import { KnownAbilities } from '../../pods/runtime-abilities.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { type Context, Failure } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { KUBERNETES_VERSION, OUTFIT_VERSION } from '../version.ts';
import { allDone } from './all-done.ts';
import { loadCredentials } from './credentials.ts';
import { startFailure } from './failures.ts';
import { nodeFunctions } from './functions.ts';
import { type NodeLock, takeLock } from './lock.ts';
import { nodeLog } from './log.ts';
import { type Machinery, startMachinery } from './machinery.ts';
import type { NodePaths } from './paths.ts';
import { podToken } from './pod-token.ts';
import { podAddresses, type ServedApi, startApi } from './serve.ts';
import { checkTogether, DEFAULT_SETTINGS, type NodeSettings, readSettings, writeSettings } from './settings.ts';
import { keepSidecarStatus } from './sidecars/keep-status.ts';
import { KnownSidecars } from './sidecars/known-sidecars.ts';
import { loadSigningKey } from './signing-key.ts';
import { stopPods } from './stop-pods.ts';
import { Teardown } from './teardown.ts';

export interface StartNodeOptions {
  given: Partial<NodeSettings>;
  paths: NodePaths;
  context: Context;
  foreground: boolean;
}

/** A node that answers. */
export interface RunningNode {
  about: { server: string; nodeName: string; runtime: string };
  /** Stops the Pods by their grace periods, then everything. @returns false when something could not be stopped; the log says what */
  stop(): Promise<boolean>;
}

/**
 * Starts the node in this process: store, credentials, registry, containerd and network side by side, then the Pod loop and the API.
 * @throws Failure, after everything that was begun has been undone; what an earlier, killed node left running is left running
 */
export async function startNode({ given, paths, foreground, context }: StartNodeOptions): Promise<RunningNode> {
  const kept = await readSettings(paths.settings);
  const settings = { ...DEFAULT_SETTINGS, nodeName: hostname().toLowerCase(), ...kept, ...given };
  checkTogether(settings);
  const log = nodeLog(foreground ? undefined : paths.log, settings.logLevel);
  exitOnBug(log);
  const teardown = new Teardown(log);
  try {
    log.info({ outfit: OUTFIT_VERSION, node: process.version, pid: process.pid, ...settings }, 'node starts');
    const node = await compose({ settings, paths, context, log, teardown });
    await writeSettings(paths.settings, settings, OUTFIT_VERSION);
    log.info({ server: node.about.server, ms: Math.round(process.uptime() * 1000) }, 'node is ready');
    return node;
  } catch (error) {
    log.error({ err: error }, 'node cannot start');
    await teardown.run();
    const failure = startFailure(error, settings.port);
    if (kept === undefined && failure instanceof Failure && !(failure instanceof AlreadyRuns)) await forget(paths, log);
    throw failure;
  }
}

/** After a bug nothing is certain: the process ends at once, Pods run on, and the next start takes them up. */
function exitOnBug(log: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal(
        { err: error },
        `a bug of Outfit (${event}): the node ends; Pods run on until "outfit node start" takes them up`,
      );
      process.exit(EXIT.bug);
    });
}

class AlreadyRuns extends Failure {}

/** A first start that did not succeed leaves no state directory behind. */
async function forget(paths: NodePaths, log: Logger): Promise<void> {
  const { removeNode } = await import('./reset.ts');
  await removeNode(paths).catch((error: unknown) => log.warn({ err: error }, 'not everything could be removed'));
}

interface Parts {
  settings: NodeSettings;
  paths: NodePaths;
  context: Context;
  log: Logger;
  teardown: Teardown;
}

/** Puts the parts together. Whatever needs to be undone is told to `teardown` as soon as it is begun. */
async function compose({ settings, paths, context, log, teardown }: Parts): Promise<RunningNode> {
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const lock = await lockHome(paths, context, teardown);
  const [machinery, store, { credentials }, signingKey, machine] = await allDone([
    startMachinery({ settings, paths, root: context.root, log, teardown, isStopping }),
    openStoreAt(paths.store, log, teardown),
    loadCredentials(paths.pki, context.now(), podAddresses(settings)),
    loadSigningKey(paths.pki),
    readMachine(paths.home),
  ]);
  context.signal.throwIfAborted();
  const { runtime, about: runtimeAbout } = machinery;
  const abilities = new KnownAbilities();
  const background = new AbortController();
  teardown.add('background work', () => background.abort());
  const { signal } = background;
  const node = {
    store,
    name: settings.nodeName,
    kubernetesVersion: KUBERNETES_VERSION,
    machine,
    runtime,
    abilities,
    ...(settings.cri === undefined && { podCIDR: settings.podCidr }),
    ...restartRules(settings),
    log,
  };
  const claimEvents = recorder({ store, log, teardown }, 'persistentvolume-controller', '');
  const claims = new Claims({ store, paths: podPaths(paths.home), events: claimEvents, log });
  const functions = nodeFunctions({ runtime, paths: podPaths(paths.home) });
  const sidecars = new KnownSidecars(store, log);
  const can = () => ({ appArmor: machine.appArmor, seLinux: machine.seLinux, ...abilities.current });
  const shown = { credentials, signingKey, abilities: can };
  const api = await startApi({ settings, paths, context, log, teardown, store, functions, ...shown, sidecars });
  const loop = podLoop({ settings, paths, log, teardown, store, machinery, machine, abilities, claims, api });
  await registerNode(node);
  await claims.start();
  teardown.add('claims', () => claims.stop());
  await loop.start();
  teardown.add('pod loop', () => loop.stop());
  void keepNode({ ...node, signal });
  const evict = (uid: string, message: string) => loop.evict(uid, message);
  void keepWithinLimits({
    store,
    runtime,
    paths: podPaths(paths.home),
    nodeName: settings.nodeName,
    log,
    evict,
    signal,
  });
  const sidecarEvents = recorder({ store, log, teardown }, 'sidecar-admission', '');
  keepSidecarStatus({ store, known: sidecars, events: sidecarEvents, log, signal });
  void expireEvents({ store, signal, log });
  void keepLogsShort({ runtime, paths: podPaths(paths.home), owner: paths.id, log, signal });
  await lock.update({ server: api.url, runtime: runtimeAbout });
  const about = {
    server: api.url,
    nodeName: settings.nodeName,
    runtime: `${runtimeAbout.name} ${runtimeAbout.version}`,
  };
  return {
    about,
    stop: async () => {
      stopping = true;
      log.info('node stops');
      await stopPods(loop, store, (lines) => lock.update({ stopping: lines })).catch((error: unknown) =>
        log.error({ err: error }, 'pods could not be stopped'),
      );
      return teardown.run();
    },
  };
}

async function lockHome(paths: NodePaths, context: Context, teardown: Teardown): Promise<NodeLock> {
  const lock = await takeLock(paths.lock, { outfit: OUTFIT_VERSION, startedAt: context.now().toISOString() });
  if (!lock)
    throw new AlreadyRuns(`another node uses ${paths.home}`, {
      hint: 'for a second node choose another directory with OUTFIT_HOME',
    });
  teardown.add('lock', () => lock.release());
  return lock;
}

async function openStoreAt(path: string, log: Logger, teardown: Teardown): Promise<Store> {
  const store = await openStore(path, { log });
  teardown.add('store', () => store.close());
  return store;
}

interface LoopOptions extends Pick<Parts, 'settings' | 'paths' | 'log' | 'teardown'> {
  store: Store;
  machinery: Machinery;
  machine: Awaited<ReturnType<typeof readMachine>>;
  abilities: KnownAbilities;
  claims: Claims;
  api: ServedApi;
}

/** Nothing where restarts are a cluster's. */
function restartRules({ restartBackoff }: NodeSettings): { backOffRules?: BackOffRules } {
  return restartBackoff === 'fast' ? { backOffRules: FAST_BACKOFF } : {};
}

function podLoop(options: LoopOptions): PodLoop {
  const { settings, paths, log, teardown, store, machinery, machine, claims, api } = options;
  const { nodeName } = settings;
  const abilities = () => options.abilities.current;
  const claimOf = (pod: Pod, volume: string) => claims.claimOf(pod, volume);
  const events = recorder({ store, log, teardown }, 'kubelet', nodeName);
  return new PodLoop({
    store,
    runtime: machinery.runtime,
    parts: podParts({
      paths: podPaths(paths.home),
      store,
      events,
      nodeName,
      machine,
      cgroupRoot: paths.cgroup,
      podPidsLimit: settings.podPidsLimit,
      claimOf,
      requestToken: (pod, wish) => podToken(api.grantToken, pod, wish),
      api: api.forPods,
      runtime: abilities,
    }),
    events,
    schedulerEvents: recorder({ store, log, teardown }, 'default-scheduler', ''),
    taintEvents: recorder({ store, log, teardown }, 'taint-eviction-controller', ''),
    log,
    nodeName,
    hostIPs: machine.addresses,
    owner: paths.id,
    claims: (pod) => claims.misfit(pod),
    abilities,
    kubernetesVersion: KUBERNETES_VERSION,
    ...restartRules(settings),
  });
}

/** What it was told is written before the store is closed. */
function recorder(
  { store, log, teardown }: Pick<LoopOptions, 'store' | 'log' | 'teardown'>,
  component: string,
  host: string,
): EventRecorder {
  const events = eventRecorder({ store, component, host, log });
  teardown.add(`events of ${component}`, () => events.flush());
  return events;
}
