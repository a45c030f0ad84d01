import { detachFile } from '../../files/detach-file.ts';
import type { Args, Command, Context } from '../command.ts';
import { findInputs } from '../manifests/find-inputs.ts';
import { MANIFEST_OPTIONS, required, targetOptions } from '../manifests/options.ts';
import { detachOutcomes } from './outcome.ts';
import { RESULT_OPTIONS, readWish, runOnFiles } from './run.ts';
import type { Summary } from './summary.ts';
import type { Work } from './transform.ts';

/** `outfit detach`: takes sidecars off the Pod templates of some manifests. */
export const detachCommand: Command = {
  name: 'detach',
  summary: 'take attached sidecars off the Pod templates of manifests',
  usage: ['-f FILE [--sidecar NAME] [--in-place | --diff | -o yaml|json]'],
  description: `
Takes off exactly what was attached, as the annotation outfit.dev/attached says; lines that were changed since stay, also within an attached part,
where that is reported. The sidecars' own files are not needed.`,
  options: [
    ...MANIFEST_OPTIONS,
    {
      name: 'sidecar',
      type: 'string',
      multiple: true,
      value: 'NAME',
      summary: 'only this sidecar; may repeat (default: all)',
    },
    ...RESULT_OPTIONS,
  ],
  examples: [
    { command: 'outfit detach -f pod.yaml', summary: 'Print the Pod as it was' },
    {
      command: 'outfit detach -f k8s/ --sidecar hello --in-place',
      summary: 'Take one sidecar off a folder of manifests',
    },
  ],
  run: detachRun,
};

async function detachRun(args: Args, context: Context): Promise<number> {
  const inputs = await findInputs(required(args, 'filename', 'detach'), context);
  const wish = readWish(args, inputs);
  const options = targetOptions(args);
  const names = args.values('sidecar');
  const work: Work = (file, namespaces) => {
    const detached = detachFile(file, { ...options, namespaces, ...(names.length > 0 && { sidecars: names }) });
    return { ...detached, outcomes: detachOutcomes(detached) };
  };
  const prepare = async () => ({ work, findings: [] });
  return runOnFiles({ inputs, paths: options.paths ?? [], prepare, afterwards: notAttached(names) }, wish, context);
}

/** Names that are attached nowhere were mistyped, most likely. */
function notAttached(names: readonly string[]) {
  return ({ removed }: Summary) =>
    names.filter((name) => !removed.has(name)).map((name) => `no sidecar "${name}" is attached here`);
}
