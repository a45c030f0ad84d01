import type { Context } from './command.ts';

const CLEAR_LINE = '\r\x1b[K';

/** Says how a long work goes: on a terminal in one line that changes, elsewhere a line for each step. Goes to standard error. */
export class Progress {
  readonly #context: Pick<Context, 'stderr'>;
  #last = '';

  constructor(context: Pick<Context, 'stderr'>) {
    this.#context = context;
  }

  /** A new step. */
  step(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    this.#context.stderr.write(this.#isTerminal ? `${CLEAR_LINE}${this.#fit(text)}` : `${text}\n`);
  }

  /** How far the step is; only a terminal shows it. */
  detail(text: string): void {
    if (this.#isTerminal) this.step(text);
  }

  /** Takes the changing line away. */
  end(): void {
    if (this.#isTerminal && this.#last !== '') this.#context.stderr.write(CLEAR_LINE);
    this.#last = '';
  }

  get #isTerminal(): boolean {
    return this.#context.stderr.isTTY === true;
  }

  #fit(text: string): string {
    return text.slice(0, Math.max(20, (this.#context.stderr.columns ?? 80) - 1));
  }
}
