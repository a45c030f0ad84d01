import { type Args, type Option, UsageError } from './command.ts';

/** `-o json` of the commands that are not kubectl's. */
export const OUTPUT_OPTION: Option = {
  name: 'output',
  short: 'o',
  type: 'string',
  value: 'json',
  summary: 'json: print JSON for machines',
};

/** Whether the user asked for JSON. @throws UsageError for any other format. */
export function wantsJson(args: Args): boolean {
  const output = args.value('output');
  if (output === undefined || output === 'json') return output === 'json';
  throw new UsageError(`unknown output format "${output}"`, 'json is the only one');
}
