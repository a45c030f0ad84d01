import { once } from 'node:events';
import type { Context } from '../command.ts';
import { isTrouble, type LogLine, type Said, textOf } from './said.ts';
import { terminalText } from './terminal-text.ts';

/** Where everything goes that `up` says. */
export interface Output {
  say(said: Said): void;
  /** Resolves when more can be taken: a slow reader slows the reading of logs down, and nothing is kept in memory. */
  log(line: LogLine): Promise<void>;
  /** The containers whose logs may come: their names are written equally wide. */
  expect(containers: readonly { object: string; container: string }[]): void;
}

/** One JSON object a line, on standard output. */
export function jsonOutput(context: Pick<Context, 'stdout' | 'now'>): Output {
  const write = (time: string, about: object): boolean =>
    context.stdout.write(`${JSON.stringify({ time, ...about })}\n`);
  return {
    say: (said) => void write(context.now().toISOString(), said.type === 'finding' ? findingOf(said) : said),
    log: async ({ object, container, time, text }) =>
      drained(context, write(time, { type: 'log', object, container, line: text.toString('utf8') })),
    expect: () => {},
  };
}

function findingOf({ finding }: Extract<Said, { type: 'finding' }>) {
  return { type: 'finding', ...finding };
}

/** Foreground colours that can be read on dark and on light grounds. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const WIDEST = 32;

/**
 * Lines for people: logs with the container's name before each, in a colour of its own on a terminal. Trouble goes to standard error.
 */
export function textOutput(context: Pick<Context, 'stdout' | 'stderr' | 'env'>): Output {
  const { stdout, stderr, env } = context;
  const isTerminal = stdout.isTTY === true;
  const names = new LogNames();
  const paint = (codes: number | string, text: string, to: { isTTY?: boolean }): string =>
    to.isTTY && !env.NO_COLOR ? `\x1b[${codes}m${text}\x1b[0m` : text;
  return {
    say(said) {
      const to = isTrouble(said) ? stderr : stdout;
      const codes = said.type === 'error' || isError(said) ? 31 : said.type === 'warning' ? 33 : 1;
      to.write(`${paint(codes, to.isTTY ? shown(textOf(said)) : textOf(said), to)}\n`);
    },
    async log({ object, container, text }) {
      const { name, index } = names.of(object, container);
      const prefix = paint(COLOURS[index % COLOURS.length]!, `${name.padEnd(names.width)} |`, stdout);
      const line = isTerminal ? Buffer.from(terminalText(text.toString('utf8'))) : text;
      await drained(context, stdout.write(Buffer.concat([Buffer.from(`${prefix} `), line, Buffer.from('\n')])));
    },
    expect: (containers) => names.expect(containers),
  };
}

const isError = (said: Said): boolean => said.type === 'finding' && said.finding.severity === 'error';
const shown = (text: string): string => text.split('\n').map(terminalText).join('\n');

async function drained({ stdout }: Pick<Context, 'stdout'>, taken: boolean): Promise<void> {
  if (taken || stdout.destroyed || !stdout.writable) return;
  const gone = new AbortController();
  await Promise.race([
    once(stdout, 'drain', { signal: gone.signal }),
    once(stdout, 'close', { signal: gone.signal }),
  ]).catch(() => undefined);
  gone.abort();
}

/** A container is called by its name, with its Pod before it where several Pods have one of that name. */
class LogNames {
  width = 0;
  private readonly known: { object: string; container: string }[] = [];

  expect(containers: readonly { object: string; container: string }[]): void {
    for (const one of containers) if (this.indexOf(one) < 0) this.known.push({ ...one });
    this.width = Math.min(WIDEST, Math.max(0, ...this.known.map((one) => this.nameOf(one).length)));
  }

  of(object: string, container: string): { name: string; index: number } {
    if (this.indexOf({ object, container }) < 0) this.expect([{ object, container }]);
    return { name: this.nameOf({ object, container }), index: this.indexOf({ object, container }) };
  }

  private indexOf({ object, container }: { object: string; container: string }): number {
    return this.known.findIndex((one) => one.object === object && one.container === container);
  }

  private nameOf({ object, container }: { object: string; container: string }): string {
    const shared = this.known.some((one) => one.container === container && one.object !== object);
    return shared ? `${object.replace(/^pod\//, '')}/${container}` : container;
  }
}
