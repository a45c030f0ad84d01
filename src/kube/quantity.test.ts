import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  roundUpToMilli,
} from './quantity.ts';

const FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

describe('the canonical text', () => {
  test.each([
    ['0', '0'],
    ['0.0', '0'],
    ['1', '1'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Mi', '512Ki'],
    ['1Ki', '1Ki'],
    ['0.1Ki', '102400m'],
    ['1e3', '1e3'],
    ['1000e3', '1e6'],
    ['12E', '12E'],
    ['-5', '-5'],
    ['0.1n', '1n'],
    ['9999999999Gi', '9223372036854775807'],
    ['1.500', '1.500'],
    ['01', '01'],
    ['0.10', '100m'],
  ])('%s is written %s', (text, expected) => {
    expect(canonicalQuantity(text)).toBe(expected);
  });

  test('is itself canonical', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E6', 'u', 'n');
    const number = fc.tuple(fc.nat(10_000_000), fc.nat(999)).map(([a, b]) => (b % 3 === 0 ? `${a}` : `${a}.${b}`));
    fc.assert(
      fc.property(number, suffix, (n, s) => {
        const once = parseQuantity(n + s);
        const again = parseQuantity(formatQuantity(once));
        expect(again.nanos).toBe(once.nanos);
        expect(canonicalQuantity(formatQuantity(again))).toBe(formatQuantity(again));
      }),
    );
  });
});

describe('what is no quantity', () => {
  test.each([
    ['', FORMAT],
    ['x', FORMAT],
    ['1.1.1', FORMAT],
    ['1 Gi', FORMAT],
    ['1gi', FORMAT],
    ['1iK', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['1e999999999', "unable to parse quantity's suffix"],
  ])('%j: %s', (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message);
  });
});

describe('amounts', () => {
  test.each([
    ['1Gi', 1024 ** 3],
    ['1.5', 2],
    ['100m', 1],
    ['128M', 128_000_000],
  ])('%s is %i units', (text, expected) => expect(quantityValue(text)).toBe(expected));

  test.each([
    ['1', 1000],
    ['250m', 250],
    ['0.0001', 1],
  ])('%s is %i thousandths', (text, expected) => expect(quantityMilliValue(text)).toBe(expected));

  test('are compared by value, not by text', () => {
    expect(compareQuantities(parseQuantity('1Gi'), parseQuantity('1024Mi'))).toBe(0);
    expect(compareQuantities(parseQuantity('999m'), parseQuantity('1'))).toBe(-1);
  });

  test('of resources are kept to thousandths', () => {
    expect(formatQuantity(roundUpToMilli(parseQuantity('0.0001')))).toBe('1m');
    expect(formatQuantity(roundUpToMilli(parseQuantity('1.500')))).toBe('1.500');
  });
});
