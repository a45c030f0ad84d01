import { describe, expect, it } from 'vitest';
import { formatFieldPath } from './field-path.ts';
import { parseTemplatePath, podTemplates, type TemplateOptions } from './pod-templates.ts';
import { KNOWN, LEFT_ALONE } from './template-table.ts';

const SPEC = { containers: [{ name: 'main', image: 'nginx' }] };
const TEMPLATE = { metadata: { labels: { app: 'x' } }, spec: SPEC };

/** An object of a kind with a value at a path. */
function made(apiVersion: string, kind: string, path: string, value: unknown): Record<string, unknown> {
  const steps = path === '' ? [] : path.split('.');
  const nested = steps.reduceRight((inner, step) => {
    if (step.endsWith('[*]')) return { [step.slice(0, -3)]: [inner] };
    return { [step === '*' ? 'Worker' : step]: inner };
  }, value) as object;
  return { apiVersion, kind, metadata: { name: 'x' }, ...nested };
}

function found(object: Record<string, unknown>, options?: TemplateOptions): string[] {
  return podTemplates(object, options).map(({ template, found: how, leave }) =>
    [formatFieldPath(template), how, ...(leave ? [leave] : [])].join(' | '),
  );
}

describe('podTemplates', () => {
  it.each([
    ['v1', 'Pod', '', ''],
    ['v1', 'PodTemplate', 'template', 'template'],
    ['v1', 'ReplicationController', 'spec.template', 'spec.template'],
    ['apps/v1', 'Deployment', 'spec.template', 'spec.template'],
    ['apps/v1', 'ReplicaSet', 'spec.template', 'spec.template'],
    ['apps/v1', 'StatefulSet', 'spec.template', 'spec.template'],
    ['apps/v1', 'DaemonSet', 'spec.template', 'spec.template'],
    ['extensions/v1beta1', 'Deployment', 'spec.template', 'spec.template'],
    ['batch/v1', 'Job', 'spec.template', 'spec.template'],
    ['batch/v1', 'CronJob', 'spec.jobTemplate.spec.template', 'spec.jobTemplate.spec.template'],
  ])('%s %s holds its template at %s', (apiVersion, kind, path, expected) => {
    expect(found(made(apiVersion, kind, path, TEMPLATE))).toEqual([`${expected} | built-in`]);
  });

  it.each(Object.entries(KNOWN).flatMap(([kind, paths]) => paths.map((path) => [kind, path])))(
    '%s holds one at %s',
    (groupKind, path) => {
      const [kind, ...group] = groupKind!.split('.');
      const apiVersion = [...(group.length > 0 ? [group.join('.')] : []), 'v1'].join('/');
      const expected = path!.replaceAll('[*]', '[0]').replaceAll('*', 'Worker');
      expect(found(made(apiVersion, kind!, path!, TEMPLATE))).toEqual([`${expected} | known`]);
    },
  );

  it('leaves alone what only looks like one, and says why', () => {
    for (const [groupKind, { paths, reason }] of Object.entries(LEFT_ALONE)) {
      const [kind, ...group] = groupKind.split('.');
      const object = made(`${group.join('.')}/v1`, kind!, paths[0]!, SPEC);
      expect(found(object)[0], groupKind).toMatch(/ \| known \| ./);
      expect(podTemplates(object)[0]).toMatchObject({ leave: reason, metadata: undefined });
    }
  });

  it('gives the places of metadata and spec, and who carries them', () => {
    const job = {
      ...made('batch/v1', 'CronJob', 'spec.jobTemplate.spec.template', TEMPLATE),
      metadata: { name: 'c', namespace: 'n' },
    };
    expect(podTemplates(job)).toEqual([
      {
        owner: { path: [], apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', namespace: 'n' },
        template: ['spec', 'jobTemplate', 'spec', 'template'],
        spec: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
        metadata: ['spec', 'jobTemplate', 'spec', 'template', 'metadata'],
        found: 'built-in',
      },
    ]);
  });

  it('looks into lists of any kind, and lists in lists', () => {
    const pod = made('v1', 'Pod', '', TEMPLATE);
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [pod, { kind: 'Service', apiVersion: 'v1' }, { apiVersion: 'v1', kind: 'List', items: [pod] }],
    };
    expect(found(list)).toEqual(['items[0] | built-in', 'items[2].items[0] | built-in']);
    expect(found({ apiVersion: 'v1', kind: 'PodList', items: [TEMPLATE] })).toEqual(['items[0] | built-in']);
    expect(found({ apiVersion: 'apps/v1', kind: 'DeploymentList', items: [{ spec: { template: TEMPLATE } }] })).toEqual(
      ['items[0].spec.template | built-in'],
    );
    expect(
      found({ apiVersion: 'config.kubernetes.io/v1', kind: 'ResourceList', items: [pod], functionConfig: pod }),
    ).toEqual(['items[0] | built-in']);
  });

  it('finds templates of unknown kinds by their shape', () => {
    const object = made('acme.dev/v1', 'Thing', 'spec.groups[*].pod', TEMPLATE);
    expect(found({ ...object, status: { template: TEMPLATE } })).toEqual(['spec.groups[0].pod | shape']);
    expect(found(made('acme.dev/v1', 'Thing', 'spec.podSpec', SPEC))).toEqual([
      "spec.podSpec | shape | the Pod's labels and annotations have no place beside it",
    ]);
    expect(found(made('acme.dev/v1', 'Thing', 'spec', SPEC))).toEqual([
      "spec | shape | the metadata of a Thing is not the Pod's",
    ]);
    expect(found(made('acme.dev/v1', 'Thing', 'spec.containers', [{ name: 'x' }]))).toEqual([]);
    expect(found({ apiVersion: 'v1', kind: 'ConfigMap', data: { containers: 'x' } })).toEqual([]);
  });

  it("takes the user's paths before its own, to a template or to the spec in it", () => {
    const thing = made('acme.dev/v1', 'Thing', 'spec.groups[*].pod', TEMPLATE);
    const withPath = (text: string) => found(thing, { paths: [parseTemplatePath(text)] });
    expect(withPath('Thing=.spec.groups[*].pod')).toEqual(['spec.groups[0].pod | path']);
    expect(withPath('Thing.acme.dev={.spec.groups[0].pod.spec}')).toEqual(['spec.groups[0].pod | path']);
    expect(withPath("Thing=$['spec'].groups.*.pod")).toEqual(['spec.groups[0].pod | path']);
    expect(withPath('Thing.other.dev=.spec.groups[*].pod')).toEqual(['spec.groups[0].pod | shape']);
    expect(withPath('Other=.spec.groups[*].pod')).toEqual(['spec.groups[0].pod | shape']);
  });

  it.each(['Thing', '=x', 'Thing=', 'Thing=.a[', 'Thing=.a[?(@.x)]', 'Thing=..a'])('refuses %s as a path', (text) => {
    expect(() => parseTemplatePath(text)).toThrow(RangeError);
  });

  it('finds nothing where a known kind has no template', () => {
    expect(found({ apiVersion: 'apps/v1', kind: 'Deployment', spec: {} })).toEqual([]);
    expect(
      found({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', spec: { workloadRef: { name: 'x' } } }),
    ).toEqual([]);
    expect(found({ apiVersion: 'v1', kind: 'Service', spec: {} })).toEqual([]);
    expect(found({})).toEqual([]);
  });
});
