import { describe, expect, test } from 'vitest';
import { parseManifests } from '../manifest/parse.ts';
import { formatFinding } from './finding.ts';
import { readSidecars } from './sidecars.ts';

const SIDECAR = `apiVersion: outfit.dev/v1alpha1
kind: Sidecar
metadata:
  name: logs
spec:
  selector:
    matchAll: true
  template:
    spec:
      containers:
      - name: logs
        image: busybox
`;
const OTHER = SIDECAR.replace('busybox', 'fluentd');
const read = (text: string, mixed = false) => readSidecars([{ ...parseManifests(text, { file: 's.yaml' }), mixed }]);

describe('sidecars in a file', () => {
  test.each([
    { name: 'one', text: SIDECAR, names: ['logs'] },
    { name: 'several', text: `${SIDECAR}---\n${SIDECAR.replace('name: logs', 'name: more')}`, names: ['logs', 'more'] },
    { name: 'the same twice', text: `${SIDECAR}---\n${SIDECAR}`, names: ['logs'] },
    {
      name: 'in a List',
      text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [parseManifests(SIDECAR).documents[0]?.object] }),
      names: ['logs'],
    },
    {
      name: 'in a SidecarList, whose items may leave out what they are',
      text: 'apiVersion: outfit.dev/v1alpha1\nkind: SidecarList\nitems:\n- metadata: {name: logs}\n  spec: {selector: {matchAll: true}, template: {spec: {shareProcessNamespace: true}}}\n',
      names: ['logs'],
    },
    { name: 'none', text: '# nothing\n', names: [] },
  ])('$name', ({ text, names }) => {
    const { sidecars, findings } = read(text);
    expect(sidecars.sidecars.map(({ name }) => name)).toEqual(names);
    expect(findings).toEqual([]);
  });

  test.each([
    {
      name: 'an unknown field',
      text: SIDECAR.replace('matchAll', 'matchal'),
      says: /^s\.yaml:7:\d+: error: spec\.selector\.matchal: .*\[UnknownField\]$/,
    },
    {
      name: 'a selector that matches everything',
      text: SIDECAR.replace('\n    matchAll: true', ' {}'),
      says: /^s\.yaml:6:\d+: error: .*matchAll: true.*\[EmptySelector\]$/,
    },
    {
      name: 'another kind',
      text: 'apiVersion: v1\nkind: Pod\n',
      says: /^s\.yaml:1:1: error: this is a Pod, not a Sidecar or ClusterSidecar of outfit\.dev \[NotASidecar\]$/,
    },
    {
      name: 'a kind of ours with a slip',
      text: SIDECAR.replace('kind: Sidecar', 'kind: SideCar'),
      says: /^s\.yaml:2:7: error: kind: .*\[InvalidField\]$/,
    },
    { name: 'a text that does not parse', text: 'kind: [\n', says: /^s\.yaml:\d+:\d+: error: .*\[InvalidYaml\]$/ },
    {
      name: 'two of one name: the second is told',
      text: `${SIDECAR}---\n${OTHER}`,
      says: /^s\.yaml:17:9: error: metadata\.name: Duplicate value: "logs" \[DuplicateSidecar\]$/,
    },
  ])('$name', ({ text, says }) => {
    expect(read(text).findings.map(formatFinding)).toEqual([expect.stringMatching(says)]);
  });

  test('each of two that are called the same has its own faults', () => {
    const wrong = OTHER.replace('matchAll', 'matchal');
    expect(read(`${SIDECAR}---\n${wrong}`).findings.map(({ line }) => line)).toEqual([20]);
  });

  test('other kinds are passed over in a folder', () => {
    expect(read(`apiVersion: v1\nkind: Pod\n---\n${SIDECAR}`, true).findings).toEqual([]);
  });
});
