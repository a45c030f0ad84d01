import { attachFile } from '../../files/attach-file.ts';
import { type Args, type Command, type Context, UsageError } from '../command.ts';
import { findInputs } from '../manifests/find-inputs.ts';
import { MANIFEST_OPTIONS, required, SIDECAR_OPTION, targetOptions } from '../manifests/options.ts';
import { readSidecarsFrom } from '../manifests/read-inputs.ts';
import { attachOutcomes } from './outcome.ts';
import { RESULT_OPTIONS, readWish, runOnFiles } from './run.ts';
import type { Work } from './transform.ts';

/** `outfit attach`: attaches the sidecars that join to every Pod template of some manifests. */
export const attachCommand: Command = {
  name: 'attach',
  summary: 'attach sidecars to the Pod templates of manifests',
  usage: ['-f FILE -s SIDECAR [--in-place | --diff | -o yaml|json]'],
  description: `
Prints the manifests with the sidecars in them; only the lines that a sidecar needs are added, everything else stays byte for byte.
The sidecars that are given are all that there are: one that was attached before and is not given any more is taken off.
With an error anywhere nothing is printed or written.`,
  options: [...MANIFEST_OPTIONS, SIDECAR_OPTION, ...RESULT_OPTIONS],
  examples: [
    { command: 'outfit attach -f pod.yaml -s sidecar.yaml', summary: 'Print the Pod with its sidecar' },
    { command: 'outfit attach -f k8s/ -s sidecars/ --diff', summary: 'See what a folder of manifests would become' },
    { command: 'outfit attach -f k8s/ -s sidecars/ --in-place', summary: 'Write it' },
    {
      command: 'helm template shop ./chart | outfit attach -f - -s sidecars/ | kubectl apply -f -',
      summary: 'After Helm',
    },
  ],
  run: attachRun,
};

async function attachRun(args: Args, context: Context): Promise<number> {
  const files = required(args, 'filename', 'attach');
  const definitions = required(args, 'sidecar', 'attach');
  if (files.includes('-') && definitions.includes('-'))
    throw new UsageError('standard input (-) can be read only once');
  const options = targetOptions(args);
  const inputs = await findInputs(files, context);
  const wish = readWish(args, inputs);
  const sources = await findInputs(definitions, context);
  const prepare = async () => {
    const sidecars = await readSidecarsFrom(sources, context);
    const work: Work = (file, namespaces) => {
      const attached = attachFile(file, { ...options, sidecars, namespaces });
      return { ...attached, outcomes: attachOutcomes(attached) };
    };
    return { work, findings: sidecars.findings };
  };
  return runOnFiles({ inputs, paths: options.paths ?? [], prepare }, wish, context);
}
