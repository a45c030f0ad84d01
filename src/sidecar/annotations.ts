import { isRecord } from '../kube/json.ts';
import { nearest } from './check/nearest.ts';
import type { CompiledSidecar } from './compile.ts';
import { type Finding, onTemplate } from './finding.ts';
import { isOtherObject } from './near-misses.ts';
import { requestedNames } from './selects.ts';
import { ATTACHED, annotationFor, INJECT, readAnnotationKey } from './sidecar.ts';
import { kindOf, type Target } from './target.ts';

/**
 * What is wrong with the annotations by which a Pod speaks to sidecars: unreadable words, names of sidecars and parameters that do not
 * exist, and annotations one level too high, where nobody reads them.
 */
export function checkAnnotations(target: Target, sidecars: readonly CompiledSidecar[]): Finding[] {
  const annotations = target.template.metadata?.annotations;
  return [
    ...(isRecord(annotations) ? Object.entries(annotations) : []).flatMap(([key, value]) => {
      if (key === INJECT) return checkInject(value, sidecars);
      const own = readAnnotationKey(key);
      return own === undefined ? [] : checkOwn(key, value, own, sidecars);
    }),
    ...misplaced(target),
  ];
}

function checkInject(value: unknown, sidecars: readonly CompiledSidecar[]): Finding[] {
  const field = place(INJECT);
  const fault = wordFault(value);
  if (typeof value !== 'string' || fault !== undefined)
    return [invalid(field, value, fault ?? 'must be a string: write it in quotes')];
  if (value === 'true' || value === 'false') return [];
  const names = requestedNames(value);
  if (names.length === 0) return [invalid(field, value, 'must be "true", "false" or the names of sidecars')];
  return names.flatMap((name) => (known(name, sidecars) ? [] : [unknownSidecar(name, field, sidecars)]));
}

function checkOwn(
  key: string,
  value: unknown,
  { sidecar, word }: { sidecar: string; word: string },
  sidecars: readonly CompiledSidecar[],
): Finding[] {
  const field = place(key);
  const own = sidecars.filter(({ name }) => name === sidecar);
  if (own.length === 0) return sidecars.length === 0 ? [] : [unknownSidecar(sidecar, field, sidecars)];
  if (typeof value !== 'string') return [invalid(field, value, 'must be a string: write it in quotes', sidecar)];
  if (word === 'inject')
    return value === 'true' || value === 'false' ? [] : [invalid(field, value, 'must be "true" or "false"', sidecar)];
  const names = own.flatMap((one) => (one.sidecar.spec.parameters ?? []).map((parameter) => parameter.name));
  if (names.includes(word)) return [];
  const meant = nearest(word, [...names, 'inject']);
  const hint =
    meant === undefined
      ? names.length === 0
        ? 'it has none'
        : `it has: ${names.join(', ')}`
      : `did you mean "${annotationFor(sidecar, meant)}"?`;
  return [
    onTemplate('UnknownParameter', field, `sidecar "${sidecar}" has no parameter "${word}"; ${hint}`, { sidecar }),
  ];
}

/** Words that were meant as true or false, and are neither. */
function wordFault(value: unknown): string | undefined {
  if (typeof value === 'boolean') return `must be a string: write "${value}" in quotes`;
  if (typeof value !== 'string') return undefined;
  const lower = value.trim().toLowerCase();
  if (value !== 'true' && ['true', 'yes', 'on', 'enabled', '1'].includes(lower))
    return 'must be "true", "false" or the names of sidecars';
  if (value !== 'false' && ['false', 'no', 'off', 'disabled', '0'].includes(lower))
    return 'must be "true", "false" or the names of sidecars';
  return undefined;
}

/** An annotation on the Deployment does nothing; that it stands there is said once for each. */
function misplaced(target: Target): Finding[] {
  const { workload, template } = target;
  const above = workload?.metadata?.annotations;
  if (!isRecord(above) || kindOf(target).kind === 'Pod' || !isOtherObject(template.metadata, workload?.metadata))
    return [];
  return Object.keys(above)
    .filter((key) => key === INJECT || (key !== ATTACHED && readAnnotationKey(key) !== undefined))
    .map((key) => ({
      severity: 'warning' as const,
      code: 'MisplacedAnnotation' as const,
      on: 'workload' as const,
      field: place(key),
      message: `stands on the ${kindOf(target).kind} itself, where it does nothing; its place is the Pod template's metadata`,
    }));
}

function unknownSidecar(name: string, field: string, sidecars: readonly CompiledSidecar[]): Finding {
  const meant = nearest(
    name,
    sidecars.map((one) => one.name),
  );
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return onTemplate('UnknownSidecar', field, `there is no sidecar "${name}"${hint}`, { severity: 'warning' });
}

function known(name: string, sidecars: readonly CompiledSidecar[]): boolean {
  return sidecars.some((one) => one.name === name);
}

function invalid(field: string, value: unknown, why: string, sidecar?: string): Finding {
  return onTemplate('InvalidAnnotation', field, `Invalid value: ${JSON.stringify(value)}: ${why}`, {
    ...(sidecar !== undefined && { sidecar }),
  });
}

function place(key: string): string {
  return `metadata.annotations[${key}]`;
}
