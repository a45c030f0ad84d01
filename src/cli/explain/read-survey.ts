import type { PlacedFinding } from '../../files/finding.ts';
import { type Args, type Context, type Option, UsageError } from '../command.ts';
import { MANIFEST_OPTIONS, required, SIDECAR_OPTION, targetOptions } from '../manifests/options.ts';
import { readInputs, readSidecarInputs } from '../manifests/read-inputs.ts';
import { type Survey, survey } from './survey.ts';

/** What explain, plan and status ask for. @param text the format for people, which is the default */
export function surveyOptions(text: 'tree' | 'text' | 'table'): Option[] {
  return [
    ...MANIFEST_OPTIONS.slice(0, 1),
    SIDECAR_OPTION,
    ...MANIFEST_OPTIONS.slice(1),
    {
      name: 'output',
      short: 'o',
      type: 'string',
      value: 'FORMAT',
      summary: `${text} for people, json for machines`,
      default: text,
    },
  ];
}

/**
 * Reads what `-f` and `-s` name, whole: namespaces and autoscalers of one file count for the workloads of another.
 * @throws UsageError, Failure for what is not there or cannot be read
 */
export async function readSurvey(command: string, args: Args, context: Context): Promise<Survey> {
  const [stray] = args.positionals;
  if (stray !== undefined)
    throw new UsageError(`unexpected argument "${stray}"`, `files are given with -f: -f ${stray}`);
  const filenames = required(args, 'filename', command);
  const sidecarNames = required(args, 'sidecar', command);
  const options = targetOptions(args);
  if (filenames.includes('-') && sidecarNames.includes('-'))
    throw new UsageError('standard input (-) can be read only once');
  const sidecars = await readSidecarInputs(sidecarNames, context);
  return survey(await readInputs(filenames, context), sidecars, options);
}

/** Whether JSON is asked for. @throws UsageError for a format that there is not */
export function wantsJson(args: Args, text: 'tree' | 'text' | 'table'): boolean {
  const format = args.value('output');
  if (format !== 'json' && format !== text)
    throw new UsageError(`unknown output format "${format}"`, `formats are ${text} and json`);
  return format === 'json';
}

export function hasErrors(findings: readonly PlacedFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
