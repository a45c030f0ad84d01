import { describe, expect, it } from 'vitest';
import { Downloads } from './pull-progress.ts';

const at = (ref: string, offset: number, total: number) => ({ ref, offset: String(offset), total: String(total) });

describe('the sum of downloads', () => {
  it('grows with each of them, and keeps those that are complete', () => {
    const downloads = new Downloads([]);
    expect(downloads.update([])).toBeUndefined();
    expect(downloads.update([at('a', 10, 100)])).toEqual({ completedBytes: 10, totalBytes: 100 });
    expect(downloads.update([at('a', 90, 100), at('b', 0, 50)])).toEqual({ completedBytes: 90, totalBytes: 150 });
    expect(downloads.update([at('b', 20, 50)])).toEqual({ completedBytes: 120, totalBytes: 150 });
    expect(downloads.update([])).toEqual({ completedBytes: 150, totalBytes: 150 });
  });

  it('leaves out what lay there from an earlier pull, until it goes on', () => {
    const downloads = new Downloads([at('old', 30, 100)]);
    expect(downloads.update([at('old', 30, 100)])).toBeUndefined();
    expect(downloads.update([at('old', 40, 100)])).toEqual({ completedBytes: 40, totalBytes: 100 });
  });

  it('of an unknown size is as large as what has come', () => {
    expect(new Downloads([]).update([at('a', 10, 0)])).toEqual({ completedBytes: 10, totalBytes: 10 });
  });
});
