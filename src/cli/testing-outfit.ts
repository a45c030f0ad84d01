import { Readable, Writable } from 'node:stream';
import type { Context } from './command.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { outfit } from './outfit.ts';

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

interface Surroundings extends Partial<Omit<Context, 'stdin'>> {
  stdin?: string | Uint8Array;
  /** Whether standard output and standard error are a terminal; default no. */
  terminal?: boolean;
  commands?: Parameters<typeof outfit>[2];
}

/** The command line as a function, for tests: in this process, without environment, at the beginning of time. */
export async function runOutfit(argv: readonly string[], surroundings: Surroundings = {}): Promise<Result> {
  const {
    stdin = '',
    terminal = false,
    commands = { shown: COMMANDS, hidden: HIDDEN_COMMANDS },
    ...more
  } = surroundings;
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) =>
    Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          written[name] += chunk;
          done();
        },
      }),
      { isTTY: terminal },
    );
  const context: Context = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: {},
    cwd: '/',
    root: '/nowhere',
    now: () => new Date(0),
    signal: new AbortController().signal,
    ...more,
  };
  return { code: await outfit([...argv], context, commands), ...written };
}
