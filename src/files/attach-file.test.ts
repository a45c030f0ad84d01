import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/attach/golden.ts';
import { parseManifests } from '../manifest/parse.ts';
import { parseTemplatePath } from '../manifest/pod-templates.ts';
import { attachFile } from './attach-file.ts';
import { detachFile } from './detach-file.ts';
import { formatFinding } from './finding.ts';
import { readSidecars } from './sidecars.ts';

const example = (name: string) =>
  parseManifests(readFileSync(`examples/web-app/${name}`, 'utf8'), { file: `examples/web-app/${name}` });
const file = (text: string, name = 'pods.yaml') => parseManifests(text, { file: name });
const pod = (name: string, more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - {name: app, image: app}\n${more}`;
const logs = (selector: string, name = 'logs') =>
  `apiVersion: outfit.dev/v1alpha1
kind: ClusterSidecar
metadata:
  name: ${name}
spec:
  selector: ${selector}
  template:
    spec:
      containers:
      - name: ${name}
        image: busybox
`;
const sidecars = (text: string) => readSidecars([file(text, 'sidecar.yaml')]);
const said = (result: { findings: Parameters<typeof formatFinding>[0][] }) => result.findings.map(formatFinding);

describe('the golden story', () => {
  const before = example('pod.yaml');
  const attached = attachFile(before, { sidecars: readSidecars([example('sidecar.yaml')]) });

  it("gives the article's second manifest, line for line apart from the provenance", () => {
    expect(said(attached)).toEqual([]);
    expect(attached.text).toBe(GOLDEN);
    expect(attached.workloads).toMatchObject([
      { workload: { kind: 'Pod', namespace: 'default', name: 'web-app' }, changed: true, line: 1, column: 1 },
    ]);
  });

  it('gives back the first, byte for byte', () => {
    const back = detachFile(file(attached.text));
    expect(back.text).toBe(before.text);
    expect(back.workloads).toMatchObject([{ changed: true, detached: ['hello'], remaining: [] }]);
  });
});

describe('a file', () => {
  const both = `${pod('a')}---\n# nothing\n---\n${pod('b')}`;

  it('keeps every byte of what nothing joins', () => {
    const result = attachFile(file(both), { sidecars: sidecars(logs('{names: [c]}')) });
    expect(result).toMatchObject({ text: both, changed: false });
    expect(result.workloads.map(({ apart }) => apart)).toEqual([
      [{ sidecar: 'logs', rule: 'Names', reason: 'its name "a" is none of c' }],
      [{ sidecar: 'logs', rule: 'Names', reason: 'its name "b" is none of c' }],
    ]);
  });

  it('changes only the documents that something joins', () => {
    const result = attachFile(file(both), { sidecars: sidecars(logs('{names: [b]}')) });
    expect(result.text.startsWith(`${pod('a')}---\n# nothing\n---\n`)).toBe(true);
    expect(result.workloads.map(({ changed }) => changed)).toEqual([false, true]);
    expect(result.objects).toEqual(file(result.text).documents.map(({ object }) => object));
  });

  it('is not changed at all where one template has an error', () => {
    const wrong = `${pod('a')}---\n${pod('b', '  - {name: logs, image: other}\n')}`;
    const result = attachFile(file(wrong), { sidecars: sidecars(logs('{matchAll: true}')) });
    expect(result).toMatchObject({ text: wrong, changed: false });
    expect(said(result)).toEqual([
      'sidecar.yaml:10:15: error: spec.template.spec.containers[0].name: container "logs": the Pod has its own, and onConflict.containers is Error (Pod default/b); the other is at pods.yaml:16:5 [ContainerConflict]',
    ]);
  });

  it('is not changed where one document cannot be read', () => {
    const broken = `${pod('a')}---\nkind: [Pod\n`;
    const result = attachFile(file(broken), { sidecars: sidecars(logs('{matchAll: true}')) });
    expect(result).toMatchObject({ text: broken, changed: false });
    expect(said(result)).toEqual([expect.stringMatching(/^pods\.yaml:\d+:\d+: error: .* \[InvalidYaml\]$/)]);
  });

  it('tells what looks like a Pod template and is left alone', () => {
    const kserve =
      'apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: m}\nspec: {predictor: {containers: [{name: a, image: b}]}}\n';
    expect(attachFile(file(kserve), { sidecars: sidecars(logs('{matchAll: true}')) }).left).toMatchObject([
      { workload: { kind: 'InferenceService', name: 'm' }, field: 'spec.predictor', line: 1 },
    ]);
  });

  it('may hold Pod templates where only the user knows of them', () => {
    const own =
      'apiVersion: my.dev/v1\nkind: Thing\nmetadata: {name: t}\nspec: {pod: {metadata: {}, spec: {containers: [{name: a}]}}}\n';
    const paths = [parseTemplatePath('Thing=.spec.pod')];
    const options = { sidecars: sidecars(logs('{matchAll: true}')) };
    expect(attachFile(file(own), options).workloads).toEqual([]);
    const result = attachFile(file(own), { ...options, paths });
    expect(result.workloads).toMatchObject([{ changed: true }]);
    expect(detachFile(file(result.text), { paths }).text).toBe(own);
  });
});

describe('namespaces', () => {
  const inShop = pod('a').replace('  name: a', '  name: a\n  namespace: shop');
  const shop = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {logs: yes-please}}\n';
  const selecting = sidecars(logs('{matchAll: true, namespaceSelector: {matchLabels: {logs: yes-please}}}'));

  it('are known by the Namespace objects of the file', () => {
    expect(attachFile(file(inShop), { sidecars: selecting }).changed).toBe(false);
    expect(attachFile(file(`${inShop}---\n${shop}`), { sidecars: selecting }).changed).toBe(true);
  });

  it('are given for objects that name none', () => {
    const both = file(`${pod('a')}---\n${shop}`);
    expect(attachFile(both, { sidecars: selecting }).changed).toBe(false);
    expect(attachFile(both, { sidecars: selecting, namespace: 'shop' }).workloads).toMatchObject([
      { workload: { namespace: 'shop' }, changed: true },
    ]);
  });
});

describe('detaching', () => {
  it('takes off some and leaves others', () => {
    const two = sidecars(`${logs('{matchAll: true}')}---\n${logs('{matchAll: true}', 'more')}`);
    const one = sidecars(logs('{matchAll: true}', 'more'));
    const attached = attachFile(file(pod('a')), { sidecars: two });
    const result = detachFile(file(attached.text), { sidecars: ['logs'] });
    expect(result.workloads).toMatchObject([{ detached: ['logs'], remaining: ['more'] }]);
    expect(result.text).toBe(attachFile(file(pod('a')), { sidecars: one }).text);
  });

  it('finds nothing to do where nothing is attached', () => {
    const result = detachFile(file(pod('a')), { sidecars: ['logs'] });
    expect(result).toMatchObject({ changed: false, findings: [], workloads: [{ detached: [], remaining: [] }] });
  });
});
