import { isRecord } from '../kube/json.ts';

/** One entry of `results`, as the specification of KRM functions v1 has it. */
export interface Result {
  message: string;
  severity: 'error' | 'warning' | 'info';
  resourceRef?: { apiVersion: string; kind: string; name: string; namespace?: string };
  field?: { path: string; currentValue?: string; proposedValue?: string };
  /** From the annotations that the orchestrator gave the resource. */
  file?: { path: string; index?: number };
  tags?: Record<string, string>;
}

const ANNOTATIONS = ['internal.config.kubernetes.io/', 'config.kubernetes.io/'];

/** Which resource a result is about, and the file that it came from. */
export function aboutResource(object: unknown): Pick<Result, 'resourceRef' | 'file'> {
  if (!isRecord(object)) return {};
  const { apiVersion, kind, metadata } = object;
  const { name, generateName, namespace, annotations } = isRecord(metadata) ? metadata : {};
  const file = fileOf(isRecord(annotations) ? annotations : {});
  return {
    resourceRef: {
      apiVersion: String(apiVersion ?? ''),
      kind: String(kind ?? ''),
      name: String(name ?? generateName ?? ''),
      ...(typeof namespace === 'string' && { namespace }),
    },
    ...(file && { file }),
  };
}

function fileOf(annotations: Record<string, unknown>): Result['file'] {
  const [path, index] = ['path', 'index'].map((word) =>
    ANNOTATIONS.map((prefix) => annotations[prefix + word]).find((value) => value !== undefined),
  );
  if (typeof path !== 'string') return undefined;
  const number = Number(index ?? Number.NaN);
  return { path, ...(Number.isInteger(number) && { index: number }) };
}

/** As orchestrators print values: text as it is, everything else as JSON in one line. */
export function printed(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** For standard error: one line for people. */
export function formatResult({ severity, message, resourceRef, field, file }: Result): string {
  const { kind, namespace, name } = resourceRef ?? {};
  const what = kind === undefined ? '' : ` ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}:`;
  return `${severity}:${file ? ` ${file.path}:` : ''}${what}${field ? ` ${field.path}:` : ''} ${message}`;
}
