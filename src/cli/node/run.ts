import { type Command, type Context, Failure } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { DaemonMessage } from './daemon-message.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import { givenSettings, type NodeSettings, SETTING_OPTIONS } from './settings.ts';
import { prepareStateDirectory } from './state-directory.ts';

/** The daemon: what `node start` starts. Says over the IPC channel how the start goes. */
export const nodeRun: Command = {
  name: 'node run',
  summary: 'be the node (started by "node start")',
  usage: ['[flags]'],
  options: SETTING_OPTIONS,
  examples: [],
  run: (args, context) =>
    runNode({ given: givenSettings(args), paths: nodePaths(context), context, foreground: false }),
};

export interface RunNodeOptions {
  given: Partial<NodeSettings>;
  paths: NodePaths;
  context: Context;
  /** In the user's own terminal: the log goes to standard error, and there is nobody to tell. */
  foreground: boolean;
}

/** Is the node until a signal asks it to stop. @throws Failure when it cannot start; everything is undone then */
export async function runNode({ given, paths, context, foreground }: RunNodeOptions): Promise<number> {
  prepareStateDirectory(paths.home);
  const { startNode } = await import('./daemon.ts');
  const node = await startNode({ given, paths, context, foreground }).catch(async (error: unknown) => {
    if (error instanceof Failure) await tell({ type: 'failed', message: error.message, hint: error.hint });
    throw error;
  });
  if (foreground) context.stderr.write(`Node "${node.about.nodeName}" answers at ${node.about.server}\n`);
  await tell({ type: 'ready', ...node.about });
  if (process.connected) process.disconnect();
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    context.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return (await node.stop()) ? EXIT.done : EXIT.error;
}

/** Over the channel to the command that started this process; there is none in the foreground, or when that command was killed. */
async function tell(message: DaemonMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}
