import { describe, expect, it } from 'vitest';
import { attach } from './attach.ts';
import { app, deployment, small } from './fixtures/small.ts';
import type { SidecarParameter } from './sidecar.ts';

/** Attaches a sidecar whose container has this text as its argument, with one parameter. */
function run(parameter: SidecarParameter, annotations: Record<string, string>, text = '${params.p}', field = 'args') {
  const container = {
    name: 'c',
    image: 'busybox',
    ...(field === 'args' ? { args: [text] } : { ports: [{ containerPort: text as unknown as number }] }),
  };
  const sidecar = small('hello', { parameters: [parameter], template: { spec: { containers: [container] } } });
  const result = attach({ ...deployment(app({}, { annotations })), sidecars: [sidecar] });
  const joined = result.template.spec?.containers[1];
  return { value: field === 'args' ? joined?.args?.[0] : joined?.ports?.[0]?.containerPort, findings: result.findings };
}

const KEY = 'hello.sidecar.outfit.dev/p';

describe('the value of a parameter', () => {
  const CASES: [string, Partial<SidecarParameter>, string | undefined, string][] = [
    ['its default', { type: 'integer', default: 5 }, undefined, '5'],
    ['an integer', { type: 'integer', default: 5 }, '10', '10'],
    ['a number', { type: 'number', default: 1 }, '0.5', '0.5'],
    ['a boolean', { type: 'boolean', default: false }, 'true', 'true'],
    ['a quantity', { type: 'quantity', minimum: '10m', maximum: 1 }, '250m', '250m'],
    ['a duration', { type: 'duration', minimum: '1s' }, '1m30s', '1m30s'],
    ['a string', { type: 'string' }, ' a b ', ' a b '],
    ['a word of a list', { type: 'string', enum: ['a', 'b'] }, 'b', 'b'],
    ['a pattern', { type: 'string', pattern: '[a-z]+' }, 'abc', 'abc'],
  ];
  it.each(CASES)('%s', (_, parameter, annotation, expected) => {
    const { value, findings } = run(
      { name: 'p', ...parameter } as SidecarParameter,
      annotation === undefined ? {} : { [KEY]: annotation },
    );
    expect(findings).toEqual([]);
    expect(value).toBe(expected);
  });

  const WRONG: [string, Partial<SidecarParameter>, string | undefined, string][] = [
    ['text for an integer', { type: 'integer' }, 'ten', 'Invalid value: "ten": must be an integer'],
    ['a fraction for an integer', { type: 'integer' }, '1.5', 'Invalid value: "1.5": must be an integer'],
    ['too little', { type: 'integer', minimum: 1 }, '0', 'Invalid value: "0": must be greater than or equal to 1'],
    [
      'too much',
      { type: 'quantity', maximum: '1Gi' },
      '2Gi',
      'Invalid value: "2Gi": must be less than or equal to 1Gi',
    ],
    [
      'too short',
      { type: 'duration', minimum: '1m' },
      '59s',
      'Invalid value: "59s": must be greater than or equal to 1m',
    ],
    ['no duration', { type: 'duration' }, '5', 'Invalid value: "5": must be a duration, such as 30s or 1h30m'],
    ['no boolean', { type: 'boolean' }, 'yes', 'Invalid value: "yes": must be "true" or "false"'],
    ['none of the words', { type: 'string', enum: ['a', 'b'] }, 'c', 'Invalid value: "c": supported values: "a", "b"'],
    ['outside of the pattern', { type: 'string', pattern: '[a-z]+' }, 'a1', 'Invalid value: "a1": must match "[a-z]+"'],
    ['missing', { type: 'string' }, undefined, 'Required value: sidecar "hello" needs parameter "p" (string)'],
  ];
  it.each(WRONG)('%s is an error at the annotation', (_, parameter, annotation, message) => {
    const { findings } = run(
      { name: 'p', ...parameter } as SidecarParameter,
      annotation === undefined ? {} : { [KEY]: annotation },
    );
    expect(findings).toMatchObject([
      { severity: 'error', on: 'template', field: `metadata.annotations[${KEY}]`, message, sidecar: 'hello' },
    ]);
  });

  it('of an unknown name is an error that knows the right one', () => {
    const { findings } = run(
      { name: 'interval', type: 'integer', default: 1 },
      { 'hello.sidecar.outfit.dev/intervall': '2' },
      'x',
    );
    expect(findings).toMatchObject([
      {
        code: 'UnknownParameter',
        message: 'sidecar "hello" has no parameter "intervall"; did you mean "hello.sidecar.outfit.dev/interval"?',
      },
    ]);
  });
});

describe('expressions', () => {
  const number: SidecarParameter = { name: 'p', type: 'integer', default: 5 };
  const TEXTS: [string, string, unknown][] = [
    ['inside a text', 'sleep ${params.p};', 'sleep 5;'],
    ['several', '${params.p}-${params.p * 2}', '5-10'],
    ['a literal one', '$${params.p}', '${params.p}'],
    ['what is Kubernetes’ own', '$(POD_NAME) $HOME', '$(POD_NAME) $HOME'],
    ['braces and quotes inside', "${{'a}': 'x'}['a}'] + \"}\"}", 'x}'],
    ['the Pod', '${pod.spec.containers[0].image}', 'example.com/app:v1'],
    ['the workload', '${workload.kind}/${workload.metadata.name}', 'Deployment/web'],
    ['the namespace', '${namespace.metadata.name}', 'shop'],
    ['a whole one where text is wanted', '${params.p}', '5'],
  ];
  it.each(TEXTS)('%s', (_, text, expected) => {
    const { value, findings } = run(number, {}, text);
    expect(findings).toEqual([]);
    expect(value).toBe(expected);
  });

  it('as a whole have the type of the value', () => {
    expect(run(number, {}, '${params.p + 8000}', 'port').value).toBe(8005);
  });

  it('without a value leave the field out', () => {
    const container = {
      name: 'c',
      image: 'busybox',
      workingDir: "${params.p > 9 ? optional.of('/x') : optional.none()}",
    };
    const sidecar = small('hello', { parameters: [number], template: { spec: { containers: [container] } } });
    const { template } = attach({ ...deployment(), sidecars: [sidecar] });
    expect(template.spec?.containers[1]).toEqual({ name: 'c', image: 'busybox' });
  });

  it('may make a list', () => {
    const container = {
      name: 'c',
      image: 'busybox',
      args: '${pod.spec.containers.map(c, c.name)}' as unknown as string[],
    };
    const sidecar = small('hello', { template: { spec: { containers: [container] } } });
    const { template } = attach({ ...deployment(), sidecars: [sidecar] });
    expect(template.spec?.containers[1]?.args).toEqual(['app']);
  });

  it('that fail for a Pod are an error at their place in the sidecar', () => {
    const { findings } = run(number, {}, '${pod.metadata.labels.app}');
    expect(findings).toMatchObject([
      {
        severity: 'error',
        code: 'ExpressionFailed',
        on: 'sidecar',
        field: 'spec.template.spec.containers[0].args[0]',
        message: 'No such key: app',
        sidecar: 'hello',
      },
    ]);
  });

  it('see the Pod without anything attached', () => {
    const container = { name: 'c', image: 'busybox', args: ['${string(pod.spec.containers.size())}'] };
    const of = (name: string) => small(name, { template: { spec: { containers: [{ ...container, name }] } } });
    const { template } = attach({ ...deployment(), sidecars: [of('one'), of('two')] });
    expect(template.spec?.containers.slice(1).map(({ args }) => args)).toEqual([['1'], ['1']]);
  });
});
