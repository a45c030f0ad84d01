import type { TargetOptions } from '../../files/targets.ts';
import { parseTemplatePath, type TemplatePath } from '../../manifest/pod-templates.ts';
import { type Args, type Option, UsageError } from '../command.ts';

/** Which manifests, and where their Pod templates are. */
export const MANIFEST_OPTIONS: Option[] = [
  {
    name: 'filename',
    short: 'f',
    type: 'string',
    multiple: true,
    value: 'FILE',
    summary: 'manifests: a file, a folder (all below it), a glob or - (stdin); may repeat',
  },
  {
    name: 'path',
    type: 'string',
    multiple: true,
    value: 'KIND=PATH',
    summary: 'where a kind has its Pod template, as in Rollout.argoproj.io=.spec.template; may repeat',
  },
  {
    name: 'namespace',
    short: 'n',
    type: 'string',
    value: 'NAMESPACE',
    summary: 'the namespace of objects that name none (default: default)',
  },
];

export const SIDECAR_OPTION: Option = {
  name: 'sidecar',
  short: 's',
  type: 'string',
  multiple: true,
  value: 'FILE',
  summary: 'sidecars: a file, a folder, a glob or - (stdin); may repeat',
};

/** What `--path` and `--namespace` say. @throws UsageError */
export function targetOptions(args: Args): TargetOptions {
  const namespace = args.value('namespace');
  if (namespace === '') throw new UsageError('--namespace is empty');
  return { paths: args.values('path').map(readPath), ...(namespace !== undefined && { namespace }) };
}

/** The values of `-f` or `-s`. @throws UsageError where there is none */
export function required(args: Args, name: 'filename' | 'sidecar', command: string): string[] {
  const values = args.values(name);
  if (values.length > 0) return values;
  const what = name === 'filename' ? 'manifests: -f FILE' : 'sidecars: -s FILE';
  throw new UsageError(`outfit ${command} needs ${what}`, `"outfit ${command} --help" has examples`);
}

function readPath(text: string): TemplatePath {
  try {
    return parseTemplatePath(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--path: ${error.message}`);
    throw error;
  }
}
