import { readFile } from 'node:fs/promises';
import { type Command, Failure, print } from './command.ts';
import { nodePaths } from './node/paths.ts';

export const kubeconfig: Command = {
  name: 'kubeconfig',
  summary: 'print the kubeconfig of the node, or where it lies',
  usage: ['[--path]'],
  description: "The user's own ~/.kube/config is never touched. The file is readable by its owner only.",
  options: [{ name: 'path', type: 'boolean', summary: 'print the path of the file instead of its content' }],
  examples: [
    {
      command: 'export KUBECONFIG=$(outfit kubeconfig --path)',
      summary: 'Let kubectl speak to the node in this shell',
    },
    { command: 'outfit kubeconfig > outfit.yaml', summary: 'Keep a copy' },
  ],
  async run(args, context) {
    const { kubeconfig: path, home } = nodePaths(context);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        throw new Failure(`there is no node in ${home} yet`, { hint: 'start one: outfit node start' });
      throw new Failure(`cannot read ${path}: ${error.message}`, { cause: error });
    });
    if (args.flag('path')) print(context, path);
    else context.stdout.write(text);
    return undefined;
  },
};
