import { describe, expect, test } from 'vitest';
import { Story } from './story.ts';

const STORY = new Story(
  [
    '1.00 init starting',
    '1.10 init exiting',
    '2.00 side starting',
    '2.10 side started',
    '3.00 main starting',
    '3.20 side exiting',
    '4.00 side starting',
    '5.00 main exiting',
    'a line that is none of ours',
    '6.00 side exiting',
  ].join('\n'),
);

describe.each([
  ['startsBefore', () => STORY.startsBefore(['init', 'side', 'main']), undefined],
  ['startsBefore, wrong', () => STORY.startsBefore(['main', 'side']), 'side is starting before main'],
  ['startsBefore, not there', () => STORY.startsBefore(['init', 'ghost']), 'ghost is never starting'],
  ['exitsBefore: the last exit', () => STORY.exitsBefore(['init', 'main', 'side']), undefined],
  ['exitsBefore, wrong', () => STORY.exitsBefore(['side', 'main']), 'main is exiting before side'],
  ['endsBeforeStart', () => STORY.endsBeforeStart('init', 'side'), undefined],
  ['endsBeforeStart, wrong', () => STORY.endsBeforeStart('side', 'main'), 'main started before side had ended'],
  ['endsBeforeStart, no end', () => STORY.endsBeforeStart('ghost', 'main'), 'ghost never ended'],
  ['runTogether', () => STORY.runTogether('main', 'side'), undefined],
  ['runTogether, one after the other', () => STORY.runTogether('init', 'main'), 'init and main did not run together'],
  ['startsAgainAfter', () => STORY.startsAgainAfter('side', 'main'), undefined],
  ['startsAgainAfter, not', () => STORY.startsAgainAfter('init', 'main'), 'init did not start after main'],
  ['contains', () => STORY.contains(['side starting', 'side exiting', 'side starting']), undefined],
  [
    'contains, not in this order',
    () => STORY.contains(['main exiting', 'main starting']),
    'no "main starting" after "main exiting"',
  ],
  ['allBefore', () => STORY.allBefore(['init starting', 'init exiting'], ['main starting']), undefined],
  [
    'allBefore, wrong',
    () => STORY.allBefore(['side exiting'], ['main exiting']),
    '"main exiting" came before all of "side exiting"',
  ],
])('%s', (_, ask, answer) => {
  test(answer ?? 'holds', () => {
    expect(ask()).toBe(answer);
  });
});
