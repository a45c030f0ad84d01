import { describe, expect, it } from 'vitest';
import { hello } from '../fixtures/hello.ts';
import { small } from '../fixtures/small.ts';
import type { Sidecar, SidecarSpec } from '../sidecar.ts';
import { advise } from './advice.ts';

const container = { name: 'c', image: 'busybox' };

function said(spec: Partial<SidecarSpec>): string[] {
  return advise(small('hello', spec)).map(({ code, field, message }) => `${code} ${field}: ${message}`);
}

/** One container, in which something is an expression. */
function bringing(more: object, parameters: SidecarSpec['parameters'] = []): Partial<SidecarSpec> {
  return { parameters, template: { spec: { containers: [{ ...container, ...more }] } } } as Partial<SidecarSpec>;
}

const LEVEL: SidecarSpec['parameters'] = [{ name: 'level', type: 'string', default: 'info' }];

it('has nothing to say about the golden story', () => {
  expect(advise(hello())).toEqual([]);
});

describe('a parameter that is used nowhere', () => {
  it.each<[string, Partial<SidecarSpec>, string[]]>([
    [
      'is told',
      bringing({ args: ['level'] }, LEVEL),
      ['UnusedParameter spec.parameters[0]: parameter "level" is used nowhere: no ${params.level}'],
    ],
    ['used', bringing({ args: ['--level=${params.level}'] }, LEVEL), []],
    ['used by index', bringing({ args: ['${params["level"]}'] }, LEVEL), []],
    ['maybe used by a name that is computed', bringing({ args: ['${params[pod.metadata.name]}'] }, LEVEL), []],
    [
      'in text that is no expression',
      bringing({ args: ['$${params.level}'] }, LEVEL),
      ['UnusedParameter spec.parameters[0]: parameter "level" is used nowhere: no ${params.level}'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(said(spec)).toEqual(expected);
  });
});

describe('a volume that nobody mounts', () => {
  const volumes = [{ name: 'v', emptyDir: {} }];
  const mount = [{ name: 'v', mountPath: '/v' }];
  it.each<[string, Partial<SidecarSpec>, string[]]>([
    [
      'is told',
      { template: { spec: { containers: [container], volumes } } },
      ['UnusedVolume spec.template.spec.volumes[0]: volume "v" is mounted by nobody'],
    ],
    ['mounted', { template: { spec: { containers: [{ ...container, volumeMounts: mount }], volumes } } }, []],
    ['mounted in main containers', { template: { spec: { volumes } }, mainContainers: [{ volumeMounts: mount }] }, []],
    [
      'maybe mounted by an expression',
      {
        template: {
          spec: { containers: [{ ...container, volumeMounts: '${pod.metadata.x}' as unknown as [] }], volumes },
        },
      },
      [],
    ],
  ])('%s', (_, spec, expected) => {
    expect(said(spec)).toEqual(expected);
  });
});

describe('a container that keeps Jobs from finishing', () => {
  const native = { template: { spec: { initContainers: [{ ...container, restartPolicy: 'Always' }] } } };
  it.each<[string, Partial<SidecarSpec>, string[]]>([
    [
      'is told',
      { selector: { kinds: ['Deployment', 'CronJob'] }, ...bringing({}) },
      [
        'NeverFinishes spec.template.spec.containers[0]: it joins CronJobs, and container "c" runs on when the others have finished, so they never do; an init container with restartPolicy: Always would be stopped',
      ],
    ],
    ['native', { selector: { kinds: ['Job'] }, ...native }, []],
    ['in other kinds', { selector: { kinds: ['Deployment'] }, ...bringing({}) }, []],
  ])('%s', (_, spec, expected) => {
    expect(said(spec)).toEqual(expected);
  });
});

describe('what only privileged namespaces take', () => {
  const SUFFIX = ': a Pod with this sidecar meets no Pod Security level but privileged';
  it.each<[string, Partial<SidecarSpec>, string[]]>([
    [
      'a capability',
      bringing({ securityContext: { capabilities: { add: ['NET_ADMIN'] } } }),
      [
        `NeedsPrivileged spec.template.spec.containers[0].securityContext.capabilities.add: container "c" adds NET_ADMIN${SUFFIX}`,
      ],
    ],
    [
      'a host path for the main containers',
      {
        template: { spec: { volumes: [{ name: 'h', hostPath: { path: '/' } }] } },
        mainContainers: [{ volumeMounts: [{ name: 'h', mountPath: '/h' }] }],
      },
      [`NeedsPrivileged spec.template.spec.volumes[0].hostPath: volume "h" is a hostPath${SUFFIX}`],
    ],
    [
      'a host port for the main containers',
      { mainContainers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }], template: {} },
      [`NeedsPrivileged spec.mainContainers[0].ports[0].hostPort: container "of the Pod" uses host port 80${SUFFIX}`],
    ],
    ['an expression, which may be anything', bringing({ securityContext: { privileged: '${pod.x}' } }), []],
  ])('%s', (_, spec, expected) => {
    expect(said(spec)).toEqual(expected);
  });
});

it('knows $(params.x) for a slip', () => {
  expect(said(bringing({ args: ['$(params.level)', '${params.level}'] }, LEVEL))).toEqual([
    'NotAnExpression spec.template.spec.containers[0].args[0]: $(params.level) is no expression; did you mean ${params.level}?',
  ]);
});

it.each<[string, unknown]>([
  ['containers', { containers: '${pod.spec.containers}' }],
  ['a container', { containers: ['${pod.spec.containers[0]}'] }],
  ['volumes', { containers: [container], volumes: '${pod.spec.volumes}' }],
])('does not stumble over %s as an expression', (_, spec) => {
  expect(advise(small('x', { template: { spec } } as Partial<Sidecar['spec']>))).toEqual([]);
});
