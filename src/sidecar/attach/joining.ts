import type { Container } from '../../kube/generated/objects.ts';
import type { CompiledSidecar } from '../compile.ts';
import { fieldOf } from '../field-of.ts';
import { type FindingCode, onSidecar } from '../finding.ts';
import { covers, samePart } from '../fingerprint.ts';
import { keyOf } from '../keys.ts';
import type { Brought } from '../render.ts';
import { answerTo, type ConflictAnswer, type ConflictKind } from '../sidecar.ts';
import type { Draft, Found, KeyPath } from './draft.ts';

/** One sidecar on its way into one template. */
export interface Joining {
  compiled: CompiledSidecar;
  brought: Brought;
  draft: Draft;
  /** The Pod's own containers, as they were before anything was attached. */
  mains: readonly Container[];
  /** Paths, joined by newlines, of what it brought before and somebody changed. */
  edited: ReadonlySet<string>;
  /** New names of its volumes. */
  volumeNames: Map<string, string>;
}

/** Something that cannot be as it is in the definition, since something else is in the way. */
export interface Clash {
  kind: ConflictKind;
  code: FindingCode;
  /** Where the definition says it. */
  field: string;
  /** What it is, for people: `container "proxy"`. */
  what: string;
  ours: unknown;
  theirs: unknown;
  /** Where the other one is. */
  path: KeyPath;
  /** The sidecar that brought the other one. */
  sidecar?: string | undefined;
  /** Answers that make no sense here, with the reason. */
  except?: { answers: readonly ConflictAnswer[]; why: string };
}

/** The author's answer to a clash, noted as a finding: an error, or for information what was done. */
export function answer(joining: Joining, clash: Clash): ConflictAnswer {
  const { compiled, draft } = joining;
  const wanted = answerTo(compiled.sidecar.spec, clash.kind);
  const ofOther = clash.sidecar !== undefined && wanted === 'Replace';
  const excluded = ofOther || clash.except?.answers.includes(wanted) === true;
  const given = excluded ? 'Error' : wanted;
  const byHand = joining.edited.has(clash.path.join('\n'));
  const why = excluded
    ? ofOther
      ? `: onConflict ${wanted} does not reach what another sidecar brings`
      : `: ${clash.except?.why}`
    : '';
  draft.findings.push({
    severity: given === 'Error' ? 'error' : 'info',
    code: given !== 'Error' ? 'ConflictAnswered' : byHand ? 'EditedByHand' : clash.code,
    on: 'sidecar',
    field: clash.field,
    message: sentence(clash, given, byHand) + why,
    sidecar: compiled.name,
    value: clash.ours,
    other: {
      on: clash.sidecar === undefined ? 'template' : 'sidecar',
      field: fieldOf(draft.original, clash.path),
      value: clash.theirs,
      ...(clash.sidecar !== undefined && { sidecar: clash.sidecar }),
    },
  });
  return given;
}

function sentence({ kind, what, sidecar }: Clash, given: ConflictAnswer, byHand: boolean): string {
  const whose = sidecar === undefined ? 'the Pod has its own' : `sidecar "${sidecar}" brings another`;
  switch (given) {
    case 'Keep':
      return `${what}: ${whose}, which is kept`;
    case 'Replace':
      return `${what}: ${whose}, which is replaced`;
    case 'Rename':
      return `${what}: ${whose}, so this one is renamed`;
    default:
      return byHand
        ? `${what} was changed by hand since it was attached: take the change over into the sidecar, or detach it and remove the rest, or set onConflict.${kind}`
        : `${what}: ${whose}, and onConflict.${kind} is Error`;
  }
}

export function report(joining: Joining, code: FindingCode, field: string, message: string): void {
  joining.draft.findings.push(onSidecar(code, field, message, { sidecar: joining.compiled.name }));
}

/** What a keyed element meets in its list: nothing, the same, or a clash. */
export interface Placing {
  kind: ConflictKind;
  code: FindingCode;
  field: string;
  what: string;
  list: KeyPath;
  item: unknown;
  /** Whether one with more in it than ours is ours all the same. */
  mayCover?: boolean;
  except?: Clash['except'];
}

/**
 * Adds an element to a keyed list. One that is there and says the same is taken as it is; another is answered as the author wants, but for
 * `Rename`, which is the caller's to do.
 */
export function place(joining: Joining, placing: Placing): ConflictAnswer | 'Added' | 'Same' {
  const { draft, compiled } = joining;
  const { list, item } = placing;
  const field = list.at(-1) ?? '';
  const path = [...list, keyOf(field, item)];
  const found = draft.find(path);
  if (found === undefined) {
    draft.add(compiled.name, list, item);
    return 'Added';
  }
  if (isSame(joining, found, placing, field, path)) return 'Same';
  const { kind, code, what, except } = placing;
  const given = answer(joining, {
    kind,
    code,
    field: placing.field,
    what,
    ours: item,
    theirs: found.value,
    path,
    sidecar: found.sidecar,
    ...(except && { except }),
  });
  if (given === 'Replace') {
    if (joining.edited.has(path.join('\n'))) draft.reclaim(compiled.name, list, item);
    else draft.replace(compiled.name, list, item);
  }
  if (given === 'Keep' && joining.edited.has(path.join('\n'))) draft.claim(compiled.name, path, field, item);
  return given;
}

/** The Pod's own stays the Pod's own; what a sidecar brought, or this one before, is this one's too. */
function isSame(joining: Joining, found: Found, { item, mayCover }: Placing, field: string, path: KeyPath): boolean {
  const edited = joining.edited.has(path.join('\n'));
  const same = (mayCover ?? edited) ? covers(field, found.value, item) : samePart(field, found.value, item);
  if (same && (edited || found.sidecar !== undefined)) joining.draft.claim(joining.compiled.name, path, field, item);
  return same;
}
