import type { EditedFile } from '../../files/edit-templates.ts';
import type { PlacedFinding } from '../../files/finding.ts';
import type { Namespaces } from '../../files/namespaces.ts';
import { type ManifestFile, parseManifests } from '../../manifest/parse.ts';
import type { Loaded, LoadedInput } from '../manifests/load-inputs.ts';
import type { Kept, Spool } from '../manifests/spool.ts';
import type { Outcome } from './outcome.ts';

/** What a command does with some documents. */
export type Work = (file: ManifestFile, namespaces: Namespaces) => Worked;

export interface Worked extends EditedFile {
  outcomes: Outcome[];
}

interface Watch {
  signal: AbortSignal;
  /** Sees what became of each batch, and should not hold on to it. */
  visit: (worked: Worked) => void;
}

/** An input and what it becomes. */
export interface TransformedInput extends LoadedInput {
  changed: boolean;
  /** The new text in parts, one for each batch of the old one; the very same where nothing changed. */
  results: Kept[];
}

export interface Transformed {
  inputs: TransformedInput[];
  findings: PlacedFinding[];
}

/** Does the work on everything that was loaded, with one batch of documents in memory at a time. Writes nothing. */
export function transform(
  { inputs, namespaces, findings: faults }: Loaded,
  work: Work,
  spool: Spool,
  { signal, visit }: Watch,
): Transformed {
  const findings = [...faults];
  const done = inputs.map((loaded): TransformedInput => {
    const results = loaded.batches.map(({ kept, firstLine }) => {
      signal.throwIfAborted();
      const edited = work(parseManifests(kept.text(), { file: loaded.input.name, firstLine }), namespaces);
      findings.push(...edited.findings);
      visit(edited);
      return edited.changed ? spool.keep(edited.text) : kept;
    });
    return { ...loaded, results, changed: results.some((kept, i) => kept !== loaded.batches[i]?.kept) };
  });
  return { inputs: done, findings };
}
