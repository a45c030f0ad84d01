import { sidecarCrds } from '../../sidecar/crds.ts';
import { type Command, print, UsageError } from '../command.ts';

export const sidecarCrdsCommand: Command = {
  name: 'sidecar crds',
  summary: 'print the CustomResourceDefinitions of Sidecar and ClusterSidecar',
  usage: ['[-o yaml|json]'],
  description: `With them a cluster keeps sidecars and refuses wrong ones by itself: types, words, names, empty selectors. What only Outfit can
check (expressions, the containers that it brings) is told by "outfit sidecar check". The node has them already.`,
  options: [{ name: 'output', short: 'o', type: 'string', value: 'FORMAT', summary: 'yaml or json', default: 'yaml' }],
  examples: [{ command: 'outfit sidecar crds | kubectl apply -f -', summary: 'Into a cluster' }],
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`unexpected argument "${args.positionals[0]}"`);
    const format = args.value('output');
    const crds = sidecarCrds();
    if (format === 'json') print(context, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds }, null, 2));
    else if (format === 'yaml') {
      const { toKubectlYaml } = await import('../client/yaml-output.ts');
      context.stdout.write(crds.map(toKubectlYaml).join('---\n'));
    } else throw new UsageError(`unknown output format "${format}"`, 'formats are yaml and json');
    return undefined;
  },
};
