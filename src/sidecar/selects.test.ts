import { describe, expect, it } from 'vitest';
import { attach } from './attach.ts';
import { compileSidecars } from './compile.ts';
import { app, deployment, small } from './fixtures/small.ts';
import { selects } from './selects.ts';
import type { Sidecar } from './sidecar.ts';
import type { Target } from './target.ts';

function select(sidecar: Sidecar, target: Target) {
  const { sidecars, findings } = compileSidecars([sidecar]);
  expect(findings).toEqual([]);
  return selects(sidecars[0]!, target);
}

/** A target whose template has these annotations, or this changed. */
function withAnnotations(annotations: Record<string, string>): Target {
  return deployment(app({}, { annotations }));
}

const LABELLED = deployment(app({}, { labels: { app: 'web', tier: 'front' } }));
const ASKED = withAnnotations({ 'outfit.dev/inject': 'true' });
const inNamespace = (metadata: object): Target => ({
  ...deployment(),
  namespace: { metadata: { name: 'shop', ...metadata } },
});
const labels = (matchLabels: Record<string, string>) => small('hello', { selector: { matchLabels } });

describe('who joins, and the first rule that decides it', () => {
  const onRequest = small('hello', { joins: 'OnRequest' });
  const CASES: [string, Sidecar, Target, boolean, string, string][] = [
    ['everybody', small('hello'), deployment(), true, 'Selected', 'it joins every Pod (matchAll)'],
    ['labels of the template', labels({ app: 'web' }), LABELLED, true, 'Selected', 'selected by labels'],
    [
      'a label that is missing',
      labels({ app: 'web', x: 'y' }),
      LABELLED,
      false,
      'Labels',
      'the labels of the Pod template do not match',
    ],
    [
      'expressions',
      small('hello', { selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front', 'back'] }] } }),
      LABELLED,
      true,
      'Selected',
      'selected by labels',
    ],
    [
      'an expression that is not met',
      small('hello', { selector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } }),
      LABELLED,
      false,
      'Labels',
      'the labels of the Pod template do not match',
    ],
    [
      'a name with a glob',
      small('hello', { selector: { names: ['api', 'w*'] } }),
      deployment(),
      true,
      'Selected',
      'selected by names',
    ],
    [
      'another name',
      small('hello', { selector: { names: ['api'] } }),
      deployment(),
      false,
      'Names',
      'its name "web" is none of api',
    ],
    [
      'the name of the owner of a Pod',
      small('hello', { selector: { names: ['web-*'], kinds: ['ReplicaSet'] } }),
      {
        template: {
          ...app(),
          metadata: {
            generateName: 'x-',
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5f', uid: '1' }],
          },
        },
      },
      true,
      'Selected',
      'selected by names, kinds',
    ],
    [
      'a kind',
      small('hello', { selector: { kinds: ['Pod', 'Deployment'] } }),
      deployment(),
      true,
      'Selected',
      'selected by kinds',
    ],
    [
      'a kind of a group',
      small('hello', { selector: { kinds: ['Deployment.apps'] } }),
      deployment(),
      true,
      'Selected',
      'selected by kinds',
    ],
    [
      'a kind of another group',
      small('hello', { selector: { kinds: ['Deployment.example.com'] } }),
      deployment(),
      false,
      'Kinds',
      'it joins Deployment.example.com, and this is a Deployment',
    ],
    [
      'a Sidecar without a namespace, as files have it',
      small('hello', {}, 'Sidecar'),
      deployment(),
      true,
      'Selected',
      'it joins every Pod (matchAll)',
    ],
    [
      'a Sidecar of another namespace',
      { ...small('hello', {}, 'Sidecar'), metadata: { name: 'hello', namespace: 'other' } },
      deployment(),
      false,
      'Namespace',
      'it joins Pods of its own namespace "other", and this one is in "shop"',
    ],
    [
      'the name of the namespace, which is always known',
      small('hello', { selector: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } } }),
      deployment(),
      true,
      'Selected',
      'selected by namespace',
    ],
    [
      'labels of a namespace that is not known',
      small('hello', { selector: { namespaceSelector: { matchLabels: { team: 'blue' } } } }),
      deployment(),
      false,
      'NamespaceSelector',
      'the labels of namespace "shop" are not known here',
    ],
    [
      'labels of a namespace',
      small('hello', { selector: { namespaceSelector: { matchLabels: { team: 'blue' } } } }),
      inNamespace({ labels: { team: 'blue' } }),
      true,
      'Selected',
      'selected by namespace',
    ],
    [
      'a condition',
      small('hello', { selector: { condition: "pod.spec.containers.exists(c, c.image.startsWith('example.com/'))" } }),
      deployment(),
      true,
      'Selected',
      'selected by condition',
    ],
    [
      'a condition over numbers',
      small('hello', { selector: { condition: 'pod.spec.containers[0].ports[0].containerPort + 1 == 8081' } }),
      deployment(),
      true,
      'Selected',
      'selected by condition',
    ],
    [
      'a condition over workload and namespace that is false',
      small('hello', { selector: { condition: "workload.kind == 'Job' || namespace.metadata.name == 'other'" } }),
      deployment(),
      false,
      'Condition',
      "the condition is false: workload.kind == 'Job' || namespace.metadata.name == 'other'",
    ],
    [
      'on request, not asked',
      onRequest,
      deployment(),
      false,
      'NotRequested',
      'it joins on request only: hello.sidecar.outfit.dev/inject: "true"',
    ],
    [
      'on request, all asked',
      onRequest,
      ASKED,
      true,
      'Requested',
      'the Pod template says outfit.dev/inject: "true", and the selector holds',
    ],
    [
      'on request, asked by name',
      onRequest,
      withAnnotations({ 'outfit.dev/inject': 'logs, hello' }),
      true,
      'Requested',
      'the Pod template says outfit.dev/inject: "logs, hello", and the selector holds',
    ],
    [
      'on request, another asked',
      onRequest,
      withAnnotations({ 'outfit.dev/inject': 'logs' }),
      false,
      'NotRequested',
      'it joins on request only: hello.sidecar.outfit.dev/inject: "true"',
    ],
    [
      'always, another asked',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': 'logs' }),
      true,
      'Selected',
      'it joins every Pod (matchAll)',
    ],
    [
      'nobody wanted',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': 'false' }),
      false,
      'PodAnnotation',
      'the Pod template says outfit.dev/inject: "false"',
    ],
    [
      'this one not wanted',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': 'true', 'hello.sidecar.outfit.dev/inject': 'false' }),
      false,
      'PodAnnotation',
      'the Pod template says hello.sidecar.outfit.dev/inject: "false"',
    ],
    [
      'this one wanted, no other',
      onRequest,
      withAnnotations({ 'outfit.dev/inject': 'false', 'hello.sidecar.outfit.dev/inject': 'true' }),
      true,
      'Requested',
      'the Pod template says hello.sidecar.outfit.dev/inject: "true", and the selector holds',
    ],
    [
      'not wanted in the namespace',
      small('hello'),
      inNamespace({ annotations: { 'outfit.dev/inject': 'false' } }),
      false,
      'NamespaceAnnotation',
      'the namespace says outfit.dev/inject: "false"',
    ],
    [
      'not wanted in the namespace, but by the Pod, whose word is the last',
      small('hello'),
      {
        ...ASKED,
        namespace: { metadata: { name: 'shop', annotations: { 'hello.sidecar.outfit.dev/inject': 'false' } } },
      },
      true,
      'Requested',
      'the Pod template says outfit.dev/inject: "true", and the selector holds',
    ],
    [
      'asked for by the namespace',
      onRequest,
      inNamespace({ annotations: { 'outfit.dev/inject': 'hello' } }),
      true,
      'Requested',
      'the namespace says outfit.dev/inject: "hello", and the selector holds',
    ],
  ];
  it.each(CASES)('%s', (_, sidecar, target, joins, rule, reason) => {
    expect(select(sidecar, target)).toMatchObject({ joins, rule, reason });
  });
});

describe('near misses', () => {
  const said = (sidecar: Sidecar, target: Target): string[] =>
    attach({ ...target, sidecars: [sidecar] }).findings.map(
      ({ severity, code, on, field, message }) => `${severity} ${code} ${on} ${field}: ${message}`,
    );

  const CASES: [string, Sidecar, Target, string[]][] = [
    [
      'a label in another case',
      labels({ app: 'Web' }),
      LABELLED,
      ['warning NearMiss template metadata.labels[app]: label app=web differs from app=Web only in case'],
    ],
    [
      'a label under another key of the same meaning',
      labels({ app: 'web' }),
      deployment(app({}, { labels: { 'app.kubernetes.io/name': 'web' } })),
      [
        'warning NearMiss template metadata.labels[app.kubernetes.io/name]: label app.kubernetes.io/name=web has another key than app=web',
      ],
    ],
    [
      'a label whose key has a slip',
      labels({ component: 'blue' }),
      deployment(app({}, { labels: { componet: 'blue' } })),
      ['warning NearMiss template metadata.labels[componet]: label componet=blue has another key than component=blue'],
    ],
    [
      'one of several values, in another case',
      small('hello', {
        selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['Front', 'Back'] }] },
      }),
      deployment(app({}, { labels: { tier: 'front' } })),
      ['warning NearMiss template metadata.labels[tier]: label tier=front differs from tier=Front only in case'],
    ],
    ['a slip in one label where another is missing is no near miss', labels({ app: 'Web', zone: 'a' }), LABELLED, []],
    [
      'a value that must not be is no near miss',
      small('hello', { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }),
      LABELLED,
      [],
    ],
    [
      'labels of the workload itself',
      labels({ app: 'web' }),
      deployment(app(), { labels: { app: 'web' } }),
      [
        'warning NearMiss template metadata.labels: the labels of the Deployment itself match; those of its Pod template count',
      ],
    ],
    [
      'a name in another case',
      small('hello', { selector: { names: ['Web'] } }),
      deployment(),
      ['warning NearMiss template metadata.name: name web differs from Web only in case'],
    ],
    [
      'an annotation one level too high',
      small('hello', { joins: 'OnRequest' }),
      deployment(app(), { annotations: { 'outfit.dev/inject': 'true' } }),
      [
        "warning MisplacedAnnotation workload metadata.annotations[outfit.dev/inject]: stands on the Deployment itself, where it does nothing; its place is the Pod template's metadata",
      ],
    ],
    [
      'a sidecar that does not exist',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': 'helo' }),
      [
        'warning UnknownSidecar template metadata.annotations[outfit.dev/inject]: there is no sidecar "helo"; did you mean "hello"?',
      ],
    ],
    [
      'a sidecar that is asked for and does not select the Pod',
      small('hello', { selector: { names: ['api'] } }),
      withAnnotations({ 'hello.sidecar.outfit.dev/inject': 'true' }),
      [
        'warning RequestNotSelected template metadata.annotations: asks by hello.sidecar.outfit.dev/inject: "true" for sidecar "hello", which does not join: its name "web" is none of api',
      ],
    ],
    [
      'a word that is neither true nor false',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': 'False' }),
      [
        'error InvalidAnnotation template metadata.annotations[outfit.dev/inject]: Invalid value: "False": must be "true", "false" or the names of sidecars',
      ],
    ],
    [
      'a boolean without quotes',
      small('hello'),
      withAnnotations({ 'outfit.dev/inject': false as unknown as string }),
      [
        'error InvalidAnnotation template metadata.annotations[outfit.dev/inject]: Invalid value: false: must be a string: write "false" in quotes',
      ],
    ],
    [
      'a condition that fails',
      small('hello', { selector: { condition: "pod.metadata.labels.app == 'web'" } }),
      deployment(),
      ['error ExpressionFailed sidecar spec.selector.condition: No such key: app'],
    ],
  ];
  it.each(CASES)('%s', (_, sidecar, target, expected) => {
    expect(said(sidecar, target)).toEqual(expected);
  });

  it('a condition over a Pod that is too large for it', () => {
    const env = Array.from({ length: 5000 }, (_, i) => ({ name: `V${i}`, value: '' }));
    const template = app({ containers: [{ name: 'app', image: 'app', env }] });
    const condition = 'pod.spec.containers.all(c, c.env.all(a, c.env.all(b, a.name != b.value)))';
    expect(said(small('hello', { selector: { condition } }), deployment(template))).toEqual([
      'error ExpressionTooCostly sidecar spec.selector.condition: would take too long for a Pod of this size',
    ]);
  });
});
