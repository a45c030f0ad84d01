/** One row of the report: several runs of one thing, in `unit`. */
export interface Figure {
  what: string;
  unit: 'ms' | 'MB' | '% of a core' | 'times' | 'Pod templates/s' | '';
  runs: number[];
  /** What the project promises, and whether the median keeps it. */
  target?: { text: string; kept: boolean };
}

const median = (runs: number[]): number => percentile(runs, 0.5);

/** The value below which this part (0 to 1) of the values lies. */
export function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** A figure that should stay at or below `limit`. */
export function atMost(what: string, unit: Figure['unit'], runs: number[], limit?: number): Figure {
  if (limit === undefined) return { what, unit, runs };
  return { what, unit, runs, target: { text: `at most ${limit} ${unit}`.trim(), kept: median(runs) <= limit } };
}

/** A figure that should stay at or above `limit`. */
export function atLeast(what: string, unit: Figure['unit'], runs: number[], limit: number): Figure {
  return { what, unit, runs, target: { text: `at least ${limit} ${unit}`.trim(), kept: median(runs) >= limit } };
}

/** The table that a person reads. */
export function table(figures: Figure[]): string {
  const number = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
  const rows = figures.map((f) => [
    f.what,
    `${number(median(f.runs))} ${f.unit}`.trim(),
    f.runs.length > 1 ? `${number(Math.min(...f.runs))} … ${number(Math.max(...f.runs))}` : '',
    f.target ? `${f.target.kept ? 'kept' : 'MISSED'}: ${f.target.text}` : '',
  ]);
  const head = ['what', 'median', 'min … max', 'target'];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
