import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UnreadableInput } from '../krm/resource-list.ts';
import { formatResult } from '../krm/result.ts';
import { type FunctionOutput, runFunction, runPlugin } from '../krm/run-function.ts';
import { decodeText } from '../manifest/decode-text.ts';
import { EditError, ManifestError } from '../manifest/errors.ts';
import { type Command, type Context, Failure, tell, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const krm: Command = {
  name: 'krm',
  summary: 'attach sidecars as a KRM function, for kustomize and kpt',
  usage: ['', 'CONFIG'],
  description: `Reads a ResourceList (config.kubernetes.io/v1) from standard input and writes it to standard output with sidecars attached and results filled in.
Its functionConfig is a Sidecar, a ClusterSidecar or a List of them; without one, the sidecars among the items are attached. A ConfigMap with data.detach
("true", or names with commas) takes sidecars off. With an error among the results no item is changed, and the exit code is 1.

With CONFIG, a file that holds the functionConfig, it reads and writes plain manifests: that is how kubectl kustomize calls its exec plugins.`,
  options: [],
  examples: [
    {
      command: "kpt fn eval . --exec 'outfit krm' --fn-config sidecar.yaml",
      summary: 'Attach to the files of a folder with kpt',
    },
    { command: "kpt fn eval . --exec 'outfit krm' -- detach=true", summary: 'Take everything off again' },
  ],
  async run({ positionals }, context) {
    if (positionals.length > 1) throw new UsageError(`unexpected argument: ${positionals[1]}`);
    if (context.stdin.isTTY)
      throw new UsageError('a ResourceList is expected on standard input', 'kustomize and kpt give it');
    const { text, results, failed } = await call(positionals[0], context);
    const asFunction = positionals.length === 0;
    if (asFunction || !failed) context.stdout.write(text);
    for (const result of results)
      if (asFunction ? result.severity === 'error' : result.severity !== 'info') tell(context, formatResult(result));
    return failed ? EXIT.error : EXIT.done;
  },
};

async function call(config: string | undefined, context: Context): Promise<FunctionOutput> {
  try {
    const text = await readStdin(context);
    if (config === undefined) return runFunction(text);
    const bytes = await readFile(resolve(context.cwd, config)).catch((error: Error) => {
      throw new Failure(`cannot read ${config}: ${error.message}`, { cause: error });
    });
    return runPlugin(text, { file: config, text: decodeText(bytes, config) });
  } catch (error) {
    const known = error instanceof UnreadableInput || error instanceof ManifestError || error instanceof EditError;
    if (known) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

async function readStdin({ stdin }: Pick<Context, 'stdin'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer));
  return decodeText(Buffer.concat(chunks), 'stdin');
}
