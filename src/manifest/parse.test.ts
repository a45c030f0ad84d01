import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeText } from './decode-text.ts';
import { formatFieldPath, parseFieldPath } from './field-path.ts';
import { type ParseOptions, parseManifests } from './parse.ts';

const ARTICLE = join(import.meta.dirname, '../../test/cases/article/second-as-printed.yaml');

const objects = (text: string) => {
  const { documents, errors } = parseManifests(text);
  expect(errors).toEqual([]);
  return documents.map(({ object }) => object);
};
const faults = (text: string, options: ParseOptions = {}) =>
  parseManifests(text, { file: 'a.yaml', ...options }).errors.map(({ code, message }) => `${code} ${message}`);

describe('parseManifests reads', () => {
  it.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['only comments and markers', '# a\n---\n---\n# b\n...\n', []],
    ['documents between markers', '---\na: 1\n--- # two\nb: 2\n...\nc: 3\n', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['content behind a marker', '--- {a: 1}\n--- \nb: 2', [{ a: 1 }, { b: 2 }]],
    ['directives', '%YAML 1.1\n---\na: yes\n', [{ a: true }]],
    ['CRLF', 'a: |\r\n  x\r\n  y\r\nb: [1,\r\n  2]\r\n', [{ a: 'x\ny\n', b: [1, 2] }]],
    ['a byte order mark', '\ufeffa: 1\n', [{ a: 1 }]],
    ['a byte order mark before a marker', '\ufeff---\na: 1\n', [{ a: 1 }]],
    ['no final line break, as if it were there', 'a: |\n  x', [{ a: 'x\n' }]],
    [
      'quotes, escapes and folds',
      `a: 'it''s'\nb: "\\x41\\e\\u00e9"\nc: "x\n  y"\nd: >-\n  p\n  q\n`,
      [{ a: "it's", b: 'A\x1bé', c: 'x y', d: 'p q' }],
    ],
    ['keys that are no strings', 'on: 1\n1.50: 2\n', [{ true: 1, '1.5': 2 }]],
    ['tags of its own types', 'a: !!str 5\nb: !!int "7"\nc: !!bool yes\nd: ! 5\n', [{ a: '5', b: 7, c: true, d: '5' }]],
    [
      'anchors, aliases and merges; what stands later wins',
      'a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {z: 3, <<: *a}\nd: *a\n',
      [{ a: { x: 1, z: 2 }, b: { x: 1, z: 3 }, c: { x: 1, z: 2 }, d: { x: 1, z: 2 } }],
    ],
    [
      'of several merged maps the first',
      'a: &a {x: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b]}\n',
      [{ a: { x: 1 }, b: { x: 2, z: 2 }, c: { x: 1, z: 2 } }],
    ],
    ['a stream of JSON objects', '{"a": 1}{"b": [2]}\n\n{"c": null}', [{ a: 1 }, { b: [2] }, { c: null }]],
    ['a key called __proto__', '__proto__: {a: 1}\n', [JSON.parse('{"__proto__": {"a": 1}}')]],
  ])('%s', (_, text, expected) => {
    expect(objects(text)).toEqual(expected);
  });

  it('gives each use of an alias a value of its own', () => {
    const [object] = objects('a: &a {x: 1}\nb: *a\n') as [{ a: object; b: object }];
    expect(object.a).not.toBe(object.b);
  });
});

describe('parseManifests says what is wrong, and where', () => {
  it.each([
    [
      'a nested key below a value',
      'a: x\n  b: y\n',
      'InvalidYaml a.yaml:2:3: "b" is indented below "a", which already has the value "x" (line before it): give "a" a map or a list instead of this value, or indent "b" as its neighbours are',
    ],
    [
      'two values in a line',
      'msg: error: x\n',
      'InvalidYaml a.yaml:1:6: the value of "msg" contains ": "; quote it, or write the map on lines of its own',
    ],
    ['a tab', 'a:\n\tb: 1\n', 'Tab a.yaml:2:1: a tab indents this line; YAML takes only spaces'],
    ['an open quote', 'a: 1\nb: "x\nc: 2\n', 'InvalidYaml a.yaml:2:4: this " is never closed'],
    [
      'a wrong column',
      'a:\n  b: 1\n c: 2\n',
      'InvalidYaml a.yaml:3:2: indented by 1 spaces, where the lines above stand at 0, 2',
    ],
    [
      'a key out of its list',
      'a:\n  - x: 1\n   y: 2\n',
      'InvalidYaml a.yaml:3:4: neither an item ("- ") of the list above nor a key at the column of its neighbours (indented by 3 spaces)',
    ],
    ['no space after a colon', 'a: 1\nb:2\n', 'InvalidYaml a.yaml:2:3: a space is missing after the colon'],
    [
      'a line without a colon',
      'a: 1\nfoo\nb: 2\n',
      'InvalidYaml a.yaml:2:1: "foo" stands where a key with a colon is expected',
    ],
    ['a reserved character', 'a: @x\n', 'InvalidYaml a.yaml:1:4: a value cannot begin with "@"; quote it'],
    [
      'a template',
      'a: 1\nb: {{ .Values.x }}\n',
      'InvalidYaml a.yaml:2:4: this is a template ("{{"); render it first, for example with helm template',
    ],
    [
      'a template in lines of its own',
      '{{- if .Values.x }}\na: 1\n{{- end }}\n',
      'InvalidYaml a.yaml:1:1: this is a template ("{{"); render it first, for example with helm template',
    ],
    [
      'a merge conflict',
      '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n',
      'InvalidYaml a.yaml:1:1: this is the mark of a merge conflict',
    ],
    ['a key twice', 'a: 1\nb:\n  c: 1\n  "c": 2\n', 'DuplicateKey a.yaml:4:3: key "c" is already set in this map'],
    ['a key twice in JSON', '{"a": 1, "a": 2}', 'DuplicateKey a.yaml:1:10: key "a" is already set in this map'],
    ['an alias without anchor', 'a: *b\n', 'UnknownAlias a.yaml:1:4: no anchor &b stands before this alias'],
    [
      'an alias inside its anchor',
      'a: &a\n  b: *a\n',
      'UnknownAlias a.yaml:2:6: alias *a stands inside its own anchor',
    ],
    [
      'infinity',
      'a: [.inf]\n',
      'UnsupportedValue a.yaml:1:5: infinity and not-a-number cannot be written in JSON; quote it if text is meant',
    ],
    ['a null key', '~: 1\n', 'UnsupportedValue a.yaml:1:1: a key must not be null'],
    ['a key that is a list', '[a]: 1\n', 'UnsupportedValue a.yaml:1:1: a key must be a scalar'],
    ['a tag of its own', 'a: !Ref b\n', 'UnsupportedTag a.yaml:1:9: tag !Ref has no meaning for "b"'],
    ['a list as document', '- a\n', 'NotAnObject a.yaml:1:1: a manifest is a map with apiVersion and kind, not a list'],
    [
      'plain text',
      'hello\n',
      'NotAnObject a.yaml:1:1: a manifest is a map with apiVersion and kind, not the value "hello"',
    ],
    ['a control character', 'a: b\nc: \x00\n', 'NotText a.yaml:2:4: character U+0000 is not text'],
    ['JSON that ends', '{"a": [1', 'InvalidJson a.yaml:1:9: the JSON ends too early'],
    ['JSON without a comma', '{"a": 1\n "b": 2}', 'InvalidJson a.yaml:2:2: "\\"" is not what JSON has here'],
    ['content after the end marker', 'a: 1\n... b: 2\n', 'InvalidYaml a.yaml:2:5: unexpected scalar at node end'],
  ])('%s', (_, text, expected) => {
    expect(faults(text)).toEqual([expected]);
  });

  it("the article's second manifest: the mount of the sidecar", () => {
    expect(faults(readFileSync(ARTICLE, 'utf8'), { file: 'second.yaml' })).toEqual([
      'InvalidYaml second.yaml:25:7: "mountPath" is indented below "volumeMounts", which already has the value "var-logs" (line before it): give "volumeMounts" a map or a list instead of this value, or indent "mountPath" as its neighbours are',
    ]);
  });

  it('and keeps the documents around it', () => {
    const { documents, errors } = parseManifests('a: 1\n---\nb: [\n---\nc: 3\n---\nd: 1\nd: 2\n', {
      file: 'f',
      firstLine: 11,
    });
    expect(documents.map(({ object, lines, index }) => ({ object, lines, index }))).toEqual([
      { object: { a: 1 }, lines: { first: 11, last: 11 }, index: 0 },
      { object: { c: 3 }, lines: { first: 15, last: 15 }, index: 1 },
    ]);
    expect(errors.map(({ code, line }) => [code, line])).toEqual([
      ['InvalidYaml', 14],
      ['DuplicateKey', 18],
    ]);
  });
});

describe('parseManifests bounds', () => {
  it.each([
    ['brackets', `a: ${'['.repeat(10_000)}`],
    ['closed brackets', `a: ${'['.repeat(300)}${']'.repeat(300)}\n`],
    ['brackets over lines', `a: ${'[\n'.repeat(100_000)}`],
    ['dashes', `a:\n${'- '.repeat(10_000)}x\n`],
    ['indentation', Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
    ['JSON', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
    ['flow maps with comments', `a: ${'{ # x\n a: '.repeat(20_000)}`],
  ])('depth: %s', (_, text) => {
    expect(parseManifests(text).errors.map(({ code }) => code)).toEqual(['TooDeep']);
  });

  it('aliases that explode', () => {
    const levels = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const started = performance.now();
    expect(faults(`a0: &a0 [x]\n${levels.join('\n')}\n`)[0]).toMatch(/^AliasExplosion a\.yaml:\d+:\d+: aliases make/);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it.each([
    ['items', `a:\n${'- x\n'.repeat(2000)}`],
    ['fields', Array.from({ length: 2000 }, (_, i) => `k${i}: v\n`).join('')],
    ['items in brackets', `a: [${'x, '.repeat(2000)}x]\n`],
    ['JSON', JSON.stringify({ a: Array(2000).fill(1) })],
    ['aliases, which the library reads', `a: &a b\nc:\n${'- *a\n'.repeat(2000)}`],
  ])('values: %s', (_, text) => {
    expect(parseManifests(text, { limits: { values: 1000 } }).errors.map(({ code }) => code)).toEqual(['TooLarge']);
    expect(parseManifests(text, { limits: { values: 20_000 } }).errors).toEqual([]);
  });

  it.each([
    ['a line', `a: ${'x y '.repeat(1_000_000)}\n`, undefined],
    ['a line of quotes', `a: "${'x\\\\ "'.repeat(800_000)}\n`, 'InvalidYaml'],
    ['keys in keys', `a: ${'b: '.repeat(1_400_000)}\n`, 'TooLarge'],
    ['items in brackets without an end', `a: [${'x, '.repeat(1_400_000)}\n`, 'TooLarge'],
    ['JSON without an end', `{"a": [${'"some text", '.repeat(100_000)}\n`, 'InvalidJson'],
    ['aliases', `a: &a b\nc:\n${'- *a\n'.repeat(800_000)}`, 'TooLarge'],
    ['a folded text', `a: >\n${'  some text\n'.repeat(350_000)}`, undefined],
  ])('megabytes of %s are read or refused, and the process goes on', (_, text, code) => {
    expect(parseManifests(text).errors[0]?.code).toBe(code);
  });

  it('size', () => {
    expect(faults(`a: 1\n---\nb: ${'x'.repeat(100)}\n`, { limits: { characters: 50 } })).toEqual([
      'TooLarge a.yaml:2:1: this document is larger than 50 characters',
    ]);
  });
});

describe('position', () => {
  const text = `# a Pod
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {a/b: c}}
spec:
  containers:
  - name: main
    ports:
    - containerPort: 80
  -
    name: other
`;
  const [document] = parseManifests(text).documents;

  it.each([
    ['kind', 3, 7],
    ['metadata.name', 4, 18],
    ['metadata.labels[a/b]', 4, 37],
    ['spec', 5, 1],
    ['spec.containers', 6, 3],
    ['spec.containers[0]', 7, 5],
    ['spec.containers[0].name', 7, 11],
    ['spec.containers[0].ports[0].containerPort', 9, 22],
    ['spec.containers[1]', 10, 3],
    ['spec.containers[1].name', 11, 11],
    ['spec.containers[1].image', 10, 3],
    ['spec.containers[7].image', 6, 3],
    ['spec.volumes', 5, 1],
    ['', 2, 1],
  ])('%s', (path, line, column) => {
    expect(document!.position(path)).toEqual({ line, column });
    expect(document!.position(parseFieldPath(path))).toEqual({ line, column });
  });

  it('goes through aliases and merges to where the text is', () => {
    const [merged] = parseManifests('a: &a\n  x: 1\nb: *a\nc:\n  <<: *a\n').documents;
    expect(merged!.position('b.x')).toEqual({ line: 2, column: 6 });
    expect(merged!.position('c.x')).toEqual({ line: 2, column: 6 });
  });

  it('does not count a byte order mark', () => {
    expect(parseManifests('\ufeffa: 1\n').documents[0]!.position('a')).toEqual({ line: 1, column: 4 });
  });
});

describe('field paths', () => {
  it.each(['spec.containers[0].name', 'metadata.annotations[a.b/c]', '[1].x', 'a[b c][0]', ''])('%s', (text) => {
    expect(formatFieldPath(parseFieldPath(text))).toBe(text);
  });
  it('may quote a key', () => expect(parseFieldPath('a["0"].b')).toEqual(['a', '0', 'b']));
  it.each(['a..b', 'a[', '.'])('%s is none', (text) => expect(() => parseFieldPath(text)).toThrow(RangeError));
});

describe('decodeText', () => {
  const bytes = (...list: (string | number)[]) =>
    new Uint8Array(list.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [part])));
  it('keeps the byte order mark', () => expect(decodeText(bytes(0xef, 0xbb, 0xbf, 'a: é'), 'f')).toBe('\ufeffa: é'));
  it('says where the first byte is that is not UTF-8', () => {
    expect(() => decodeText(bytes('a: é\nb: ', 0xff, '\n'), 'f.yaml')).toThrow(
      'f.yaml:2:4: the file is not text: a byte here is not UTF-8',
    );
    expect(() => decodeText(bytes('a', 0xc3), 'f.yaml')).toThrow('f.yaml:1:2: ');
  });
  it('knows UTF-16', () =>
    expect(() => decodeText(bytes(0xff, 0xfe, 'a', 0), 'f')).toThrow('f:1:1: the file is UTF-16; save it as UTF-8'));
});
