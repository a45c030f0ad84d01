import { type Command, type Context, Failure, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type NodeRun, runningNode } from './lock.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import {
  DEFAULT_SETTINGS,
  differingFlags,
  givenSettings,
  type NodeSettings,
  readSettings,
  SETTING_OPTIONS,
  settingFlags,
} from './settings.ts';
import { spawnDaemon } from './spawn-daemon.ts';
import { prepareStateDirectory } from './state-directory.ts';

export const nodeStart: Command = {
  name: 'node start',
  summary: 'start the node: API server and Pod loop in one process, with a private containerd',
  usage: ['[flags]'],
  description: `Returns when the API answers. Settings are kept: the next start of the same state directory needs no flags. A node
that runs already is left as it is.`,
  options: [
    ...SETTING_OPTIONS,
    { name: 'foreground', type: 'boolean', summary: 'stay in this process until Ctrl-C; logs go to standard error' },
  ],
  examples: [
    { command: 'outfit node start', summary: 'A node with default settings' },
    {
      command: 'outfit node start --registry-mirror docker.io=http://127.0.0.1:5000',
      summary: 'Ask a mirror before Docker Hub',
    },
    {
      command: 'OUTFIT_HOME=/tmp/n2 outfit node start --port 0 --bridge outfit2 --pod-cidr 10.206.0.0/24',
      summary: 'A second node',
    },
  ],
  async run(args, context) {
    const given = givenSettings(args);
    const paths = nodePaths(context);
    prepareStateDirectory(paths.home);
    if (args.flag('foreground') && !(await runningNode(paths.lock))) {
      const { runNode } = await import('./run.ts');
      return runNode({ given, paths, context, foreground: true });
    }
    const node = await bringUpNode(given, paths, context);
    print(context, node.text);
    usageHint(context);
    return EXIT.done;
  },
};

/** A node that answers. */
interface NodeThatAnswers {
  server: string;
  /** This call has started it. */
  began: boolean;
  /** For people. */
  text: string;
}

/**
 * Starts the node of this state directory in the background, or finds the one that runs.
 * @throws Failure when it cannot start, or runs with other settings than those given
 */
export async function bringUpNode(
  given: Partial<NodeSettings>,
  paths: NodePaths,
  context: Context,
): Promise<NodeThatAnswers> {
  const begun = performance.now();
  prepareStateDirectory(paths.home);
  const running = await runningNode(paths.lock);
  if (running) return alreadyRunning(running, given, paths, context);
  // Read here as well, so that a damaged or newer directory is told before anything starts.
  await readSettings(paths.settings);
  const run = await spawnDaemon(settingFlags(given), paths, context);
  const seconds = ((performance.now() - begun) / 1000).toFixed(2);
  const text = `Node "${run.nodeName}" answers at ${run.server} (${run.runtime}, started in ${seconds} s)`;
  return { server: run.server, began: true, text };
}

async function alreadyRunning(
  running: NodeRun,
  given: Partial<NodeSettings>,
  paths: NodePaths,
  context: Context,
): Promise<NodeThatAnswers> {
  const settings = (await readSettings(paths.settings)) ?? DEFAULT_SETTINGS;
  const differing = differingFlags(given, settings);
  if (differing.length > 0)
    throw new Failure(`the node runs already, with another ${differing.join(', ')}`, {
      hint: 'stop it first (outfit node stop), then start it with the new settings; or use another OUTFIT_HOME for a second node',
    });
  const server = running.server ?? (await serverOf(paths, context));
  return { server, began: false, text: `The node runs already: ${server} (process ${running.pid})` };
}

/** Another start is under way: waits for its end. */
async function serverOf(paths: NodePaths, context: Context): Promise<string> {
  for (let waited = 0; waited < STARTING_MS; waited += POLL_MS) {
    const running = await runningNode(paths.lock);
    if (running?.server) return running.server;
    if (!running) break;
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Failure('another start of this node did not succeed', { hint: 'outfit node logs' });
}

const STARTING_MS = 30_000;
const POLL_MS = 50;

function usageHint(context: Context): void {
  print(context, 'To use it with kubectl:\n  export KUBECONFIG=$(outfit kubeconfig --path)');
}
