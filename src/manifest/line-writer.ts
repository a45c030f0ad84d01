import type { Layout } from './layout.ts';
import type { StyleSource } from './style-source.ts';
import { writeItem, writePair } from './write-value.ts';

/** Bounds the memory that remembered lines take. */
const MOST_REMEMBERED = 500;

/**
 * Writes the lines of what is added to block maps and lists. The same is added to many documents: what was written once for a place of the
 * same layout is not written again, which takes most of the time of writing away.
 */
export class LineWriter {
  private readonly styles: StyleSource;
  private readonly remembered = new Map<string, readonly string[]>();

  constructor(styles: StyleSource) {
    this.styles = styles;
  }

  /** The lines of `key: value` in a block map at a column. */
  pair(key: string, value: unknown, column: number, layout: Layout): readonly string[] {
    return this.remember(`: ${key}`, value, column, layout, () =>
      writePair(key, value, column, layout, this.styles.forValue(key, value)),
    );
  }

  /** The lines of `- value` in a block list at a column that stands under `key`. */
  item(key: string, value: unknown, column: number, layout: Layout): readonly string[] {
    return this.remember(`- ${key}`, value, column, layout, () =>
      writeItem(value, column, layout, this.styles.forItem(key, value)),
    );
  }

  private remember(
    what: string,
    value: unknown,
    column: number,
    { step, listOffset, dashWidth, literals }: Layout,
    write: () => string[],
  ): readonly string[] {
    const key = `${what}\n${column} ${step} ${listOffset} ${dashWidth} ${literals}\n${JSON.stringify(value)}`;
    const before = this.remembered.get(key);
    if (before !== undefined) return before;
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    const lines = write();
    this.remembered.set(key, lines);
    return lines;
  }
}
