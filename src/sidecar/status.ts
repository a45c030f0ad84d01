import { type AttachOptions, attach } from './attach.ts';
import { sameValue } from './canonical.ts';
import { detach } from './detach.ts';
import { type Finding, hasErrors } from './finding.ts';
import { type AttachedSidecar, readProvenance } from './provenance.ts';

/**
 * `current`: attached as it would be attached now. `stale`: its definition or its parameters have changed since. `edited`: something that
 * it brought was changed or removed by hand. `missing`: it joins and is not attached. `orphaned`: attached, and it does not join any more.
 */
export type AttachmentState = 'current' | 'stale' | 'edited' | 'missing' | 'orphaned';

export interface AttachmentStatus {
  sidecar: string;
  state: AttachmentState;
  /** One sentence for people. */
  reason: string;
  /** For `edited`: what was changed. For others: what keeps it from being attached. */
  findings: Finding[];
}

/** How the sidecars of a template stand against their definitions, by name. Sidecars that neither join nor are attached are left out. */
export function status(options: AttachOptions): AttachmentStatus[] {
  return statusAndFaults(options).sidecars;
}

/** The same, and the errors that are about no sidecar: with one, as an annotation that cannot be read, nobody can say how things stand. */
export function statusAndFaults(options: AttachOptions): { sidecars: AttachmentStatus[]; faults: Finding[] } {
  const { provenance } = readProvenance(options.template);
  const now = attach(options);
  const wanted = hasErrors(now.findings) ? undefined : readProvenance(now.template).provenance?.sidecars;
  const removed = detach({ template: options.template });
  const attached = (provenance?.sidecars ?? []).map((one) => {
    const changes = editsOf(one.name, removed.kept.length > 0 ? now.findings : [], removed.findings);
    return statusOf(
      one,
      now,
      wanted?.find(({ name }) => name === one.name),
      changes,
    );
  });
  const missing = now.selections
    .filter(({ sidecar, selection }) => selection.joins && !attached.some((one) => one.sidecar === sidecar.name))
    .map(({ sidecar: { name }, selection }): AttachmentStatus => {
      const findings = now.findings.filter((finding) => finding.sidecar === name && finding.severity === 'error');
      return { sidecar: name, state: 'missing', reason: selection.reason, findings };
    });
  return {
    sidecars: [...attached, ...missing].sort((a, b) => (a.sidecar < b.sidecar ? -1 : 1)),
    faults: now.findings.filter(({ sidecar, severity }) => severity === 'error' && sidecar === undefined),
  };
}

/** What was changed by hand; a part that others only added to is as it was. */
function editsOf(sidecar: string, now: readonly Finding[], removed: readonly Finding[]): Finding[] {
  const gone = removed.filter((finding) => finding.code === 'RemovedByHand' && finding.sidecar === sidecar);
  const fields = removed.filter(({ code }) => code === 'EditedByHand').map(({ field }) => field);
  const changed = now.filter(
    (finding) =>
      finding.sidecar === sidecar &&
      (finding.code === 'EditedByHand' ||
        (finding.code === 'ConflictAnswered' && fields.includes(finding.other?.field ?? ''))),
  );
  return [...gone, ...changed];
}

function statusOf(
  attached: AttachedSidecar,
  { selections, findings }: ReturnType<typeof attach>,
  wanted: AttachedSidecar | undefined,
  edits: Finding[],
): AttachmentStatus {
  const { name, digest } = attached;
  const selected = selections.filter(({ sidecar }) => sidecar.name === name);
  const joining = selected.find(({ selection }) => selection.joins);
  const is = (state: AttachmentState, reason: string, more: Finding[] = []): AttachmentStatus => ({
    sidecar: name,
    state,
    reason,
    findings: more,
  });
  if (selected.length === 0) return is('orphaned', 'there is no such sidecar here');
  if (joining === undefined) return is('orphaned', selected[0]?.selection.reason ?? '');
  if (edits.length > 0)
    return is('edited', `changed by hand: ${edits.map(({ other, field }) => other?.field ?? field).join(', ')}`, edits);
  const errors = findings.filter((finding) => finding.sidecar === name && finding.severity === 'error');
  if (digest !== joining.sidecar.digest)
    return is('stale', `attached as ${digest}, and is now ${joining.sidecar.digest}`, errors);
  if (wanted !== undefined && !sameValue(wanted.attached, attached.attached))
    return is('stale', 'its parameters or the Pod have changed since');
  return is('current', `attached as ${digest}`, errors);
}
