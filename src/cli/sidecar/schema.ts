import { sidecarSchema } from '../../sidecar/schema.ts';
import { type Command, print, UsageError } from '../command.ts';

export const sidecarSchemaCommand: Command = {
  name: 'sidecar schema',
  summary: 'print the JSON Schema of sidecars, for editors',
  usage: [''],
  description: `Editors with a YAML language server complete and check a file that begins with

  # yaml-language-server: $schema=sidecar.schema.json`,
  options: [],
  examples: [{ command: 'outfit sidecar schema > sidecar.schema.json', summary: 'Keep it beside the sidecars' }],
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`unexpected argument "${args.positionals[0]}"`);
    print(context, JSON.stringify(sidecarSchema(), null, 2));
    return undefined;
  },
};
