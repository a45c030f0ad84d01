import { describe, expect, test } from 'vitest';
import { decodeBase64Error, normalizeTime } from './scalars.ts';
import { formatMicroTime, formatTime } from './time.ts';

describe('times', () => {
  test.each([
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00Z'],
    ['2024-02-29T12:00:00.999Z', '2024-02-29T12:00:00Z'],
    ['2024-03-01T01:30:00+02:00', '2024-02-29T23:30:00Z'],
  ])('%s is kept as %s', (text, expected) => expect(normalizeTime(text, 'date-time')).toBe(expected));

  test('MicroTime keeps six digits', () => {
    expect(normalizeTime('2024-02-29T12:00:00.123456Z', 'micro-time')).toBe('2024-02-29T12:00:00.123456Z');
  });

  test.each([
    ['yesterday', 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
    ['2024-02-29', 'parsing time "2024-02-29" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2024-02-30T12:00:00Z', 'parsing time "2024-02-30T12:00:00Z": day out of range'],
    ['2024-13-01T12:00:00Z', 'parsing time "2024-13-01T12:00:00Z": month out of range'],
    ['2024-02-29T12:00:00Zx', 'parsing time "2024-02-29T12:00:00Zx": extra text: "x"'],
  ])('%s is refused', (text, message) => {
    expect(() => normalizeTime(text, 'date-time')).toThrow(message);
  });

  test('are written in UTC', () => {
    const date = new Date('2024-02-29T12:00:00.123Z');
    expect(formatTime(date)).toBe('2024-02-29T12:00:00Z');
    expect(formatMicroTime(date, 45)).toBe('2024-02-29T12:00:00.123045Z');
  });
});

describe('base64', () => {
  test.each([
    ['', undefined],
    ['aGk=', undefined],
    ['aGk\n=', undefined],
    ['aGVsbG8h', undefined],
    ['a', 'illegal base64 data at input byte 0'],
    ['aGk', 'illegal base64 data at input byte 0'],
    ['a=', 'illegal base64 data at input byte 1'],
    ['aGk=x', 'illegal base64 data at input byte 4'],
    ['aG k', 'illegal base64 data at input byte 2'],
    ['not base64!', 'illegal base64 data at input byte 3'],
  ])('%j: %s', (text, expected) => expect(decodeBase64Error(text)).toBe(expected));
});
