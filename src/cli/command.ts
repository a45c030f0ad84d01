import type { Readable, Writable } from 'node:stream';

/** A command is data: help, parsing and completion come from these fields; only `run` does something. */
export interface Command {
  /** As typed after `outfit`: `get`, `node start`. */
  name: string;
  /** One line, without a full stop. */
  summary: string;
  /** After the name: `[POD...] [flags]`. Several when there are several forms. */
  usage: string[];
  /** Paragraphs for the command's own help. */
  description?: string;
  options: Option[];
  examples: Example[];
  /** @returns the exit code, 0 when nothing is returned. @throws Failure, UsageError */
  run(args: Args, context: Context): Promise<number | undefined>;
}

export interface Option {
  /** Long name without dashes. */
  name: string;
  short?: string;
  /** `boolean` takes no value (`--wait=false` is possible); `string` takes one. */
  type: 'boolean' | 'string';
  /** May be given several times. */
  multiple?: boolean;
  /** How the value is called in help: FILE. */
  value?: string;
  summary: string;
  default?: string | boolean;
  /** Left out of help: commands that are not for people. */
  hidden?: boolean;
}

interface Example {
  command: string;
  summary: string;
}

/** The parsed command line of one command. Asking for an option that the command does not declare is a bug and throws. */
export interface Args {
  /** What stands before `--` and is no option. */
  positionals: string[];
  /** What stands after `--`; undefined when there is no `--`. */
  rest: string[] | undefined;
  /** Whether the user gave the option. */
  has(name: string): boolean;
  flag(name: string): boolean;
  value(name: string): string | undefined;
  values(name: string): string[];
}

interface Input extends Readable {
  isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

interface Output extends Writable {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** All of the outside world that a command gets; `main` hands it on and nothing else is used. */
export interface Context {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: Record<string, string | undefined>;
  cwd: string;
  /** Folder of the installed package (bin/, dist/, images/ lie in it). */
  root: string;
  now: () => Date;
  /** Aborts when the user or the system asks the process to end; the reason is an Interrupt. */
  signal: AbortSignal;
  /**
   * For a command that has things to take away again. From the call on a second signal does not end the process, it aborts what is returned
   * (a third one ends it); and when the reader of the output has gone, `signal` aborts instead.
   */
  endInTwoSteps?: () => AbortSignal;
}

/** The reason of an aborted `Context.signal`. */
export class Interrupt extends Error {
  override readonly name = 'Interrupt';
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGPIPE' | 'SIGHUP';
  constructor(signal: Interrupt['signal']) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Something the user or the machine got wrong: exit code 1. `hint` is the way out, shown on a line of its own. The message is shown
 * after `error: `, or as it is when it is `whole` (kubectl's `Error from server (NotFound): …`).
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly hint: string | undefined;
  readonly whole: boolean;
  constructor(message: string, options: { hint?: string | undefined; whole?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.whole = options.whole ?? false;
  }
}

/** The command line itself is wrong: exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Writes one line of output. */
export function print(context: Pick<Context, 'stdout'>, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** Writes one line for the person, not for the pipe. */
export function tell(context: Pick<Context, 'stderr'>, line: string): void {
  context.stderr.write(`${line}\n`);
}
