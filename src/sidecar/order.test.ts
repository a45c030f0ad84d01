import { describe, expect, it } from 'vitest';
import { attach } from './attach.ts';
import { app, deployment, small } from './fixtures/small.ts';
import type { Sidecar, SidecarSpec } from './sidecar.ts';

const init = (name: string, restartPolicy?: string) => ({
  name,
  image: 'busybox',
  ...(restartPolicy && { restartPolicy }),
});
const native = (name: string, order?: SidecarSpec['order']): Sidecar =>
  small(name, { template: { spec: { initContainers: [init(`${name}-c`, 'Always')] } }, ...(order && { order }) });
const plain = (name: string, order?: SidecarSpec['order']): Sidecar =>
  small(name, { template: { spec: { initContainers: [init(`${name}-c`)] } }, ...(order && { order }) });
const classic = (name: string, order?: SidecarSpec['order']): Sidecar => small(name, order && { order });

/** The Pod has init containers `migrate` and `warm`, and containers `app` and `helper`. */
function run(...sidecars: Sidecar[]) {
  const [main] = app().spec?.containers ?? [];
  const template = app({ initContainers: [init('migrate'), init('warm')], containers: [main!, init('helper')] });
  const result = attach({ ...deployment(template), sidecars });
  const names = (list: 'initContainers' | 'containers') => result.template.spec?.[list]?.map(({ name }) => name);
  return {
    init: names('initContainers'),
    main: names('containers'),
    findings: result.findings,
    template: result.template,
  };
}

describe('among the init containers', () => {
  const CASES: [string, Sidecar[], string[]][] = [
    ['a native sidecar is first', [native('a')], ['a-c', 'migrate', 'warm']],
    ['an init container is last', [plain('a')], ['migrate', 'warm', 'a-c']],
    [
      'several go by name',
      [plain('d'), native('b'), native('a'), plain('c')],
      ['a-c', 'b-c', 'migrate', 'warm', 'c-c', 'd-c'],
    ],
    ['before another sidecar', [native('a'), native('b', { before: ['a'] })], ['b-c', 'a-c', 'migrate', 'warm']],
    ['after another sidecar', [native('a', { after: ['b'] }), native('b')], ['b-c', 'a-c', 'migrate', 'warm']],
    ['after an init container of the Pod', [native('a', { after: ['migrate'] })], ['migrate', 'a-c', 'warm']],
    ['before an init container of the Pod', [plain('a', { before: ['warm'] })], ['migrate', 'a-c', 'warm']],
    ['before all', [plain('a', { before: ['*'] }), native('b')], ['a-c', 'b-c', 'migrate', 'warm']],
    ['after all', [native('a', { after: ['*'] }), plain('b')], ['migrate', 'warm', 'b-c', 'a-c']],
    ['a glob', [native('a', { after: ['mig*', 'b-*'] }), native('b-x')], ['b-x-c', 'migrate', 'a-c', 'warm']],
    ['what is not there does not matter', [native('a', { after: ['vault'] })], ['a-c', 'migrate', 'warm']],
  ];
  it.each(CASES)('%s', (_, sidecars, expected) => {
    expect(run(...sidecars)).toMatchObject({ init: expected, findings: [] });
  });

  it('those of one sidecar stay together in their order', () => {
    const mesh = small('mesh', {
      template: { spec: { initContainers: [init('mesh-init'), init('mesh-proxy', 'Always')] } },
    });
    expect(run(mesh).init).toEqual(['mesh-init', 'mesh-proxy', 'migrate', 'warm']);
  });
});

describe('among the containers', () => {
  const CASES: [string, Sidecar[], string[]][] = [
    ['the Pod’s own are first', [classic('b'), classic('a')], ['app', 'helper', 'a-container', 'b-container']],
    [
      'before another sidecar',
      [classic('a'), classic('b', { before: ['a'] })],
      ['app', 'helper', 'b-container', 'a-container'],
    ],
    [
      'before all means all sidecars',
      [classic('a'), classic('b', { before: ['*'] })],
      ['app', 'helper', 'b-container', 'a-container'],
    ],
    ['before a container that is named', [classic('a', { before: ['helper'] })], ['app', 'a-container', 'helper']],
  ];
  it.each(CASES)('%s', (_, sidecars, expected) => {
    expect(run(...sidecars)).toMatchObject({ main: expected, findings: [] });
  });

  it('kubectl goes on to mean the container that was first', () => {
    const { main, template } = run(classic('a', { before: ['app'] }));
    expect(main).toEqual(['a-container', 'app', 'helper']);
    expect(template.metadata?.annotations?.['kubectl.kubernetes.io/default-container']).toBe('app');
    expect(run(classic('a')).template.metadata?.annotations).not.toHaveProperty([
      'kubectl.kubernetes.io/default-container',
    ]);
  });
});

describe('what cannot be', () => {
  const CASES: [string, Sidecar[], string][] = [
    [
      'two that both want to be first',
      [native('a', { before: ['*'] }), native('b', { before: ['*'] })],
      'nothing can be first: sidecar "a" before sidecar "b" before sidecar "a"',
    ],
    [
      'each before the other',
      [classic('a', { before: ['b'] }), classic('b', { before: ['a'] })],
      'nothing can be first: sidecar "a" before sidecar "b" before sidecar "a"',
    ],
    [
      'before the first init container and after the last',
      [native('a', { before: ['migrate'], after: ['warm'] })],
      'nothing can be first: sidecar "a" before container "migrate" before container "warm" before sidecar "a"',
    ],
  ];
  it.each(CASES)('%s', (_, sidecars, message) => {
    const { findings, init: names } = run(...sidecars);
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ code: 'OrderCycle', message }]);
    expect(names).toEqual(['migrate', 'warm']);
  });
});
