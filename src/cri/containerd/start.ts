import { mkdirSync, readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { commandRunner, type RunCommand } from '../command.ts';
import type { NodePlaces } from '../places.ts';
import { endProcesses } from '../processes.ts';
import type { Runtime } from '../runtime.ts';
import { removeStrays, type StrayOptions, type Traces, tracesOf } from '../strays.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import type { PodNetwork } from './cni.ts';
import { type Configuration, writeConfiguration } from './configuration.ts';
import { chooseSnapshotter, hasSELinux, mayLowerOomScore } from './machine.ts';
import type { RegistrySettings } from './registry-hosts.ts';
import { boundLog, findContainerd, spawnContainerd, untilReady } from './spawn.ts';
import { type Supervised, Supervisor, spawned } from './supervise.ts';
import { type ContainerdVersion, parseContainerdVersion } from './version.ts';

export interface StartOptions {
  places: NodePlaces;
  /** A runtime on `places.containerd.socket`; asked for its version until it answers. */
  runtime: Runtime;
  network: PodNetwork;
  registries: RegistrySettings;
  sandboxImage: string;
  log: Logger;
  env?: NodeJS.ProcessEnv;
  run?: RunCommand;
}

export interface PrivateContainerd {
  version: string;
  /** It was running already: an earlier node process had started it and was killed. */
  adopted: boolean;
  /** undefined while it is down and about to be started again. */
  pid(): number | undefined;
  /** How often it had to be started again since this call. */
  restarts(): number;
  /** Ends containerd. Pods go on running in their shims: whoever wants them gone stops them first. */
  stop(): Promise<void>;
  /** Leaves containerd running for the next node process to adopt. */
  release(): void;
}

/**
 * Starts the node's own containerd, or adopts the one that runs with the same configuration, and keeps it running. Resolves when
 * CRI answers (30 ms after the spawn here).
 * @throws SetupError Missing, TooOld or Failed
 */
export async function startContainerd(options: StartOptions): Promise<PrivateContainerd> {
  const { places, log, runtime, env = process.env } = options;
  const binaries = findBinaries({ env });
  const { version, configuration } = await configure(options, binaries);
  const changed = writeConfiguration(configuration);

  const start = () => startOne(places, binaries, runtime, env, log);
  const supervisor = new Supervisor({ log, start });
  const running = await adopt(places, runtime, changed, log);
  // The calls that a killed node had under way were given up, and not everything that they had begun.
  if (running) await sweep(await tracesOf(places), { places, runtime, log, run: commandRunner(binaries.path) });
  supervisor.watch(running ?? (await start()));
  log.info({ pid: supervisor.pid, version: version.text, adopted: running !== undefined }, 'containerd answers');
  const logWatch = setInterval(() => boundLog(places.containerd.log), LOG_WATCH_MS).unref();
  const strayWatch = watchForStrays({ places, runtime, log, run: commandRunner(binaries.path) });
  return {
    version: version.text,
    adopted: running !== undefined,
    pid: () => supervisor.pid,
    restarts: () => supervisor.restarts,
    stop: () => {
      clearInterval(logWatch);
      clearInterval(strayWatch);
      return supervisor.stop(STOP_MS);
    },
    release: () => {
      clearInterval(logWatch);
      clearInterval(strayWatch);
      supervisor.release();
    },
  };
}

/** A failure is told and no more: strays are in nobody's way. */
async function sweep(traces: Traces, options: StrayOptions): Promise<void> {
  await removeStrays(traces, options).catch((error: unknown) =>
    options.log.warn({ err: error }, 'not all that was left behind could be removed'),
  );
}

/** Also a containerd that lives gives up calls, when they take longer than their caller waits. What nobody knew of for so long is nobody's. */
function watchForStrays(options: StrayOptions): NodeJS.Timeout {
  let before: Traces | undefined;
  const look = async (): Promise<void> => {
    if (before) await sweep(before, options);
    before = await tracesOf(options.places);
  };
  return setInterval(
    () => void look().catch((err: unknown) => options.log.warn({ err }, 'strays not looked for')),
    STRAY_WATCH_MS,
  ).unref();
}

/** Longer than any call may take that makes a sandbox or container. */
const STRAY_WATCH_MS = 300_000;
const STOP_MS = 10_000;
const LOG_WATCH_MS = 600_000;

async function configure(
  { places, network, registries, sandboxImage, run, log }: StartOptions,
  binaries: Binaries,
): Promise<{ version: ContainerdVersion; configuration: Configuration }> {
  const command = run ?? commandRunner(binaries.path);
  mkdirSync(places.containerd.folder, { recursive: true, mode: 0o711 });
  const [output, snapshotter] = await Promise.all([
    command(binaries.containerd, ['--version']),
    chooseSnapshotter(places.containerd.folder, command),
  ]);
  const version = parseContainerdVersion(output);
  const restrictOomScoreAdj = !mayLowerOomScore(readFileSync('/proc/self/status', 'utf8'));
  const facts = { version, snapshotter, restrictOomScoreAdj, seLinux: hasSELinux() };
  log.debug(facts, 'what this machine has');
  const { runc, cniPlugins } = binaries;
  return { version, configuration: { ...facts, places, runc, cniPlugins, sandboxImage, network, registries } };
}

async function startOne(
  places: NodePlaces,
  binaries: Binaries,
  runtime: Runtime,
  env: NodeJS.ProcessEnv,
  log: Logger,
): Promise<Supervised> {
  const traces = await tracesOf(places);
  const child = spawnContainerd(places, binaries, env);
  const id = await spawned(child);
  child.unref();
  try {
    await untilReady(places, runtime, () => child.exitCode !== null || child.signalCode !== null);
    await sweep(traces, { places, runtime, log, run: commandRunner(binaries.path) });
  } catch (error) {
    await endProcesses([id], STOP_MS);
    throw error;
  }
  return { id, child };
}

/** One with an older configuration, or that does not answer, is ended: Pods survive that, and the next containerd takes them up. */
async function adopt(
  places: NodePlaces,
  runtime: Runtime,
  changed: boolean,
  log: Logger,
): Promise<Supervised | undefined> {
  const found = findContainerd(places);
  if (!found) return undefined;
  const usable =
    !changed &&
    (await untilReady(places, runtime, () => false, ADOPT_MS).then(
      () => true,
      () => false,
    ));
  if (usable) return { id: found };
  log.info({ pid: found.pid, changed }, 'ending the containerd of an earlier start');
  await endProcesses([found], STOP_MS);
  return undefined;
}

const ADOPT_MS = 3_000;
