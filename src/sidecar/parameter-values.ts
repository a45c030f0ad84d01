import { nearest } from './check/nearest.ts';
import type { CompiledSidecar } from './compile.ts';
import { type Finding, onTemplate } from './finding.ts';
import { type ParameterValues, readParameter } from './parameters.ts';
import { annotationFor, type Scalar } from './sidecar.ts';
import type { Template } from './target.ts';

/** The values of a sidecar's parameters for one Pod template: from its annotations, else the defaults. */
export function parameterValues(
  { name: sidecar, sidecar: { spec } }: CompiledSidecar,
  template: Template,
): { values: ParameterValues; findings: Finding[] } {
  const annotations = template.metadata?.annotations ?? {};
  const findings: Finding[] = [];
  const values: Record<string, Scalar> = {};
  for (const parameter of spec.parameters ?? []) {
    const key = annotationFor(sidecar, parameter.name);
    const field = `metadata.annotations[${key}]`;
    const given: unknown = Object.hasOwn(annotations, key) ? annotations[key] : parameter.default;
    if (given === undefined || given === null) {
      findings.push(
        onTemplate(
          'MissingParameter',
          field,
          `Required value: sidecar "${sidecar}" needs parameter "${parameter.name}" (${parameter.type})${hint(annotations, key)}`,
          { sidecar },
        ),
      );
      continue;
    }
    const read = readParameter(parameter, given);
    if (read.error === undefined) values[parameter.name] = read.value;
    else
      findings.push(
        onTemplate('InvalidParameter', field, `Invalid value: ${JSON.stringify(given)}: ${read.error}`, {
          sidecar,
          value: given,
        }),
      );
  }
  return { values, findings };
}

function hint(annotations: Record<string, string>, key: string): string {
  const near = nearest(key, Object.keys(annotations));
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
