import { setMaxListeners } from 'node:events';
import { type Context, Interrupt } from './command.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { exitCodeOfSignal } from './exit-codes.ts';
import { outfit } from './outfit.ts';

/** Runs the command line of this process and ends it. `root` is the folder of the installed package. */
export async function runProcess(root: string): Promise<never> {
  const controller = new AbortController();
  // Each of many connections listens to it.
  setMaxListeners(0, controller.signal);
  let secondStep: AbortController | undefined;
  let hungUp = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      hungUp ||= signal === 'SIGHUP';
      if (!controller.signal.aborted) return controller.abort(new Interrupt(signal));
      // A terminal that is closed sends it beside the signal that has closed it: that is no second wish.
      if (secondStep !== undefined && signal === 'SIGHUP') return;
      // The second signal means: now.
      if (secondStep === undefined || secondStep.signal.aborted) process.exit(exitCodeOfSignal(signal));
      secondStep.abort(new Interrupt(signal));
    });
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (secondStep !== undefined) return controller.abort(new Interrupt('SIGPIPE'));
      // `outfit get po | head -1`: the reader has gone.
      if (error.code === 'EPIPE') process.exit(exitCodeOfSignal('SIGPIPE'));
      throw error;
    });
  const context: Context = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    root,
    now: () => new Date(),
    signal: controller.signal,
    endInTwoSteps: () => {
      secondStep ??= new AbortController();
      return secondStep.signal;
    },
  };
  const code = await outfit(process.argv.slice(2), context, { shown: COMMANDS, hidden: HIDDEN_COMMANDS });
  // A reader that is slow is waited for until somebody has had enough.
  controller.signal.addEventListener('abort', () => process.exit(code));
  await Promise.all([process.stdout, process.stderr].map(written));
  if (hungUp) dieOf('SIGHUP');
  process.exit(code);
}

/** A pipe takes only so much at once, and `process.exit` forgets the rest. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });
}

/** Without a terminal Node 20 cannot end in its own way: it fails to put the terminal back as it was, and dumps core. */
function dieOf(signal: 'SIGHUP'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
