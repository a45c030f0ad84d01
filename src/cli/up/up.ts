import { type Args, type Command, UsageError } from '../command.ts';
import { parseDuration, parseInteger } from '../duration.ts';
import { MANIFEST_OPTIONS, SIDECAR_OPTION, targetOptions } from '../manifests/options.ts';

export const up: Command = {
  name: 'up',
  summary: 'try manifests and sidecars now: run them, follow them, take them away again',
  usage: ['-f FILE|DIR|- [-s SIDECAR|DIR] [flags]'],
  description: `Attaches sidecars, puts everything on the node (which is started if need be) and stays: it tells who joined and why, states as
they change and the logs of all containers, and forwards container ports to localhost. When one of the files changes, the difference is applied.
Ctrl-C takes all of it away again, a second Ctrl-C at once.

Sidecars come from -s and from among the -f files; those that live on the node join, too. Of a Deployment, Job or other workload that the node does
not serve, one Pod runs.`,
  options: [
    ...MANIFEST_OPTIONS,
    SIDECAR_OPTION,
    {
      name: 'once',
      type: 'boolean',
      summary: 'for scripts: wait until everything is ready, take it away, and say by the exit code',
    },
    { name: 'timeout', type: 'string', value: 'DURATION', summary: 'with --once: how long to wait (default: 60s)' },
    { name: 'keep', type: 'boolean', summary: 'take nothing away at the end' },
    { name: 'forward', type: 'boolean', summary: 'forward container ports to localhost', default: true },
    {
      name: 'grace-period',
      type: 'string',
      value: 'SECONDS',
      summary: "for containers to end; -1: the Pod's own",
      default: '-1',
    },
    { name: 'output', short: 'o', type: 'string', value: 'json', summary: 'json: one object a line, for machines' },
  ],
  examples: [
    {
      command: 'outfit up -f examples/web-app/pod.yaml -s examples/web-app/sidecar.yaml',
      summary: 'The story of the README',
    },
    { command: 'helm template chart | outfit up -f - -s sidecars/', summary: 'What a chart renders, with sidecars' },
    { command: 'outfit up --once --timeout 2m -f deploy/ && echo fine', summary: 'In a script' },
  ],
  async run(args, context) {
    const given = optionsOf(args);
    const [{ runUp }, { jsonOutput, textOutput }] = await Promise.all([import('./run-up.ts'), import('./output.ts')]);
    const output = args.value('output') === undefined ? textOutput(context) : jsonOutput(context);
    return runUp({ ...given, targets: targetOptions(args), output, context });
  },
};

/** @throws UsageError */
function optionsOf(args: Args) {
  if (args.positionals.length > 0)
    throw new UsageError(
      `unexpected argument: ${args.positionals[0]}`,
      'manifests are given with -f, sidecars with -s',
    );
  const files = args.values('filename');
  if (files.length === 0) throw new UsageError('must specify -f', 'outfit up -f pod.yaml -s sidecar.yaml');
  const format = args.value('output');
  if (format !== undefined && format !== 'json') throw new UsageError(`invalid -o "${format}": json`);
  const once = args.flag('once');
  const timeout = args.value('timeout');
  if (timeout !== undefined && !once) throw new UsageError('--timeout goes with --once');
  const milliseconds = parseDuration(timeout ?? '60s', '--timeout');
  if (milliseconds <= 0) throw new UsageError(`invalid --timeout "${timeout}": more than 0`);
  const grace = parseInteger(args.value('grace-period')!, '--grace-period');
  if (grace < -1) throw new UsageError(`invalid --grace-period "${grace}": seconds, or -1`);
  const sidecars = args.values('sidecar');
  if ([...files, ...sidecars].filter((value) => value === '-').length > 1)
    throw new UsageError('standard input (-) can be read only once');
  return {
    files,
    sidecars,
    once,
    timeout: milliseconds,
    keep: args.flag('keep'),
    forwards: args.flag('forward'),
    gracePeriod: grace === -1 ? undefined : grace,
  };
}
