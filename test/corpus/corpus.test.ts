import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifests } from '../../src/manifest/parse.ts';
import { judged, OTHERWISE_IN_ADMISSION, throughAdmission } from './admission-door.ts';
import { type Case, cases, updateCase } from './cases.ts';
import { throughAttach, throughDetach, throughKrmCommand } from './cli-door.ts';
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

it('begins with the story of examples/web-app', () => {
  const story = cases.find(({ name }) => name === 'golden-story')!;
  const example = (file: string) => readFileSync(join(import.meta.dirname, '../../examples/web-app', file), 'utf8');
  expect([story.input, story.sidecars[0]?.text]).toEqual([example('pod.yaml'), example('sidecar.yaml')]);
});

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

  // Where the input cannot be read there are no Pods to compare; its findings are, above.
  if (!readable) return;

  describe('gives the same Pods through', () => {
    it('the library', () => {
      expect(throughLibrary(test)).toEqual(expectedOf(test));
      expect(detachThroughLibrary(test)).toEqual(templatesOf(parseManifests(test.detached)));
    });

    it('admission', (context) => {
      const otherwise = OTHERWISE_IN_ADMISSION[test.name];
      if (otherwise) context.skip(otherwise);
      const { templates, failed } = expectedOf(test);
      const result = throughAdmission(test);
      expect(result.failed).toBe(failed);
      if (!failed) expect(result.pods).toEqual(templates.map(judged));
    });

    it('outfit attach', async () => {
      const { failed } = expectedOf(test);
      const { code, stdout, stderr } = await throughAttach(test);
      expect({ code, stdout }).toEqual({ code: failed ? 1 : 0, stdout: failed ? '' : test.expected });
      for (const line of test.findings.split('\n').filter((one) => / error: /.test(one)))
        expect(stderr).toContain(line);
    });

    it('outfit detach', async () => {
      const refused = test.findings.includes('[InvalidProvenance]');
      const { code, stdout } = await throughDetach(test);
      expect({ code, stdout }).toEqual({ code: refused ? 1 : 0, stdout: refused ? '' : test.detached });
    });

    it('outfit krm', async () => {
      const { failed } = expectedOf(test);
      const { code, stdout } = await throughKrmCommand(test);
      expect(code).toBe(failed ? 1 : 0);
      expect(stdout.includes('severity: error')).toBe(failed);
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
