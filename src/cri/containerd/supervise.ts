import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import { endProcesses, isAlive, type ProcessId, processId } from '../processes.ts';

export interface SupervisorOptions {
  log: Logger;
  /** Starts one and resolves when it answers, or rejects; whoever it rejected for has been ended. */
  start: () => Promise<Supervised>;
}

export interface Supervised {
  id: ProcessId;
  /** Missing for one that an earlier node process started: its end is then seen by looking. */
  child?: ChildProcess;
}

/**
 * Keeps one process running: when it ends it is started again, after 0.1 s, 0.2 s, … up to 10 s while starts fail or it does not
 * stay up for half a minute.
 */
export class Supervisor {
  readonly #log: Logger;
  readonly #start: () => Promise<Supervised>;
  #current: ProcessId | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #failures = 0;
  #restarts = 0;
  #starting: Promise<void> = Promise.resolve();

  constructor({ log, start }: SupervisorOptions) {
    this.#log = log;
    this.#start = start;
  }

  /** Takes over a process that runs and answers. */
  watch({ id, child }: Supervised): void {
    this.#current = id;
    const since = Date.now();
    const ended = (how: object) => {
      if (this.#current !== id) return;
      this.#current = undefined;
      if (this.#stopping) return;
      if (Date.now() - since > STAYED_UP_MS) this.#failures = 0;
      this.#log.error({ pid: id.pid, ...how }, 'containerd ended; starting it again');
      this.#again();
    };
    if (!child) this.#look(id, ended);
    else if (child.exitCode !== null || child.signalCode !== null)
      ended({ code: child.exitCode, signal: child.signalCode });
    else child.once('exit', (code, signal) => ended({ code, signal }));
  }

  /** Process number; undefined while it is down. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Ends it, and is done when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#starting;
    if (this.#current) await endProcesses([this.#current], graceMs);
  }

  /** Leaves it running and looks after it no more. */
  release(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
  }

  #again(): void {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS);
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#starting = this.#startAgain();
    }, wait);
  }

  async #startAgain(): Promise<void> {
    try {
      const supervised = await this.#start();
      this.#restarts += 1;
      this.#log.info({ pid: supervised.id.pid, restarts: this.#restarts }, 'containerd was started again');
      this.watch(supervised);
    } catch (error) {
      this.#log.error({ err: error }, 'containerd could not be started again');
      if (!this.#stopping) this.#again();
    }
  }

  #look(id: ProcessId, ended: (how: object) => void): void {
    this.#timer = setTimeout(() => {
      if (this.#stopping) return;
      if (isAlive(id)) this.#look(id, ended);
      else ended({});
    }, LOOK_MS);
    this.#timer.unref();
  }
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
const STAYED_UP_MS = 30_000;
const LOOK_MS = 1_000;

/** What a child just spawned is known by. Rejects when it could not be started at all. */
export async function spawned(child: ChildProcess): Promise<ProcessId> {
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return processId(child.pid ?? 0) ?? { pid: child.pid ?? 0, startTime: '' };
}
