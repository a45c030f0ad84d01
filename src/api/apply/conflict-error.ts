import { StatusError } from '../../kube/errors.ts';
import { placesOf } from './field-set.ts';
import { printPath } from './fields-v1.ts';
import type { Actor } from './managers.ts';
import type { Conflict } from './ownership.ts';

/** 409 as kubectl prints it, with a cause for each field (apimachinery `managedfields/internal/conflict.go`). */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const named = conflicts
    .map(({ owner, places }) => ({ owner: describe(owner), paths: placesOf(places).map(printPath).sort() }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const causes = named.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: conflict with ${named[0]!.owner}: ${named[0]!.paths[0]}`
      : `Apply failed with ${causes.length} conflicts: ${named.map(listed).join('\n')}`;
  return new StatusError('Conflict', message, { causes });
}

function listed({ owner, paths }: { owner: string; paths: string[] }): string {
  return `conflicts with ${owner}:\n${paths.map((path) => `- ${path}`).join('\n')}`;
}

function describe({ manager, operation, apiVersion, subresource }: Actor): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
