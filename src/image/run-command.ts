import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { ImageError } from './image-error.ts';

/** Runs a program and reads what it says. The part of the outside world that building images needs, so that tests can play it. */
export interface RunCommand {
  /** What the program wrote to its standard output, whole. */
  text(command: string, args: string[], options?: { cwd?: string; signal?: AbortSignal }): Promise<string>;
  /** Its standard output as it comes. The stream fails when the program does. */
  stream(command: string, args: string[], options?: { cwd?: string; signal?: AbortSignal }): Readable;
}

/** A program that ended badly. `stderr` is what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly stderr: string;

  constructor(command: string, args: string[], how: string, stderr: string) {
    super(`${[command, ...args].join(' ')}: ${how}${stderr && `: ${stderr.trim()}`}`);
    this.stderr = stderr;
  }
}

/** Real programs, with English messages and without any question to the user. */
export const runCommand: RunCommand = {
  async text(command, args, options) {
    const chunks: Buffer[] = [];
    for await (const chunk of start(command, args, options)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  stream: start,
};

function start(command: string, args: string[], options: { cwd?: string; signal?: AbortSignal } = {}): Readable {
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-4_000);
  });
  // The reader may see the end only once the program's exit code is known to be good.
  const output = child.stdout.pipe(new PassThrough(), { end: false });
  output.on('close', () => child.kill());
  child.on('error', (cause) => output.destroy(startError(command, cause)));
  child.on('close', (code, signal) => {
    if (code === 0) output.end();
    else output.destroy(new CommandError(command, args, signal ? `killed by ${signal}` : `exit code ${code}`, stderr));
  });
  return output;
}

function startError(command: string, cause: Error): Error {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') return cause;
  return new ImageError(
    'Unsupported',
    `${command} is not on this machine; images are built from Debian packages, on Debian or Ubuntu`,
    {
      cause,
    },
  );
}
