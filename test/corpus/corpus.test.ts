import { describe, expect, it } from 'vitest';
import { parseManifests } from '../../src/manifest/parse.ts';
import { type Case, cases, updateCase } from './cases.ts';
import { attachText, detachText, detachThroughLibrary, templatesOf, throughKrm, throughLibrary } from './doors.ts';
import { resourceListOf } from './resource-list.ts';

/** What every door must leave, and whether it must refuse. */
function expectedOf({ file, expected, findings }: Case) {
  return { templates: templatesOf(parseManifests(expected, { file })), failed: findings.includes(': error: ') };
}

/** Without what is the list's in an item: what is added follows the list's indentation and line breaks. */
function outdented(text: string): string {
  return text.replace(/\r$/gm, '').replace(/^[- ]+/gm, '');
}

describe.each(cases)('$name', (test) => {
  const readable = parseManifests(test.input).errors.length === 0;

  it('gives the expected text and findings', () => {
    const result = attachText(test.sidecars, test.file, test.input);
    if (process.env.UPDATE_GOLDEN) {
      updateCase(test, { ...result, detached: detachText(test.file, result.text).text });
      return;
    }
    expect(result.text).toBe(test.expected);
    expect(result.findings).toBe(test.findings);
  });

  it('is given back by detaching', () => {
    expect(detachText(test.file, test.expected).text).toBe(test.detached);
  });

  it('changes nothing the second time', () => {
    expect(attachText(test.sidecars, test.file, test.expected).text).toBe(test.expected);
  });

  it('does not depend on the order of the sidecars', () => {
    const sidecars = test.sidecars.toReversed().map(({ file, text }) => ({
      file,
      text: file.endsWith('.json')
        ? text
        : text
            .split(/^---\n/m)
            .toReversed()
            .join('---\n'),
    }));
    expect(attachText(sidecars, test.file, test.input).text).toBe(test.expected);
  });

  describe.runIf(readable)('gives the same Pods through', () => {
    it('the library', () => {
      expect(throughLibrary(test)).toEqual(expectedOf(test));
      expect(detachThroughLibrary(test)).toEqual(templatesOf(parseManifests(test.detached)));
    });

    it('the KRM function', () => {
      const { text, ...result } = throughKrm(test);
      expect(result).toEqual(expectedOf(test));
      if (/json/.test(test.name)) return; // inside YAML, JSON is written as YAML
      const sidecars = test.sidecars.map((one) => parseManifests(one.text));
      expect(outdented(text)).toBe(outdented(resourceListOf(sidecars, parseManifests(test.expected))));
    });
  });
});
