import { formatWorkload } from '../../files/finding.ts';
import type { Paint } from '../paint.ts';
import type { SidecarState, StatusReport } from './status-report.ts';

const COLOURS = { current: 'green', stale: 'yellow', edited: 'yellow', missing: 'yellow', orphaned: 'yellow' } as const;
const HEADER = ['WORKLOAD', 'SIDECAR', 'STATE', 'WHERE', 'REASON'];
/** A longer cell pushes only its own line to the right. */
const WIDEST = 48;
const GAP = 3;

/** The lines of the table, as kubectl sets them. */
export function statusTable({ sidecars }: StatusReport, paint: Paint): string[] {
  if (sidecars.length === 0) return ['No sidecar is attached, and none joins.'];
  const rows = sidecars.map(cellsOf);
  const widths = HEADER.map((name, i) =>
    Math.max(...[name, ...rows.map((cells) => cells[i]!)].map((cell) => Math.min(cell.length, WIDEST))),
  );
  const padded = (cells: readonly string[]): string[] =>
    cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i]!) + ' '.repeat(GAP)));
  return [
    padded(HEADER).join(''),
    ...rows.map((cells, i) =>
      padded(cells)
        .map((cell, column) => (column === 2 ? paint[COLOURS[sidecars[i]!.state]](cell) : cell))
        .join(''),
    ),
  ];
}

/** Where: what was edited, else the workload. */
function cellsOf({ workload, sidecar, state, reason, file, line, findings }: SidecarState): string[] {
  const edited = state === 'edited' ? findings.map(({ other }) => other).find((other) => other?.file) : undefined;
  const place = edited ? `${edited.file}:${edited.line}` : `${file}:${line}`;
  return [formatWorkload(workload), sidecar, state, place, reason];
}
