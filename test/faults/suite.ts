import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { containerdRuntime } from '../../src/cri/containerd-runtime.ts';
import { type NodePlaces, nodePlaces } from '../../src/cri/places.ts';
import type { Runtime } from '../../src/cri/runtime.ts';
import type { Pod } from '../../src/kube/generated/objects.ts';
import type { NodeUnderTest } from '../e2e/node-under-test.ts';
import { ApiClient } from './api-client.ts';
import { FAULTS, type Fault, nodeProcess, type Target } from './faults.ts';
import { look, type Sight } from './machine.ts';
import { complaints, contradictions, type Inhabitant, repeatedInit, restartsWithoutReason } from './oracle.ts';
import { POD_KINDS, withHostPort } from './pod-kinds.ts';
import { Random } from './random.ts';

export interface SuiteOptions {
  node: NodeUnderTest;
  seed: number;
  /** The most Pods that live at a time. */
  maxPods: number;
  say(line: string): void;
  /** A fault to strike in every round, in place of those by chance. */
  only?: string | undefined;
}

interface Resident extends Inhabitant {
  port: number;
  /** Milliseconds after its creation; undefined: it stays until it is chosen to go. */
  leavesAfter: number | undefined;
  /** Seconds, of its deletion; undefined: its own. */
  grace: number | undefined;
}

/** How long it may take until all is quiet again on a busy machine, restarts after back-off included. Milliseconds. */
const QUIET_WITHIN = 120_000;
const LOOK_EVERY = 200;
const SAY_AFTER = 15_000;

/**
 * A world of Pods, and faults that strike while Pods are created, start, run and are deleted. All chance comes from one seed; what the machine
 * makes of it (who is how far when the fault strikes) is its own.
 */
export class FaultSuite {
  readonly #options: SuiteOptions;
  readonly #random: Random;
  readonly #api: ApiClient;
  readonly #places: NodePlaces;
  readonly #runtime: Runtime;
  #inhabitants: Resident[] = [];
  #seen = new Map<string, Pod>();
  #made = 0;
  #starting: Promise<void> | undefined;

  constructor(options: SuiteOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#places = nodePlaces(options.node.home);
    this.#api = new ApiClient(() => `${options.node.home}/kubeconfig`);
    const log = pino({ level: 'silent' });
    this.#runtime = containerdRuntime({ socket: this.#places.containerd.socket, log });
  }

  /** One round: Pods come and go, one or two faults strike, the node is there again, and then everything has to be right. @throws Error with what is not */
  async round(number: number): Promise<void> {
    const begun = Date.now();
    const quiet = this.#random.next() < 0.3;
    const before = new Map(this.#seen);
    const faults = this.#chooseFaults();
    const chance = new Random(this.#random.between(0, 2 ** 31));
    const harms = faults.some((fault) => fault.harms);
    if (harms) for (const one of this.#inhabitants) one.harmed = true;
    const going = quiet ? [] : this.#leave();
    const coming = quiet ? [] : this.#newcomers(harms);
    const names = [...coming.map(({ name }) => `+${name}`), ...going.map(({ name }) => `-${name}`)];
    this.#options.say(`round ${number}: ${names.join(' ')} | ${faults.map(({ name }) => name).join(', then ')}`);

    const changes = [...coming.map((one) => this.#create(one)), ...going.map((one) => this.#delete(one))];
    const changed = Promise.allSettled(changes);
    for (const fault of faults) {
      await sleep(chance.between(0, 900));
      await fault.strike(this.#target(chance));
    }
    await this.#startNode();
    const failed = (await changed).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const sight = await this.#untilQuiet();
    const restarts = this.#inhabitants.flatMap(({ uid }) => {
      const [old, now] = [before.get(uid), this.#seen.get(uid)];
      if (!old || !now) return [];
      const stays = !harms && isSteady(now);
      return [...repeatedInit(old, now, sight), ...(stays ? restartsWithoutReason(old, now) : [])];
    });
    if (restarts.length > 0) throw new Error(restarts.join('\n'));
    this.#options.say(`round ${number}: right after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  }

  /** So many Pods at once, and all of them are as they have to be. */
  async crowd(count: number): Promise<void> {
    this.#options.say(`${count} Pods at once`);
    const all = Array.from({ length: count }, () => this.#newcomer(false));
    await Promise.all(all.map((one) => this.#create(one)));
    await this.#untilQuiet();
  }

  /** Every Pod is deleted; of none anything is left. */
  async end(): Promise<void> {
    const all = this.#inhabitants;
    this.#inhabitants = [];
    await Promise.all(all.map((one) => this.#delete(one)));
    await this.#untilQuiet();
  }

  close(): void {
    this.#api.close();
    this.#runtime.close();
  }

  #chooseFaults(): Fault[] {
    const known = FAULTS.filter(({ name }) => this.#options.only === undefined || name.includes(this.#options.only));
    const count = this.#random.next() < 0.25 ? 2 : 1;
    return Array.from({ length: count }, () => this.#random.pickWeighted(known));
  }

  #newcomers(harmed: boolean): Resident[] {
    const room = this.#options.maxPods - this.#inhabitants.length;
    const count = Math.min(room, this.#random.between(1, 4));
    return Array.from({ length: count }, () => this.#newcomer(harmed));
  }

  /** All of its fate is decided here, so that it does not depend on who is quicker later. */
  #newcomer(harmed: boolean): Resident {
    const random = this.#random;
    const kind = random.pick(POD_KINDS);
    this.#made += 1;
    const one: Resident = {
      name: `${kind.name}-${this.#made}`,
      uid: '',
      kind,
      hostPort: random.next() < 0.25,
      port: 22_000 + (this.#made % 8000),
      harmed,
      // A few go before they have started.
      leavesAfter: random.next() < 0.15 ? random.between(0, 600) : undefined,
      grace: random.pick([undefined, undefined, 1, 0]),
    };
    this.#inhabitants.push(one);
    return one;
  }

  /** Some of those who are there go. */
  #leave(): Resident[] {
    const share = this.#random.next() * 0.6;
    const going = this.#inhabitants.filter(() => this.#random.next() < share);
    this.#inhabitants = this.#inhabitants.filter((one) => !going.includes(one));
    return going;
  }

  async #create(one: Resident): Promise<void> {
    const spec = { terminationGracePeriodSeconds: 3, ...one.kind.spec };
    const pod = await this.#api.create(one.name, one.hostPort ? withHostPort(spec, one.port) : spec);
    one.uid = pod.metadata?.uid ?? '';
    if (one.leavesAfter === undefined) return;
    this.#inhabitants = this.#inhabitants.filter((other) => other !== one);
    await sleep(one.leavesAfter);
    await this.#delete(one);
  }

  async #delete({ name, uid, grace }: Resident): Promise<void> {
    this.#seen.delete(uid);
    await this.#api.delete(name, grace);
  }

  #target(random: Random): Target {
    return {
      places: this.#places,
      random,
      startNode: () => this.#startNode(),
      stopNode: async () => void (await this.#options.node.outfit('node', 'stop')),
    };
  }

  /** One start at a time; the node may have been killed just now, and again meanwhile. */
  async #startNode(): Promise<void> {
    this.#starting ??= this.#options.node
      .start({ images: [], flags: ['--restart-backoff', 'fast'] })
      .finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  /** Looks until there is nothing to complain about. @throws Error with the complaints that stay, at once with what may never be */
  async #untilQuiet(): Promise<Sight> {
    const deadline = Date.now() + QUIET_WITHIN;
    let sayAt = Date.now() + SAY_AFTER;
    for (;;) {
      const { found, sight } = await this.#inspect().catch((error: unknown) => ({
        found: [String(error)],
        sight: undefined,
      }));
      if (sight && found.length === 0) return sight;
      if (Date.now() > deadline) throw new Error(`not right after ${QUIET_WITHIN / 1000} s:\n${found.join('\n')}`);
      if (Date.now() > sayAt) {
        this.#options.say(`  still: ${found.slice(0, 5).join('; ')}`);
        sayAt += SAY_AFTER;
      }
      if (!nodeProcess(this.#places)) throw new Error('the node is dead');
      await sleep(LOOK_EVERY);
    }
  }

  async #inspect(): Promise<{ found: string[]; sight: Sight }> {
    const [pods, sight] = await Promise.all([this.#api.pods(), look(this.#places, this.#runtime)]);
    for (const pod of pods) {
      const uid = pod.metadata?.uid ?? '';
      const before = this.#seen.get(uid);
      const never = before ? contradictions(before, pod) : [];
      if (never.length > 0) throw new Contradiction(never.join('\n'));
      this.#seen.set(uid, pod);
    }
    return { found: complaints(this.#inhabitants, pods, sight), sight };
  }
}

/** What no waiting mends. */
class Contradiction extends Error {
  override readonly name = 'Contradiction';
}

/** Nothing of it restarts by itself. */
function isSteady({ metadata }: Pod): boolean {
  return !/^(crash|job)-/.test(metadata?.name ?? '');
}
