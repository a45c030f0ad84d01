import { NotAResourceList } from '../krm/resource-list.ts';
import { formatResult } from '../krm/result.ts';
import { runFunction } from '../krm/run-function.ts';
import { decodeText } from '../manifest/decode-text.ts';
import { EditError, ManifestError } from '../manifest/errors.ts';
import { type Command, type Context, Failure, tell, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const krm: Command = {
  name: 'krm',
  summary: 'attach sidecars as a KRM function, for kustomize and kpt',
  usage: [''],
  description: `Reads a ResourceList (config.kubernetes.io/v1) from standard input and writes it to standard output with sidecars attached and results filled in.
Its functionConfig is a Sidecar, a ClusterSidecar or a List of them; without one, the sidecars among the items are attached. A ConfigMap with data.detach
("true", or names with commas) takes sidecars off. With an error among the results no item is changed, and the exit code is 1.`,
  options: [],
  examples: [
    {
      command: "kpt fn eval . --exec 'outfit krm' --fn-config sidecar.yaml",
      summary: 'Attach to the files of a folder with kpt',
    },
    { command: "kpt fn eval . --exec 'outfit krm' -- detach=true", summary: 'Take everything off again' },
  ],
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`unexpected argument: ${args.positionals[0]}`);
    if (context.stdin.isTTY)
      throw new UsageError('a ResourceList is expected on standard input', 'kustomize and kpt give it');
    try {
      const { text, results, failed } = runFunction(await readStdin(context));
      context.stdout.write(text);
      for (const result of results) if (result.severity === 'error') tell(context, formatResult(result));
      return failed ? EXIT.error : EXIT.done;
    } catch (error) {
      if (error instanceof NotAResourceList || error instanceof ManifestError || error instanceof EditError)
        throw new Failure(error.message);
      throw error;
    }
  },
};

async function readStdin({ stdin }: Pick<Context, 'stdin'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer));
  return decodeText(Buffer.concat(chunks), 'stdin');
}
