import { describe, expect, it } from 'vitest';
import { keyText, resolvePlain } from './resolve-scalar.ts';

/** Measured with `kubectl annotate --local -o json`, kubectl 1.32. */
describe('resolvePlain reads as kubectl does', () => {
  it.each([
    ['y n yes No on off true True Y', [true, false, true, false, true, false, true, true, true]],
    ['~ null Null NULL', [null, null, null, null]],
    ['0777 0o17 0x1F 0b101 0B11 0_7', [511, 15, 31, 5, 3, 7]],
    ['1_000 08 1e3 1.50 .5 +5 1. .1_0 1_0.5_0', [1000, 8, 1000, 1.5, 0.5, 5, 1, 0.1, 10.5]],
    ['-0 -0o7 +0x1F -.5 -1_', [0, -7, 31, -0.5, -1]],
    ['18446744073709551616 99999999999999999999', [2 ** 64, 1e20]],
    ['12:30:45 2001-01-01 2001-12-14t21:59:43.10-05:00', ['12:30:45', '2001-01-01', '2001-12-14t21:59:43.10-05:00']],
    [
      '= 0x 0xFFFFFFFFFFFFFFFFFFFF 1e400 -- 1.2.3 tRue nULL',
      ['=', '0x', '0xFFFFFFFFFFFFFFFFFFFF', '1e400', '--', '1.2.3', 'tRue', 'nULL'],
    ],
  ])('%s', (text, expected) => {
    expect(text.split(' ').map(resolvePlain)).toEqual(expected);
  });

  it('reads nothing as null', () => expect(resolvePlain('')).toBeNull());

  it('names keys that are no strings as Go prints them', () => {
    expect(['on', '1', '1.50', '0x10', '-0', 'a'].map((text) => keyText(resolvePlain(text)))).toEqual([
      'true',
      '1',
      '1.5',
      '16',
      '0',
      'a',
    ]);
    expect(keyText(null)).toBeUndefined();
  });
});
