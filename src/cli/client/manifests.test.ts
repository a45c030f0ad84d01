import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Failure } from '../command.ts';
import { objectsIn, readManifests } from './manifests.ts';

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
const names = (text: string) => objectsIn(text, 'f.yaml').map(({ object }) => object.metadata.name);

describe('objects in a text', () => {
  test.each([
    ['one document', POD, ['a']],
    ['several, empty ones between', `---\n${POD}---\n# nothing\n---\n${POD.replace('a}', 'b}')}...\n`, ['a', 'b']],
    ['JSON', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"}}', ['j']],
    [
      'a List',
      `{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: x}}, {apiVersion: v1, kind: Pod, metadata: {name: y}}]}`,
      ['x', 'y'],
    ],
    ['a merge key', 'base: &b {apiVersion: v1}\n<<: *b\nkind: Pod\nmetadata: {name: m}\n', ['m']],
    ['nothing', '# only a comment\n', []],
  ])('%s', (_name, text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  test.each([
    ['a broken document', 'apiVersion: v1\nkind: [Pod\n', /^error parsing f\.yaml:3:1: /],
    ['a key twice', 'apiVersion: v1\nkind: Pod\nkind: Pod\n', /^error parsing f\.yaml:3:1: Map keys must be unique/],
    [
      'a tab as indentation',
      'apiVersion: v1\nmetadata:\n\tname: x\n',
      /^error parsing f\.yaml:3:1: Tabs are not allowed as indentation/,
    ],
    ['no kind', 'apiVersion: v1\n', /^error validating "f\.yaml": error validating data: kind not set/],
    ['no apiVersion', 'kind: Pod\n', /error validating data: apiVersion not set/],
    ['a text', 'hello\n', /^f\.yaml:1: a Kubernetes object is expected, not string/],
    ['a list', `---\n- a\n`, /^f\.yaml:2: a Kubernetes object is expected, not a list/],
  ])('%s is refused', (_name, text, message) => {
    expect(() => objectsIn(text, 'f.yaml')).toThrow(Failure);
    expect(() => objectsIn(text, 'f.yaml')).toThrow(message);
  });

  test("the article's second manifest, as printed: file, line and column", () => {
    const source = 'test/cases/article/second-as-printed.yaml';
    expect(() => objectsIn(readFileSync(source, 'utf8'), source)).toThrow(
      /^error parsing test\/cases\/article\/second-as-printed\.yaml:\d+:\d+: \S/,
    );
  });
});

describe('files', () => {
  const context = (text = '') => ({ stdin: Readable.from([text]), cwd: process.cwd() });
  test('a folder gives its manifests by name; - is stdin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outfit-manifests-'));
    const put = (name: string) => writeFileSync(join(folder, name), POD.replace('a}', `${name.replace(/\W/g, '-')}}`));
    mkdirSync(join(folder, 'deep'));
    for (const name of ['b.yaml', 'a.yml', 'c.json', 'notes.txt', 'deep/d.yaml']) put(name);
    const names = async (recursive: boolean) =>
      (await readManifests([folder, '-'], recursive, context(POD))).map(({ object }) => object.metadata.name);
    expect(await names(false)).toEqual(['a-yml', 'b-yaml', 'c-json', 'a']);
    expect(await names(true)).toEqual(['a-yml', 'b-yaml', 'c-json', 'deep-d-yaml', 'a']);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['nowhere.yaml', 'the path "nowhere.yaml" does not exist'],
    ['https://example.com/pod.yaml', '"https://example.com/pod.yaml": fetch it first, and give the file'],
  ])('%s is refused', async (file, message) => {
    await expect(readManifests([file], false, context())).rejects.toThrow(message);
  });
});
