import type { CompiledSidecar } from './compile.ts';
import { type Finding, onTemplate } from './finding.ts';
import { matchesAny } from './glob.ts';
import type { Target } from './target.ts';

type Labels = Record<string, string>;

/** A label that was nearly right: another case, or on the workload instead of its template. */
export function labelNearMiss(compiled: CompiledSidecar, { template, workload }: Target): Finding | undefined {
  const wanted = Object.entries(compiled.sidecar.spec.selector?.matchLabels ?? {});
  const labels = template.metadata?.labels ?? {};
  const warn = (field: string, message: string): Finding =>
    onTemplate('NearMiss', field, message, { severity: 'warning', sidecar: compiled.name });
  for (const [key, value] of wanted) {
    if (labels[key] === value) continue;
    const near = Object.entries(labels).find(
      ([k, v]) => k.toLowerCase() === key.toLowerCase() && String(v).toLowerCase() === value.toLowerCase(),
    );
    if (near !== undefined)
      return warn(
        `metadata.labels[${near[0]}]`,
        `label ${near[0]}=${near[1]} differs from ${key}=${value} only in case`,
      );
  }
  const above = isOtherObject(template.metadata, workload?.metadata)
    ? (workload?.metadata?.labels as Labels | undefined)
    : undefined;
  if (above !== undefined && compiled.labels(above))
    return warn(
      'metadata.labels',
      `the labels of the ${workload?.kind ?? 'workload'} itself match; those of its Pod template count`,
    );
  return undefined;
}

/** A name that differs in case. */
export function nameNearMiss(sidecar: string, globs: readonly string[], names: readonly string[]): Finding | undefined {
  const lower = globs.map((glob) => glob.toLowerCase());
  const near = names.find((name) => matchesAny(lower, name.toLowerCase()));
  if (near === undefined) return undefined;
  const message = `name ${near} differs from ${globs.join(', ')} only in case`;
  return onTemplate('NearMiss', 'metadata.name', message, { severity: 'warning', sidecar });
}

/** A Pod is its own template. */
export function isOtherObject(ofTemplate: unknown, ofWorkload: unknown): boolean {
  return ofWorkload !== undefined && ofWorkload !== ofTemplate;
}
