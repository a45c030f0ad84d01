import { describe, expect, it } from 'vitest';
import { cases, updateCase } from './cases.ts';
import { attachText, detachText } from './doors.ts';

describe.each(cases)('$name', (test) => {
  it('gives the expected text and findings', () => {
    const result = attachText(test.sidecars, test.file, test.input);
    if (process.env.UPDATE_GOLDEN)
      return updateCase(test, { ...result, detached: detachText(test.file, result.text).text });
    expect(result.text).toBe(test.expected);
    expect(result.findings).toBe(test.findings);
  });

  it('is given back by detaching', () => {
    expect(detachText(test.file, test.expected).text).toBe(test.detached);
  });
});
