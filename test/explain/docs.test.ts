// The examples in docs/sidecars.md and docs/explain.md are what Outfit takes and says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifests } from '../../src/manifest/parse.ts';
import { advise } from '../../src/sidecar/check/advice.ts';
import { checkSidecar } from '../../src/sidecar/compile.ts';
import { FIELDS } from '../../src/sidecar/fields.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block ?? '');

const sidecars = read('docs/sidecars.md');

describe('docs/sidecars.md', () => {
  it('has examples that are right, and wise', () => {
    const examples = blocks(sidecars, 'yaml').map((text) => parseManifests(text));
    expect(examples.length).toBeGreaterThan(5);
    for (const { documents, errors } of examples) {
      expect(errors).toEqual([]);
      for (const { object } of documents)
        expect([...checkSidecar(object), ...advise(object as unknown as Sidecar)]).toEqual([]);
    }
  });

  it('names every field', () => {
    const own = Object.entries(FIELDS).filter(([name]) => name !== 'SidecarStatus' && name !== 'Condition');
    for (const [name, fields] of own)
      for (const field of Object.keys(fields))
        if (field !== 'status') expect(new RegExp(`\\b${field}\\b`).test(sidecars), `${name}.${field}`).toBe(true);
  });

  it('shows what the check says', () => {
    const [shown = ''] = blocks(sidecars, '').filter((block) => block.startsWith('$ outfit sidecar check'));
    const said = read('test/explain/check/check.txt').split('\n');
    for (const line of shown.trim().split('\n').slice(1)) expect(said).toContain(line);
  });
});

describe('docs/explain.md', () => {
  it.each(['explain', 'plan', 'status'])('shows what %s says', (command) => {
    const [shown = ''] = blocks(read('docs/explain.md'), '').filter((block) =>
      block.startsWith(`$ outfit ${command} `),
    );
    const said = read(`test/explain/shop/${command}.txt`).split('\n');
    const lines = shown.trim().split('\n').slice(1);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(said).toContain(line);
  });
});
