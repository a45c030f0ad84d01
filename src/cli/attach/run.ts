import { hasErrors, type PlacedFinding } from '../../files/finding.ts';
import type { TemplatePath } from '../../manifest/pod-templates.ts';
import { type Args, type Context, Failure, type Option, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Input } from '../manifests/find-inputs.ts';
import { loadInputs } from '../manifests/load-inputs.ts';
import { reportFindings } from '../manifests/report-findings.ts';
import { type Kept, Spool } from '../manifests/spool.ts';
import { optimizeLater } from './optimize-later.ts';
import { printDiff, printObjects, printStream, writeInPlace } from './output.ts';
import { type Report, tellJson, tellReport } from './report.ts';
import { Summary } from './summary.ts';
import { type Transformed, transform, type Work, type Worked } from './transform.ts';

/** What becomes of the result: the same for attach and detach. */
export const RESULT_OPTIONS: Option[] = [
  { name: 'in-place', short: 'i', type: 'boolean', summary: 'write the files back, all or none' },
  { name: 'diff', type: 'boolean', summary: `print the difference; exit code ${EXIT.difference} when there is one` },
  {
    name: 'output',
    short: 'o',
    type: 'string',
    value: 'yaml|json',
    summary: 'print the objects anew instead of their text',
  },
  {
    name: 'report',
    type: 'string',
    value: 'json',
    summary: 'print the summary and the findings as JSON, on standard error',
  },
  { name: 'quiet', short: 'q', type: 'boolean', summary: 'no summary: only warnings and errors' },
];

export interface Run {
  inputs: readonly Input[];
  paths: readonly TemplatePath[];
  /** Called after the manifests have been read. */
  prepare(): Promise<{ work: Work; findings: PlacedFinding[] }>;
  /** What is wrong with what came out, beyond what the findings say. */
  afterwards?(summary: Summary): string[];
}

interface Wish {
  inPlace: boolean;
  diff: boolean;
  format: 'yaml' | 'json' | undefined;
  json: boolean;
  quiet: boolean;
}

/** What the options ask for. @throws UsageError for wishes that exclude each other */
export function readWish(args: Args, inputs: readonly Input[]): Wish {
  const [format, report] = [args.value('output'), args.value('report')];
  const wish = {
    inPlace: args.flag('in-place'),
    diff: args.flag('diff'),
    quiet: args.flag('quiet'),
    json: report === 'json',
  };
  if (args.positionals.length > 0)
    throw new UsageError(`unexpected argument "${args.positionals[0]}"`, 'files are named with -f FILE; it may repeat');
  if (report !== undefined && report !== 'json')
    throw new UsageError(`unknown report format "${report}"`, 'json is the only one');
  if (format !== undefined && format !== 'yaml' && format !== 'json')
    throw new UsageError(`unknown output format "${format}"`, 'yaml or json');
  if ([wish.inPlace, wish.diff, format !== undefined].filter(Boolean).length > 1)
    throw new UsageError('--in-place, --diff and --output exclude each other');
  const stream = inputs.find(({ regular }) => !regular);
  if (wish.inPlace && stream)
    throw new UsageError(`--in-place cannot write back ${stream.name}: it is no regular file`);
  return { ...wish, format };
}

/** Reads everything, does the work, and writes only when nothing is wrong anywhere. @returns the exit code @throws Failure */
export async function runOnFiles(run: Run, wish: Wish, context: Context): Promise<number> {
  optimizeLater();
  const spool = new Spool();
  try {
    const loaded = await loadInputs(run.inputs, spool, context);
    const { work, findings } = await run.prepare();
    const summary = new Summary(spool, wish.json ? 'json' : wish.quiet ? 'none' : 'lines');
    const objects: Kept[] = [];
    const visit = ({ outcomes, objects: some }: Worked) => {
      summary.add(outcomes);
      if (wish.format) objects.push(...some.map((object) => spool.keep(JSON.stringify(object))));
    };
    const ready = { ...loaded, findings: [...findings, ...loaded.findings] };
    const result = transform(ready, work, spool, { signal: context.signal, visit });
    const remarks = [...unusedPaths(run.paths, summary), ...(run.afterwards?.(summary) ?? [])];
    const report: Report = { summary, findings: result.findings, remarks, written: [] };
    if (hasErrors(result.findings)) return fail(report, result, wish, context);
    if (wish.inPlace) {
      report.written = await writeInPlace(result.inputs, context.signal);
      remarks.push(...otherNames(result));
    }
    const code = wish.inPlace ? EXIT.done : await print(result, objects, wish, context);
    tellReport(report, wish, context);
    return code;
  } finally {
    spool.close();
  }
}

function print(
  { inputs }: Transformed,
  objects: readonly Kept[],
  { diff, format }: Wish,
  context: Context,
): Promise<number> {
  if (diff) return printDiff(inputs, context);
  return format ? printObjects(objects, format, context) : printStream(inputs, context);
}

function fail(report: Report, result: Transformed, wish: Wish, context: Context): number {
  if (wish.json) {
    tellJson(report, context);
    return EXIT.error;
  }
  reportFindings(result.findings, context, wish.quiet);
  const errors = result.findings.filter(({ severity }) => severity === 'error').length;
  throw new Failure(`nothing was written: ${errors === 1 ? 'one error' : `${errors} errors`}`, {
    hint: hintFor(result),
  });
}

/** Templates of Helm are no YAML: the usual reason why a folder cannot be read. */
function hintFor({ findings, inputs }: Transformed): string | undefined {
  const faulty = new Set(findings.filter(({ on }) => on === undefined).map(({ file }) => file));
  const helm = inputs.find(
    ({ input, batches }) => faulty.has(input.name) && batches.some(({ kept }) => /^[^#\n\r]*\{\{/m.test(kept.text())),
  );
  return (
    helm && `${helm.input.name} looks like a template of Helm; render it first: helm template … | outfit attach -f - …`
  );
}

/** A path that leads nowhere was mistyped, most likely. */
function unusedPaths(paths: readonly TemplatePath[], { kindsByPath }: Summary): string[] {
  return paths
    .filter(({ kind }) => !kindsByPath.has(kind))
    .map(({ kind, group }) => `--path ${kind}${group ? `.${group}` : ''}=…: no Pod template was found there`);
}

/** A file that is replaced is a new one, and only the name that was given is its. */
function otherNames({ inputs }: Transformed): string[] {
  return inputs
    .filter(({ changed, identity }) => changed && identity !== undefined && identity.nlink > 1n)
    .map(({ input }) => `${input.name} has another name (a hard link), which keeps the old text`);
}
