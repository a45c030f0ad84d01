import type { Kept, Spool } from '../manifests/spool.ts';
import { formatOutcome, type Outcome } from './outcome.ts';

/** What became of all Pod templates, however many there are: counts in memory, the words put aside. */
export class Summary {
  templates = 0;
  changed = 0;
  /** Kinds whose template was found at a path of the user's. */
  readonly kindsByPath = new Set<string>();
  readonly removed = new Set<string>();
  private readonly parts: Kept[] = [];
  private readonly spool: Spool;
  private readonly form: 'lines' | 'json' | 'none';

  constructor(spool: Spool, form: 'lines' | 'json' | 'none') {
    this.spool = spool;
    this.form = form;
  }

  add(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    this.templates += outcomes.length;
    for (const { changed, found, workload, removed } of outcomes) {
      if (changed) this.changed++;
      if (found === 'path') this.kindsByPath.add(workload.kind);
      for (const name of removed) this.removed.add(name);
    }
    if (this.form === 'none') return;
    const words = this.form === 'json' ? outcomes.map((one) => JSON.stringify(one)) : outcomes.map(formatOutcome);
    this.parts.push(this.spool.keep(words.join('\n')));
  }

  /** A line for each template, in the form that was asked for. */
  *lines(): Generator<string> {
    for (const part of this.parts) yield* part.text().split('\n');
  }

  /** `2 of 3 Pod templates changed`. */
  total(): string {
    if (this.templates === 0) return 'no Pod template was found';
    return `${this.changed} of ${this.templates} Pod template${this.templates === 1 ? '' : 's'} changed`;
  }
}
