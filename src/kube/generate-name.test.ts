import { expect, test } from 'vitest';
import { generateName } from './generate-name.ts';

test('adds five characters of an alphabet without vowels', () => {
  expect(generateName('web-', () => 0)).toBe('web-bbbbb');
  expect(generateName('web-', () => 0.999)).toBe('web-99999');
});

test('cuts a long base so that the name has 63 characters', () => {
  expect(generateName('a'.repeat(70), () => 0)).toBe(`${'a'.repeat(58)}bbbbb`);
});
