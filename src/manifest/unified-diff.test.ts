import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff.ts';

const lines = (...list: (string | number)[]) => `${list.join('\n')}\n`;

describe('unifiedDiff', () => {
  it('is empty for equal texts', () => expect(unifiedDiff('a\n', 'a\n', 'x')).toBe(''));

  it('shows three lines around a change, and far changes in hunks of their own', () => {
    const before = lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    const after = lines(1, 2, 3, 4, 'new', 5, 6, 7, 8, 9, 10, 11, 12, 13, 'fourteen', 15, 16);
    expect(unifiedDiff(before, after, 'pod.yaml')).toBe(`--- a/pod.yaml
+++ b/pod.yaml
@@ -2,6 +2,7 @@
 2
 3
 4
+new
 5
 6
 7
@@ -11,6 +12,6 @@
 11
 12
 13
-14
+fourteen
 15
 16
`);
  });

  it('says where the final line break is missing', () => {
    expect(unifiedDiff('a\nb', 'a\nb\nc', 'x')).toBe(
      '--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+c\n\\ No newline at end of file\n',
    );
  });

  it('counts an empty text as nothing', () => {
    expect(unifiedDiff('', 'a\n', 'x')).toBe('--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n');
    expect(unifiedDiff('a\n', '', 'x')).toBe('--- a/x\n+++ b/x\n@@ -1 +0,0 @@\n-a\n');
  });

  it('applied to the old text gives the new one', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '  d'), { maxLength: 40 }).map((list) => list.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applyPatch(before, unifiedDiff(before, after, 'x'))).toBe(after);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays fast and right where everything differs', () => {
    const before = Array.from({ length: 5000 }, (_, i) => `old ${i}\n`).join('');
    const after = Array.from({ length: 5000 }, (_, i) => `new ${i}\n`).join('');
    const patch = unifiedDiff(`${before}same\n`, `${after}same\n`, 'x');
    expect(applyPatch(`${before}same\n`, patch)).toBe(`${after}same\n`);
  });
});

/** What `patch` does, strictly. */
function applyPatch(before: string, patch: string): string {
  const old = before === '' ? [] : before.split(/(?<=\n)/);
  const result: string[] = [];
  let at = 0;
  const body = patch.split(/(?<=\n)/).slice(2);
  for (const [index, line] of body.entries()) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      result.push(...old.slice(at, start));
      at = start;
      continue;
    }
    const bare = body[index + 1]?.startsWith('\\') ? line.slice(1, -1) : line.slice(1);
    if (line.startsWith('\\')) continue;
    if (!line.startsWith('+')) expect(old[at++]).toBe(bare);
    if (!line.startsWith('-')) result.push(bare);
  }
  return [...result, ...old.slice(at)].join('');
}
