import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifests } from '../manifest/parse.ts';
import { runFunction, runPlugin } from './run-function.ts';

const HELLO = readFileSync(join('examples/web-app/sidecar.yaml'), 'utf8');
const indented = (text: string, by: string) => text.replace(/^(?=.)/gm, by);
const config = (text: string) => `functionConfig:\n${indented(text, '  ')}`;
const list = (items: string, more = '', version = 'v1') =>
  `apiVersion: config.kubernetes.io/${version}\nkind: ResourceList\n${more}items:\n${items}`;
const item = (text: string) => indented(text, '  ').replace(/^ {2}/, '- ');

const POD = `# the app
apiVersion: v1
kind: Pod
metadata:
  name: web-app # its name
  annotations:
    internal.config.kubernetes.io/path: 'pods/web.yaml'
    internal.config.kubernetes.io/index: '3'
    config.kubernetes.io/path: 'old.yaml'
spec:
  containers:
  - name: main-container
    image: "nginx"
`;
const BROUGHT = `    volumeMounts:
    - name: var-logs
      mountPath: /usr/share/nginx/html
  - name: sidecar-container
    image: busybox
    command: ["/bin/sh"]
    args: ["-c", "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done"]
    volumeMounts:
    - name: var-logs
      mountPath: /var/log
  volumes:
  - name: var-logs
    emptyDir: {}
`;
const SAID = `results:
- message: attached sidecar "hello" (selected by names)
  severity: info
  resourceRef:
    apiVersion: v1
    kind: Pod
    name: web-app
  file:
    path: pods/web.yaml
    index: 3
`;
const about = {
  resourceRef: { apiVersion: 'v1', kind: 'Pod', name: 'web-app' },
  file: { path: 'pods/web.yaml', index: 3 },
};

describe('a call as a KRM function', () => {
  it.each(['v1', 'v1beta1', 'v1alpha1'])(
    'adds lines to the items and results of %s, and keeps every other line',
    (version) => {
      const input = list(item(POD), config(HELLO), version);
      const { text, results, failed } = runFunction(input);
      expect(failed).toBe(false);
      expect(results).toEqual([
        { message: 'attached sidecar "hello" (selected by names)', severity: 'info', ...about },
      ]);
      const attached = POD.replace(/(.*old.yaml'\n)/, "$1    outfit.dev/attached: '…'\n");
      expect(text.replace(/(attached: ').*/, "$1…'")).toBe(
        `${list(item(attached + BROUGHT), config(HELLO), version)}${SAID}`,
      );
    },
  );

  it('keeps the results of functions before it', () => {
    const earlier = 'results:\n- message: seen\n  severity: info\n';
    const { object } = parseManifests(runFunction(list(item(POD), config(HELLO) + earlier)).text).documents[0]!;
    expect((object.results as { message: string }[]).map(({ message }) => message)).toEqual([
      'seen',
      'attached sidecar "hello" (selected by names)',
    ]);
  });

  it('leaves the text alone where nothing joins and nothing is said', () => {
    const input = list(item(POD.replace('web-app', 'other')), config(HELLO));
    expect(runFunction(input)).toEqual({ text: input, results: [], failed: false });
  });

  it('changes no item where there is an error, and says it at the resource, its file and its field, with both values', () => {
    const taken = POD.replace('main-container', 'sidecar-container');
    const input = list(item(taken), config(HELLO.replace(/ {2}mainContainers:[\s\S]*/, '')));
    const { text, results, failed } = runFunction(input);
    expect(failed).toBe(true);
    expect(text.startsWith(input)).toBe(true);
    expect(results).toEqual([
      {
        message:
          'sidecar "hello", spec.template.spec.containers[0].name: container "sidecar-container": the Pod has its own, and onConflict.containers is Error',
        severity: 'error',
        ...about,
        field: {
          path: 'spec.containers[0]',
          currentValue: '{"name":"sidecar-container","image":"nginx"}',
          proposedValue: expect.stringContaining('"image":"busybox"'),
        },
        tags: { code: 'ContainerConflict', sidecar: 'hello' },
      },
    ]);
    expect(parseManifests(text).documents[0]?.object.results).toEqual(results);
  });

  it('says what it leaves alone, and why', () => {
    const workflow = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  templates: []\n';
    expect(runFunction(list(item(workflow), config(HELLO))).results).toMatchObject([
      { severity: 'info', message: expect.stringContaining('left alone: '), field: { path: 'spec.templates' } },
    ]);
  });
});

describe('functionConfig', () => {
  const other = HELLO.replace('name: hello', 'name: other')
    .replaceAll('sidecar-container', 'other')
    .replaceAll('var-logs', 'more')
    .replaceAll('/usr/share/nginx/html', '/more');
  const names = (input: string) => {
    const { text, results } = runFunction(input);
    const { items } = parseManifests(text).documents[0]!.object as {
      items: { spec: { containers?: { name: string }[] } }[];
    };
    return {
      containers: items[0]?.spec.containers?.map(({ name }) => name),
      said: results.map(({ message }) => message),
    };
  };

  it('may be a list of sidecars', () => {
    const both = `apiVersion: v1\nkind: List\nitems:\n${item(HELLO.replace(/^#.*\n/, ''))}${item(other.replace(/^#.*\n/, ''))}`;
    expect(names(list(item(POD), config(both))).containers).toEqual(['main-container', 'sidecar-container', 'other']);
  });

  it('may be left out: then the sidecars among the items are attached', () => {
    expect(names(list(item(POD) + item(HELLO))).containers).toEqual(['main-container', 'sidecar-container']);
    expect(names(list(item(POD) + item(other), config(HELLO))).containers).toEqual([
      'main-container',
      'sidecar-container',
    ]);
  });

  it('takes off with a ConfigMap, as kpt makes one of arguments', () => {
    const attached = runFunction(list(item(POD), config(HELLO)));
    const twice = runFunction(attached.text.replace(config(HELLO), config(other)).replace(/^results:[\s\S]*/m, ''));
    const detach = (names: string) => `apiVersion: v1\nkind: ConfigMap\ndata: {detach: ${names}}\n`;
    const again = (word: string) =>
      names(twice.text.replace(config(other), config(detach(word))).replace(/^results:[\s\S]*/m, ''));
    expect(again('"true"')).toEqual({
      containers: ['main-container'],
      said: ['detached sidecar "hello", sidecar "other"'],
    });
    expect(again('hello')).toEqual({ containers: ['main-container', 'other'], said: ['detached sidecar "hello"'] });
    expect(again('nobody')).toEqual({ containers: ['main-container', 'sidecar-container', 'other'], said: [] });
  });

  it('attaches without taking off what another call attached', () => {
    const first = runFunction(list(item(POD), config(HELLO))).text.replace(/^results:[\s\S]*/m, '');
    expect(names(first.replace(config(HELLO), config(other))).containers).toEqual([
      'main-container',
      'sidecar-container',
      'other',
    ]);
  });

  const WRONG: [string, string, string][] = [
    ['another kind', 'apiVersion: apps/v1\nkind: Deployment\n', 'not a Deployment of apps/v1'],
    [
      'another kind in a list',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret}\n',
      'not a Secret of v1',
    ],
    [
      'an unknown option',
      'apiVersion: v1\nkind: ConfigMap\ndata: {remove: "true"}\n',
      'there is no option "remove"; there is: detach',
    ],
    [
      'an option that is no text',
      'apiVersion: v1\nkind: ConfigMap\ndata: {detach: [a]}\n',
      'must be "true", "false" or the names of sidecars',
    ],
    [
      'a sidecar with a mistake',
      HELLO.replace('matchAll', 'x').replace('  parameters:', '  parametres:'),
      'parametres',
    ],
    ['a version that is not known', HELLO.replace('v1alpha1', 'v9'), 'Unsupported value: "outfit.dev/v9"'],
  ];
  it.each(WRONG)('that is %s is an error', (_, text, message) => {
    const { failed, results } = runFunction(list(item(POD), config(text)));
    expect(failed).toBe(true);
    expect(results.map((result) => result.message).join('\n')).toContain(message);
  });
});

describe('what is no ResourceList', () => {
  it.each([
    ['', 'stdin is empty: a ResourceList of config.kubernetes.io/v1 is expected'],
    [POD, 'stdin:3:7: one ResourceList of config.kubernetes.io/v1 is expected'],
    [`${list('')}---\n${POD}`, 'stdin:2:7: one ResourceList of config.kubernetes.io/v1 is expected'],
    [
      list('', '', 'v2'),
      'stdin:1:13: a ResourceList of "config.kubernetes.io/v2" is not known; of config.kubernetes.io it may be v1, v1beta1, v1alpha1',
    ],
    [list('  a: 1\n'), 'stdin:3:1: items must be a list'],
    [list('', 'functionConfig: [1]\n'), 'stdin:3:17: functionConfig must be an object'],
    ['a: [\n', /^stdin:\d+:\d+: /],
  ])('%j', (input, message) => {
    expect(() => runFunction(input)).toThrow(message);
  });
});

describe('a call as an exec plugin of kustomize', () => {
  it('reads and writes plain resources', () => {
    const { text, results, failed } = runPlugin(POD, { file: 'config', text: HELLO });
    expect(failed).toBe(false);
    expect(results.map(({ message }) => message)).toEqual(['attached sidecar "hello" (selected by names)']);
    expect(text).toContain('- name: sidecar-container\n    image: busybox\n    command: ["/bin/sh"]\n');
    expect(text).not.toContain('results');
  });

  it('takes one object as its configuration', () => {
    expect(() => runPlugin(POD, { file: 'config', text: `${HELLO}---\n${HELLO}` })).toThrow(
      'config: one object is expected',
    );
  });
});
