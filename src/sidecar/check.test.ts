import { describe, expect, it } from 'vitest';
import { checkSidecar, compileSidecars } from './compile.ts';
import { hello } from './fixtures/hello.ts';
import { small } from './fixtures/small.ts';

/** Sets or, with undefined, deletes a field by its path. */
function change(path: string, value: unknown): unknown {
  const sidecar = hello();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  // biome-ignore lint/suspicious/noExplicitAny: a walk by names
  const parent = keys.reduce((at: any, key) => (at[key] ??= {}), sidecar);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return sidecar;
}

function said(sidecar: unknown): string[] {
  return checkSidecar(sidecar).map(({ severity, code, field, message }) => `${severity} ${code} ${field}: ${message}`);
}

describe('checkSidecar', () => {
  it('has nothing to say about the golden story', () => {
    expect(checkSidecar(hello())).toEqual([]);
  });

  const container = 'spec.template.spec.containers.0';
  const CASES: [string, string, unknown, string[]][] = [
    [
      'an unknown field',
      'spec.selectr',
      {},
      ['error UnknownField spec.selectr: unknown field "spec.selectr"; did you mean "selector"?'],
    ],
    [
      'a field of a Pod that no sidecar brings',
      'spec.template.spec.nodeName',
      'a',
      [
        'error UnknownField spec.template.spec.nodeName: unknown field "spec.template.spec.nodeName"; a sidecar brings only: containers, initContainers, volumes, imagePullSecrets, hostAliases, shareProcessNamespace, securityContext',
      ],
    ],
    [
      'an unknown field of a container',
      `${container}.imagePullpolicy`,
      'Always',
      [
        'error UnknownField spec.template.spec.containers[0].imagePullpolicy: unknown field "spec.template.spec.containers[0].imagePullpolicy"; did you mean "imagePullPolicy"?',
      ],
    ],
    [
      'a wrong type',
      'spec.joins',
      5,
      ['error InvalidField spec.joins: Invalid value: "integer": spec.joins in body must be of type string: "integer"'],
    ],
    [
      'a list that is a word, as in the article',
      `${container}.volumeMounts`,
      'var-logs',
      [
        'error InvalidField spec.template.spec.containers[0].volumeMounts: Invalid value: "string": spec.template.spec.containers[0].volumeMounts in body must be of type array: "string"',
      ],
    ],
    [
      'a word that is not on the list',
      'spec.joins',
      'Sometimes',
      ['error InvalidField spec.joins: Unsupported value: "Sometimes": supported values: "Always", "OnRequest"'],
    ],
    ['no selector', 'spec.selector', undefined, ['error InvalidField spec.selector: Required value']],
    [
      'an empty selector',
      'spec.selector',
      { matchLabels: {} },
      [
        'error EmptySelector spec.selector: Required value: an empty selector joins nobody; to join every Pod write matchAll: true',
      ],
    ],
    ['matchAll', 'spec.selector', { matchAll: true }, []],
    [
      'a selector that cannot be read',
      'spec.selector',
      { matchExpressions: [{ key: 'app', operator: 'Is', values: ['a'] }] },
      ['error InvalidField spec.selector: Invalid value: "Is" is not a valid label selector operator'],
    ],
    [
      'a namespace selector of a Sidecar',
      'spec.selector.namespaceSelector',
      { matchLabels: { team: 'a' } },
      [
        'error InvalidField spec.selector.namespaceSelector: Forbidden: a Sidecar joins Pods of its own namespace; a ClusterSidecar may select namespaces',
      ],
    ],
    [
      'a condition that is no CEL',
      'spec.selector.condition',
      'pod.spec ==',
      ['error InvalidExpression spec.selector.condition: Unexpected token: EOF'],
    ],
    [
      'a condition that is no bool',
      'spec.selector.condition',
      '1 + 2',
      ['error InvalidExpression spec.selector.condition: must be a bool, and is a int'],
    ],
    [
      'loops in loops in loops',
      'spec.selector.condition',
      'pod.spec.containers.all(a, pod.spec.containers.all(b, pod.spec.containers.all(c, pod.spec.containers.all(d, pod.spec.containers.all(e, true)))))',
      ['error ExpressionTooCostly spec.selector.condition: may take too long: too many loops stand in each other'],
    ],
    [
      'a text that doubles itself',
      'spec.selector.condition',
      `${Array.from({ length: 20 }, (_, i) => `cel.bind(x${i}, ${i === 0 ? "'aa'" : `x${i - 1} + x${i - 1}`}, `).join('')}true${')'.repeat(20)}`,
      ['error ExpressionTooCostly spec.selector.condition: may take too long: too many loops stand in each other'],
    ],
    [
      'nesting without end',
      'spec.selector.condition',
      `${'('.repeat(500)}true${')'.repeat(500)}`,
      ['error ExpressionTooCostly spec.selector.condition: Exceeded maxDepth (60)'],
    ],
    [
      'a pattern that backtracks',
      'spec.selector.condition',
      "pod.spec.containers.exists(c, c.image.matches('^(a+)+$'))",
      [
        'error ExpressionTooCostly spec.selector.condition: pattern "^(a+)+$": a repeated group may neither repeat nor choose inside: it could take for ever',
      ],
    ],
    [
      'an unknown parameter',
      `${container}.image`,
      'busybox:${params.tag}',
      ['error InvalidExpression spec.template.spec.containers[0].image: unknown parameter "tag"; there are: interval'],
    ],
    [
      'a variable of a shell',
      `${container}.args`,
      ['-c', 'echo ${HOME}'],
      [
        'error InvalidExpression spec.template.spec.containers[0].args[1]: unknown name "HOME": params, pod, workload and namespace are known; write "$${HOME}" for the characters themselves',
      ],
    ],
    ['a literal "${"', `${container}.args`, ['-c', 'echo $${HOME} $(POD)'], []],
    [
      'an expression without end',
      `${container}.image`,
      'a${params.interval',
      [
        'error InvalidExpression spec.template.spec.containers[0].image: "${" without its "}"; write "$${" for the characters themselves',
      ],
    ],
    [
      'a container name that Kubernetes refuses, as in the article',
      `${container}.name`,
      'Sidecar-container',
      [
        "error InvalidField spec.template.spec.containers[0].name: Invalid value: \"Sidecar-container\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [
      'a fault that only the value of an expression shows',
      `${container}.ports`,
      [{ containerPort: '${params.interval * 100000}' }],
      [
        'error InvalidField spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 500000: must be between 1 and 65535, inclusive',
      ],
    ],
    ['a value that only a Pod can tell', `${container}.image`, '${pod.spec.containers[0].image}', []],
    [
      'a mount of a volume that it does not bring',
      'spec.mainContainers',
      [{ volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      [
        'warning UnknownVolume spec.mainContainers[0].volumeMounts[0].name: the sidecar brings no volume "data": the Pod must have it',
      ],
    ],
    [
      'a mount without its path',
      'spec.mainContainers',
      [{ volumeMounts: [{ name: 'var-logs' }] }],
      ['error InvalidField spec.mainContainers[0].volumeMounts[0].mountPath: Required value'],
    ],
    [
      'renaming what has no name',
      'spec.onConflict',
      { env: 'Rename' },
      [
        'error InvalidField spec.onConflict.env: Unsupported value: "Rename": supported values: "Error", "Keep", "Replace"',
      ],
    ],
    [
      'an order before itself',
      'spec.order',
      { before: ['hello'] },
      ['error OrderCycle spec.order: "hello" can stand neither before nor after itself'],
    ],
    [
      'a parameter out of its own bounds',
      'spec.parameters',
      [{ name: 'interval', type: 'integer', default: 0, minimum: 1 }],
      ['error InvalidField spec.parameters[0].default: Invalid value: 0: must be greater than or equal to 1'],
    ],
    [
      'a parameter with a reserved name',
      'spec.parameters',
      [
        { name: 'interval', type: 'integer' },
        { name: 'inject', type: 'string', default: '' },
      ],
      ['error InvalidField spec.parameters[1].name: Invalid value: "inject": is a reserved word'],
    ],
    [
      'an annotation of Outfit',
      'spec.template.metadata',
      { annotations: { 'outfit.dev/inject': 'true' } },
      [
        'error InvalidField spec.template.metadata.annotations[outfit.dev/inject]: Forbidden: a sidecar may not bring annotations of Outfit',
      ],
    ],
    [
      'sharing with a container that is not its own',
      'spec.share',
      [{ to: ['main-container'], env: ['A'] }],
      ['error InvalidField spec.share[0].to[0]: Not found: "main-container"'],
    ],
  ];
  it.each(CASES)('%s', (_, path, value, expected) => {
    expect(said(change(path, value))).toEqual(expected);
  });

  it('brings something', () => {
    const sidecar = { ...hello(), spec: { selector: { matchAll: true } } };
    expect(said(sidecar)).toEqual(['error InvalidField spec.template: Required value: a sidecar must bring something']);
  });

  it('takes null for absent', () => {
    expect(said(change('spec.order', null))).toEqual([]);
    expect(said(change('spec.selector.matchLabels', null))).toEqual([]);
  });

  it.each([[null], ['text'], [[]], [5]])('says that %j is no Sidecar', (value) => {
    expect(checkSidecar(value)).toMatchObject([{ severity: 'error', code: 'InvalidField', field: '' }]);
  });
});

describe('compileSidecars', () => {
  it('tells two of one name apart only when they say the same', () => {
    expect(compileSidecars([hello(), hello()]).findings).toEqual([]);
    expect(compileSidecars([hello(), change('spec.joins', 'OnRequest')]).findings).toMatchObject([
      { code: 'DuplicateSidecar', message: 'Duplicate value: "hello"' },
    ]);
  });

  it('warns of demands that no Pod can meet', () => {
    const first = (name: string) => ({ ...small(name), spec: { ...small(name).spec, order: { before: ['*'] } } });
    expect(compileSidecars([first('a'), first('b')]).findings).toMatchObject([
      {
        severity: 'warning',
        code: 'OrderCycle',
        message: 'no Pod can have all of them: sidecar "a" before sidecar "b" before sidecar "a"',
      },
    ]);
  });

  it('gives a digest that descriptions do not change', () => {
    const digest = (value: unknown) => compileSidecars([value]).sidecars[0]?.digest;
    expect(digest(hello())).toMatch(/^[0-9a-f]{12}$/);
    expect(digest(change('spec.parameters.0.description', 'else'))).toBe(digest(hello()));
    expect(digest(change('spec.parameters.0.default', 6))).not.toBe(digest(hello()));
  });
});
