import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand } from './expansion.ts';

const KNOWN: Record<string, string> = { A: 'a', B: '$(A)', EMPTY: '' };
const lookup = (name: string) => KNOWN[name];

describe('expand', () => {
  test.each([
    ['$(A)', 'a'],
    ['x$(A)y$(A)', 'xaya'],
    ['$(EMPTY)', ''],
    ['$(B)', '$(A)'],
    ['$(NOBODY)', '$(NOBODY)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$$$(A)', '$$(A)'],
    ['$$', '$'],
    ['$', '$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['$(', '$('],
    ['$()', '$()'],
    ['a)$(A)', 'a)a'],
    ['$(date -u)', '$(date -u)'],
  ])('%s → %s', (text, expanded) => {
    expect(expand(text, lookup)).toBe(expanded);
  });

  test('leaves a text without dollars as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => expand(text, lookup) === text,
      ),
    );
  });

  test('gives any text back whose dollars are doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', 'x') }), (text) => {
        return expand(text.replaceAll('$', '$$$$'), lookup) === text;
      }),
    );
  });

  test('does not look at what it inserted', () => {
    fc.assert(fc.property(fc.string(), (value) => expand('<$(X)>', () => value) === `<${value}>`));
  });
});
