import { describe, expect, test } from 'vitest';
import { fixedTime, parseEntry, parseTime } from './cri-log.ts';

const T = '2026-11-23T18:56:41.123456789Z';

describe('an entry of a log', () => {
  test.each<[string, string, object | undefined]>([
    [
      'a full line',
      `${T} stdout F hello  world `,
      { time: T, stream: 'stdout', isPartial: false, content: 'hello  world ' },
    ],
    ['a piece', `${T} stderr P abc`, { time: T, stream: 'stderr', isPartial: true, content: 'abc' }],
    ['an empty line', `${T} stdout F `, { time: T, stream: 'stdout', isPartial: false, content: '' }],
    [
      'an empty line without the last space',
      `${T} stdout F`,
      { time: T, stream: 'stdout', isPartial: false, content: '' },
    ],
    ['several tags', `${T} stdout P:x:y abc`, { time: T, stream: 'stdout', isPartial: true, content: 'abc' }],
    ['nothing', '', undefined],
    ['half a line', `${T} std`, undefined],
    ['no tag', `${T} stdout `, undefined],
    ['another stream', `${T} stdin F x`, undefined],
    ['another tag', `${T} stdout X x`, undefined],
  ])('%s', (_, line, entry) => {
    const parsed = parseEntry(Buffer.from(line));
    expect(parsed && { ...parsed, content: parsed.content.toString() }).toEqual(entry);
  });

  test('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect(parseEntry(Buffer.concat([Buffer.from(`${T} stdout F `), bytes]))?.content).toEqual(bytes);
  });
});

test.each([
  ['2026-11-23T18:56:41.123456789Z', 1795460201123456789n, '2026-11-23T18:56:41.123456789Z'],
  ['2026-11-23T18:56:41.5Z', 1795460201500000000n, '2026-11-23T18:56:41.500000000Z'],
  ['2026-11-23T19:56:41+01:00', 1795460201000000000n, '2026-11-23T19:56:41.000000000+01:00'],
  ['yesterday', undefined, 'yesterday'],
  ['2026-13-45T18:56:41Z', undefined, '2026-13-45T18:56:41.000000000Z'],
])('the time %s', (text, nanoseconds, fixed) => {
  expect(parseTime(text)).toBe(nanoseconds);
  expect(fixedTime(text)).toBe(fixed);
});
