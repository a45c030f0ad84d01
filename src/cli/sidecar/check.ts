import { formatFinding, type PlacedFinding } from '../../files/finding.ts';
import { placeInSidecar } from '../../files/place-finding.ts';
import type { ReadSidecars } from '../../files/sidecars.ts';
import { advise } from '../../sidecar/check/advice.ts';
import type { Sidecar } from '../../sidecar/sidecar.ts';
import { type Command, type Context, print, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { paintSeverity } from '../explain/headline.ts';
import { OUTPUT_OPTION, wantsJson } from '../json-output.ts';
import { readSidecarInputs } from '../manifests/read-inputs.ts';
import { paintFor } from '../paint.ts';

export const sidecarCheck: Command = {
  name: 'sidecar check',
  summary: 'check definitions of sidecars, and say what is unwise in them',
  usage: ['FILE... [-o json]'],
  description: `Reads Sidecars and ClusterSidecars from files, folders and standard input (-), and prints what is wrong as file:line:column:
unknown fields, wrong types, expressions that cannot work, containers that Kubernetes would refuse; what is only unwise is a warning.

Exits with 1 when there are errors.`,
  options: [OUTPUT_OPTION],
  examples: [
    { command: 'outfit sidecar check sidecars/', summary: 'All of a folder' },
    { command: 'outfit sidecar check hello.yaml -o json', summary: 'For an editor or a pipeline' },
  ],
  async run(args, context) {
    const asJson = wantsJson(args);
    if (args.positionals.length === 0)
      throw new UsageError('expected files with sidecars', 'outfit sidecar check FILE...');
    const read = await readSidecarInputs(args.positionals, context);
    const findings = [...read.findings, ...adviceOn(read)];
    if (asJson) print(context, JSON.stringify({ sidecars: read.definitions.length, findings }, null, 2));
    else report(read, findings, context);
    return findings.some(({ severity }) => severity === 'error') ? EXIT.error : EXIT.done;
  },
};

/** About those that are without errors: what is wrong comes first. */
function adviceOn({ definitions, sidecars }: ReadSidecars): PlacedFinding[] {
  return sidecars.sidecars.flatMap(({ sidecar, name }) => {
    const definition = definitions.find(({ object }) => isSame(object as unknown as Sidecar, sidecar));
    if (definition === undefined) return [];
    return advise(sidecar).map((finding) => placeInSidecar({ ...finding, sidecar: name }, definition));
  });
}

function isSame(a: Sidecar, b: Sidecar): boolean {
  const same = (read: (of: Sidecar) => unknown): boolean => (read(a) ?? undefined) === (read(b) ?? undefined);
  return (
    same(({ kind }) => kind) && same(({ metadata }) => metadata?.name) && same(({ metadata }) => metadata?.namespace)
  );
}

/** In the order of the files, as a person mends them. */
function report({ definitions }: ReadSidecars, findings: readonly PlacedFinding[], context: Context): void {
  const paint = paintFor(context.stdout, context);
  const files = [...new Set([...definitions, ...findings].map(({ file }) => file))];
  const ordered = files.flatMap((file) =>
    findings.filter((one) => one.file === file).sort((a, b) => a.line - b.line || a.column - b.column),
  );
  for (const finding of ordered) print(context, paintSeverity(formatFinding(finding), finding, paint));
  const count = (severity: string, word: string): string => {
    const many = findings.filter((one) => one.severity === severity).length;
    return many === 0 ? `no ${word}s` : counted(many, word);
  };
  print(
    context,
    `${counted(definitions.length, 'sidecar')}: ${count('error', 'error')}, ${count('warning', 'warning')}`,
  );
}

function counted(many: number, word: string): string {
  return `${many} ${word}${many === 1 ? '' : 's'}`;
}
