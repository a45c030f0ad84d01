/** metav1.Table, as far as it is printed. */
export interface Table {
  kind: 'Table';
  metadata?: { resourceVersion?: string };
  columnDefinitions?: { name: string; priority: number }[];
  rows:
    | { cells: unknown[]; object?: { metadata?: { name?: string; namespace?: string; resourceVersion?: string } } }[]
    | null;
}

export const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

const PADDING = 3;
const MINIMUM_WIDTH = 6;

/**
 * Prints rows as kubectl's tab writer does: three spaces between columns, the last column not padded. Widths only grow, so that the
 * rows of a watch stay under their header as long as nothing longer comes.
 */
export class TablePrinter {
  #widths: number[] = [];
  #columns: { name: string; priority: number }[] = [];
  #headerShown = false;
  readonly #options: { wide: boolean; namespace: boolean; prefix: string; headers: boolean };

  constructor(options: { wide: boolean; namespace?: boolean; prefix?: string; headers?: boolean }) {
    this.#options = { namespace: false, prefix: '', headers: true, ...options };
  }

  /** The lines of one table; the header comes with the first one that has rows. */
  lines(table: Table): string[] {
    if (table.columnDefinitions && table.columnDefinitions.length > 0) this.#columns = table.columnDefinitions;
    const shown = this.#columns.map((c, i) => ({ ...c, i })).filter((c) => c.priority === 0 || this.#options.wide);
    const rows = (table.rows ?? []).map((row) => {
      const cells = shown.map((c) => `${c.name === 'Name' ? this.#options.prefix : ''}${cellText(row.cells[c.i])}`);
      return this.#options.namespace ? [row.object?.metadata?.namespace ?? '', ...cells] : cells;
    });
    if (!this.#headerShown && this.#options.headers && rows.length > 0) {
      const names = shown.map((c) => c.name.toUpperCase());
      rows.unshift(this.#options.namespace ? ['NAMESPACE', ...names] : names);
      this.#headerShown = true;
    }
    return this.#align(rows);
  }

  #align(rows: string[][]): string[] {
    for (const row of rows)
      for (const [i, cell] of row.entries())
        this.#widths[i] = Math.max(this.#widths[i] ?? MINIMUM_WIDTH, cell.length + PADDING);
    return rows.map((row) =>
      row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(this.#widths[i]!))).join(''),
    );
  }
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '<none>';
  return typeof cell === 'string' ? cell : String(cell);
}
