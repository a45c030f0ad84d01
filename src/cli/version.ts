import { version as packageVersion } from '../../package.json';
import { type Command, print } from './command.ts';
import { OUTPUT_OPTION, wantsJson } from './json-output.ts';

/** Version of this package. */
export const OUTFIT_VERSION: string = packageVersion;
/** The version of Kubernetes that the node's API claims. */
export const KUBERNETES_VERSION = 'v1.33.0';

export const version: Command = {
  name: 'version',
  summary: 'print the versions of Outfit, of the Kubernetes API it serves and of Node.js',
  usage: ['[-o json]'],
  options: [OUTPUT_OPTION],
  examples: [{ command: 'outfit version -o json', summary: 'For a bug report' }],
  async run(args, context) {
    const versions = { outfit: OUTFIT_VERSION, kubernetes: KUBERNETES_VERSION, node: process.version };
    if (wantsJson(args)) print(context, JSON.stringify(versions, null, 2));
    else print(context, `Outfit ${versions.outfit} (Kubernetes API ${versions.kubernetes}, Node.js ${versions.node})`);
    return undefined;
  },
};
