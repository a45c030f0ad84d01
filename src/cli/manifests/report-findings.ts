import { formatFinding, type PlacedFinding } from '../../files/finding.ts';
import { type Context, tell } from '../command.ts';

/** Lines of one severity after which people have seen enough. */
const ENOUGH = 100;

/**
 * Prints findings on standard error, errors last, as what is last is seen first. A long list is cut short and says so.
 * @param quiet without those that ask nobody to do anything
 */
export function reportFindings(
  findings: readonly PlacedFinding[],
  context: Pick<Context, 'stderr'>,
  quiet = false,
): void {
  for (const severity of quiet ? (['warning', 'error'] as const) : (['info', 'warning', 'error'] as const)) {
    const lines = [...new Set(findings.filter((one) => one.severity === severity).map(formatFinding))];
    for (const line of lines.slice(0, ENOUGH)) tell(context, line);
    if (lines.length > ENOUGH) tell(context, `… and ${lines.length - ENOUGH} more of severity ${severity}`);
  }
}
