import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { toKubectlYaml } from './yaml-output.ts';

test('a Pod is printed as kubectl prints it', () => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: 'web-app',
      resourceVersion: '12',
      creationTimestamp: '2026-11-23T18:56:41Z',
      annotations: {
        a: '',
        b: 'true',
        c: 'two words',
        d: '*star',
        e: 'first\nsecond\n',
        f: "it's: so",
        g: '1e3',
        h: 'x'.repeat(120),
      },
    },
    spec: {
      containers: [{ image: 'nginx', name: 'c', args: ['-c', '$(date)'], resources: {}, ports: [] }],
      tolerations: null,
    },
  };
  expect(toKubectlYaml(pod)).toBe(`apiVersion: v1
kind: Pod
metadata:
  annotations:
    a: ""
    b: "true"
    c: two words
    d: '*star'
    e: |
      first
      second
    f: 'it''s: so'
    g: "1e3"
    h: ${'x'.repeat(120)}
  creationTimestamp: "2026-11-23T18:56:41Z"
  name: web-app
  resourceVersion: "12"
spec:
  containers:
  - args:
    - -c
    - $(date)
    image: nginx
    name: c
    ports: []
    resources: {}
  tolerations: null
`);
});

test('law: whatever is printed reads back the same, with YAML 1.1 and 1.2', () => {
  const json = fc
    .jsonValue({ maxDepth: 4 })
    .filter((value) => !/"__proto__"/.test(JSON.stringify(value)) && !/:-0[,}\]]|^-0$/.test(JSON.stringify(value)));
  fc.assert(
    fc.property(json, (value) => {
      const meant = JSON.parse(JSON.stringify(value));
      const text = toKubectlYaml(value);
      expect(parse(text, { version: '1.1' })).toEqual(meant);
      expect(parse(text, { version: '1.2' })).toEqual(meant);
    }),
  );
});

test.each([
  'yes',
  'No',
  'on',
  '0x1f',
  '0o7',
  '017',
  '1:30',
  '12:30:45',
  '1_000',
  '.5',
  '.inf',
  '.NaN',
  '~',
  'null',
  '<<',
  '2001-01-01',
  '=',
  '-',
  '#x',
  'a: b',
  'a #b',
  '@at',
  '`tick',
  '%x',
  '!x',
  '&x',
  '{x',
  '[x',
  ' x',
  'x ',
  '\t',
  'é',
])('the text %j stays a text', (text) => {
  expect(parse(toKubectlYaml({ x: text }), { version: '1.1' })).toEqual({ x: text });
});
