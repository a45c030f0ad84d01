import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { reset } from '../../cri/reset.ts';
import { SetupError } from '../../cri/setup-error.ts';
import { type Command, type Context, Failure, print, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { removeFromRuntime } from './foreign-runtime.ts';
import { quietLog } from './log.ts';
import { type NodePaths, nodePaths } from './paths.ts';
import { readSettings } from './settings.ts';
import { stopNode } from './stop.ts';

export const nodeReset: Command = {
  name: 'node reset',
  summary: 'stop the node and remove everything of it: Pods, images, data of claims, settings',
  usage: ['[--yes]'],
  description: `Afterwards no process, mount, network namespace, link, iptables rule, cgroup or file of the node is left. Works also after
a crash, and may be repeated.`,
  options: [{ name: 'yes', short: 'y', type: 'boolean', summary: 'do not ask' }],
  examples: [{ command: 'outfit node reset --yes', summary: 'Leave nothing' }],
  async run(args, context) {
    const paths = nodePaths(context);
    if (process.getuid?.() !== 0) throw new Failure('only root can reset a node', { hint: 'sudo outfit node reset' });
    if (!existsSync(paths.home) && !existsSync(paths.run)) {
      print(context, `There is no node in ${paths.home}`);
      return EXIT.done;
    }
    if (!args.flag('yes')) await confirm(paths, context);
    await stopNode(paths, context);
    const cri = await readSettings(paths.settings).then(
      (settings) => settings?.cri,
      // A damaged or newer file must not stand in the way of its removal.
      () => undefined,
    );
    if (cri !== undefined) await removeFromRuntime(cri, paths.id);
    await removeNode(paths);
    print(context, `The node in ${paths.home} is gone`);
    const kept = existsSync(paths.home) ? await readdir(paths.home) : [];
    if (kept.length > 0)
      tell(context, `Kept, because Outfit did not make it: ${kept.map((name) => join(paths.home, name)).join(', ')}`);
    return EXIT.done;
  },
};

async function confirm(paths: NodePaths, context: Context): Promise<void> {
  if (!context.stdin.isTTY)
    throw new UsageError('this removes all Pods, images and data of claims of the node', 'say --yes');
  const prompt = createInterface({ input: context.stdin, output: context.stderr });
  try {
    const answer = await prompt.question(
      `Remove the node in ${paths.home} with all its Pods, images and data of claims? [y/N] `,
      {
        signal: context.signal,
      },
    );
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('nothing was removed');
  } finally {
    prompt.close();
  }
}

/**
 * Removes everything of a node that does not run. Only what Outfit made goes: other files in the state directory stay, and the directory with them.
 * @throws Failure with everything that resisted
 */
export async function removeNode(paths: NodePaths): Promise<void> {
  try {
    await reset({ places: paths, log: quietLog() });
  } catch (error) {
    throw error instanceof SetupError
      ? new Failure(error.message, { hint: 'end what uses these, then "outfit node reset" again', cause: error })
      : error;
  }
  for (const name of OUR_FILES) await removeOurs(join(paths.home, name));
  const left = existsSync(paths.home) ? await readdir(paths.home) : [];
  // Staged copies of our own files, from a process that was killed.
  for (const name of left.filter((n) => /^(lock\.\d+|(kubeconfig|node\.json)\.new)$/.test(n)))
    await rm(join(paths.home, name));
  await rmdir(paths.home).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY'].includes(error.code ?? '')) throw error;
  });
}

/** @throws Failure where something that is not Outfit's stands in the way, such as a mount of somebody's */
async function removeOurs(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const { code, path: where = path } = error as NodeJS.ErrnoException;
    if (code === undefined || !IN_THE_WAY.includes(code)) throw error;
    const reason = code === 'EBUSY' ? 'it is in use, or something is mounted there' : 'the file system refuses it';
    const hint = `findmnt ${where} shows a mount; end what uses it, then "outfit node reset" again`;
    throw new Failure(`${where} cannot be removed: ${reason} (${code})`, { hint, cause: error });
  }
}

const IN_THE_WAY = ['EBUSY', 'EPERM', 'EROFS', 'EACCES'];

const OUR_FILES = [
  'containerd',
  'cache',
  'claims',
  'cni',
  'images',
  'kubeconfig',
  'lock',
  'logs',
  'node.json',
  'node.log',
  'node.log.1',
  'pki',
  'pods',
  'seccomp',
  'store',
  'store.mending',
];
