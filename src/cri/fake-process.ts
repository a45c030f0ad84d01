/** What a scripted container does. `{}` runs until it is stopped and obeys SIGTERM at once. */
export interface Program {
  /** Milliseconds after its start at which it exits by itself. */
  exitsAfterMs?: number;
  /** Exit code when it exits by itself. Default 0. */
  exitCode?: number;
  /** Its own exit is the kernel's out-of-memory kill: exit code 137, reason OOMKilled. */
  oomKilled?: boolean;
  /** It cannot be started; the text is the runtime's message. */
  failsToStart?: string;
  /** It has no handler for SIGTERM and is process 1: only SIGKILL ends it. */
  ignoresTerm?: boolean;
  /** Milliseconds it takes to end after SIGTERM. Default 0. */
  termAfterMs?: number;
  /** Exit code after SIGTERM. Default 143. */
  termExitCode?: number;
  /** Answers execSync. Default: exit code 0 and no output, at once. */
  exec?: (command: string[]) => ExecAnswer;
}

interface ExecAnswer {
  exitCode?: number;
  stdout?: string;
  stderr?: string;
  /** Milliseconds the command takes. */
  takesMs?: number;
}

/** The clock of a fake: the global one unless a test brings its own. Times are milliseconds since the epoch. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Looks the globals up at each call, so that vitest's fake timers are seen. */
export const globalClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export interface Exit {
  code: number;
  oomKilled: boolean;
}

/** A process that lives on a clock: started in the constructor, ends once, tells `onExit` then. */
export class FakeProcess {
  readonly #program: Program;
  readonly #clock: Clock;
  readonly #onExit: (exit: Exit) => void;
  readonly #timers = new Set<unknown>();
  readonly #waiting: (() => void)[] = [];
  #ended = false;

  constructor(program: Program, clock: Clock, onExit: (exit: Exit) => void) {
    this.#program = program;
    this.#clock = clock;
    this.#onExit = onExit;
    const { exitsAfterMs, oomKilled = false, exitCode = 0 } = program;
    if (exitsAfterMs !== undefined) this.#after(exitsAfterMs, { code: oomKilled ? 137 : exitCode, oomKilled });
  }

  /** SIGTERM now and SIGKILL after `timeoutMs`; resolves when it has ended. */
  stop(timeoutMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const ended = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (timeoutMs <= 0) this.end({ code: 137, oomKilled: false });
    else {
      const { ignoresTerm, termAfterMs = 0, termExitCode = 143 } = this.#program;
      this.#after(timeoutMs, { code: 137, oomKilled: false });
      if (!ignoresTerm) this.#after(termAfterMs, { code: termExitCode, oomKilled: false });
    }
    return ended;
  }

  end(exit: Exit): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#onExit(exit);
    for (const resolve of this.#waiting) resolve();
  }

  #after(ms: number, exit: Exit): void {
    if (ms <= 0) this.end(exit);
    else this.#timers.add(this.#clock.setTimeout(() => this.end(exit), ms));
  }
}
