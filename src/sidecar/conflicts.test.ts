import { describe, expect, it } from 'vitest';
import { attach } from './attach.ts';
import { detach } from './detach.ts';
import { app, deployment, small } from './fixtures/small.ts';
import type { ConflictAnswer, Sidecar, SidecarSpec } from './sidecar.ts';
import type { Target, Template } from './target.ts';

/** What a sidecar `hello` brings, what the Pod has besides, and what each answer makes of it. */
interface Case {
  brings: Partial<SidecarSpec>;
  pod?: Template;
  /** The message with `Error`. */
  error: string;
  code?: string;
  /** The part of the result that matters. */
  look: (template: Template) => unknown;
  Keep: unknown;
  Replace: unknown;
  Rename?: unknown;
}

const container = (fields: object = {}): Partial<SidecarSpec> => ({
  template: { spec: { containers: [{ name: 'own', image: 'busybox', ...fields }] } },
});
const volumes = (template: Template) => template.spec?.volumes;
const main = (template: Template) => template.spec?.containers[0];
const second = (template: Template) => template.spec?.containers[1];

const CASES: Record<string, Case> = {
  'a container of the same name': {
    brings: { template: { spec: { containers: [{ name: 'app', image: 'busybox' }] } } },
    error: 'container "app": the Pod has its own, and onConflict.containers is Error',
    code: 'ContainerConflict',
    look: (template) => template.spec?.containers.map(({ name, image }) => `${name} ${image}`),
    Keep: ['app example.com/app:v1'],
    Replace: ['app busybox'],
    Rename: ['app example.com/app:v1', 'app-hello busybox'],
  },
  'a container of the same name in another list': {
    brings: { template: { spec: { initContainers: [{ name: 'app', image: 'busybox', restartPolicy: 'Always' }] } } },
    error: 'container "app": the Pod has its own, and onConflict.containers is Error',
    code: 'ContainerConflict',
    look: (template) =>
      [template.spec?.containers, template.spec?.initContainers ?? []].map((list) => list?.map(({ name }) => name)),
    Keep: [['app'], []],
    Replace: 'container "app": the Pod has its own, and onConflict.containers is Error: the other one is of containers',
    Rename: [['app'], ['app-hello']],
  },
  'a volume of the same name with another source': {
    brings: {
      ...container({ volumeMounts: [{ name: 'data', mountPath: '/d' }] }),
      template: {
        spec: {
          containers: [{ name: 'own', image: 'busybox', volumeMounts: [{ name: 'data', mountPath: '/d' }] }],
          volumes: [{ name: 'data', configMap: { name: 'c' } }],
        },
      },
    },
    error: 'volume "data": the Pod has its own, and onConflict.volumes is Error',
    code: 'VolumeConflict',
    look: (template) => [volumes(template), second(template)?.volumeMounts],
    Keep: [[{ name: 'data', emptyDir: {} }], [{ name: 'data', mountPath: '/d' }]],
    Replace: [[{ name: 'data', configMap: { name: 'c' } }], [{ name: 'data', mountPath: '/d' }]],
    Rename: [
      [
        { name: 'data', emptyDir: {} },
        { name: 'data-hello', configMap: { name: 'c' } },
      ],
      [{ name: 'data-hello', mountPath: '/d' }],
    ],
  },
  'a mount at the same path': {
    brings: {
      template: { spec: { volumes: [{ name: 'other', emptyDir: {} }] } },
      mainContainers: [{ volumeMounts: [{ name: 'other', mountPath: '/data/' }] }],
    },
    error: 'mount at /data/ of container "app": the Pod has its own, and onConflict.volumeMounts is Error',
    code: 'MountConflict',
    look: (template) => main(template)?.volumeMounts,
    Keep: [{ name: 'data', mountPath: '/data' }],
    Replace: [{ name: 'other', mountPath: '/data' }],
  },
  'a mount inside of another': {
    brings: {
      template: { spec: { volumes: [{ name: 'other', emptyDir: {} }] } },
      mainContainers: [{ volumeMounts: [{ name: 'other', mountPath: '/data/cache' }] }],
    },
    error:
      'mount at /data/cache of container "app" and the one at /data cover each other: the Pod has its own, and onConflict.volumeMounts is Error',
    code: 'MountConflict',
    look: (template) => main(template)?.volumeMounts?.map(({ mountPath }) => mountPath),
    Keep: ['/data'],
    Replace: ['/data', '/data/cache'],
  },
  'a variable with another value': {
    brings: { mainContainers: [{ env: [{ name: 'MODE', value: 'slow' }] }] },
    error: 'variable MODE of container "app": the Pod has its own, and onConflict.env is Error',
    code: 'EnvConflict',
    look: (template) => main(template)?.env,
    Keep: [{ name: 'MODE', value: 'fast' }],
    Replace: [{ name: 'MODE', value: 'slow' }],
  },
  'a port that the app listens on': {
    brings: container({ ports: [{ containerPort: 8080 }] }),
    error: 'port 8080/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error',
    code: 'PortConflict',
    look: (template) => second(template)?.ports,
    Keep: [],
    Replace:
      'port 8080/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error: two containers of a Pod cannot listen on one port',
    Rename:
      'port 8080/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error: two containers of a Pod cannot listen on one port',
  },
  'a host port': {
    brings: container({ ports: [{ containerPort: 9090, hostPort: 80 }] }),
    pod: app({ containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 8080, hostPort: 80 }] }] }),
    error: 'host port 80/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error',
    code: 'PortConflict',
    look: (template) => second(template)?.ports,
    Keep: [],
    Replace:
      'host port 80/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error: a port of the node can be given once',
    Rename:
      'host port 80/TCP is container "app"\'s: the Pod has its own, and onConflict.ports is Error: a port of the node can be given once',
  },
  'a port name': {
    brings: container({
      ports: [{ containerPort: 9090, name: 'http' }],
      readinessProbe: { httpGet: { port: 'http', path: '/' } },
    }),
    error:
      'port name "http" would mean two containers, also to Services: the Pod has its own, and onConflict.ports is Error',
    code: 'PortConflict',
    look: (template) => [second(template)?.ports, second(template)?.readinessProbe?.httpGet?.port],
    Keep: [[{ containerPort: 9090 }], 9090],
    Replace:
      'port name "http" would mean two containers, also to Services: the Pod has its own, and onConflict.ports is Error: a name is not taken away from the other container',
    Rename: [[{ containerPort: 9090, name: 'http-2' }], 'http-2'],
  },
  'a label': {
    brings: { template: { metadata: { labels: { tier: 'side' } } } },
    pod: app({}, { labels: { tier: 'front' } }),
    error: 'label tier: the Pod has its own, and onConflict.metadata is Error',
    code: 'MetadataConflict',
    look: (template) => template.metadata?.labels,
    Keep: { tier: 'front' },
    Replace: { tier: 'side' },
  },
  'a field of the security context': {
    brings: { template: { spec: { securityContext: { fsGroup: 1 } } } },
    pod: app({ securityContext: { fsGroup: 2 } }),
    error: 'securityContext.fsGroup: the Pod has its own, and onConflict.podSpec is Error',
    code: 'PodSpecConflict',
    look: (template) => template.spec?.securityContext,
    Keep: { fsGroup: 2 },
    Replace: { fsGroup: 1 },
  },
  shareProcessNamespace: {
    brings: { template: { spec: { shareProcessNamespace: true } } },
    pod: app({ shareProcessNamespace: false }),
    error: 'shareProcessNamespace: the Pod has its own, and onConflict.podSpec is Error',
    code: 'PodSpecConflict',
    look: (template) => template.spec?.shareProcessNamespace,
    Keep: false,
    Replace: true,
  },
  'a host that has another address': {
    brings: { template: { spec: { hostAliases: [{ ip: '10.0.0.2', hostnames: ['db', 'cache'] }] } } },
    pod: app({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['db'] }] }),
    error: 'host db: the Pod has its own, and onConflict.podSpec is Error',
    code: 'PodSpecConflict',
    look: (template) => template.spec?.hostAliases,
    Keep: [
      { ip: '10.0.0.1', hostnames: ['db'] },
      { ip: '10.0.0.2', hostnames: ['cache'] },
    ],
    Replace: 'host db: the Pod has its own, and onConflict.podSpec is Error: the first address of a host counts',
  },
};

function run(sidecar: Sidecar, target: Target) {
  const { template, findings } = attach({ ...target, sidecars: [sidecar] });
  const error = findings.find(({ severity }) => severity === 'error');
  return { template, findings, error };
}

describe.each(Object.entries(CASES))('%s', (_, one) => {
  const target = deployment(one.pod ?? app());
  const sidecar = (onConflict?: ConflictAnswer) =>
    small('hello', { template: { spec: {} }, ...one.brings, ...(onConflict && { onConflict }) });

  it('is an error that names both', () => {
    const { error, template } = run(sidecar(), target);
    expect(error).toMatchObject({ code: one.code, on: 'sidecar', sidecar: 'hello', message: one.error });
    expect(error?.other?.on).toBe('template');
    expect(error).toHaveProperty('value');
    expect(error?.other).toHaveProperty('value');
    expect(template).toBe(target.template);
  });

  it.each(['Keep', 'Replace', 'Rename'] as const)('%s', (answer) => {
    const expected = one[answer] ?? one.error;
    const { template, error, findings } = run(sidecar(answer), target);
    if (typeof expected === 'string') {
      expect(error?.message).toBe(expected);
      return;
    }
    expect(error).toBeUndefined();
    expect(one.look(template)).toEqual(expected);
    expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toContain('info ConflictAnswered');
    expect(JSON.stringify(detach({ template }).template)).toBe(JSON.stringify(target.template));
  });
});

describe('what is no conflict', () => {
  const SAME: [string, Partial<SidecarSpec>, Template][] = [
    [
      'the same volume, spelled otherwise',
      { template: { spec: { volumes: [{ name: 'data', configMap: { name: 'c', defaultMode: 420 } }] } } },
      app({ volumes: [{ name: 'data', configMap: { name: 'c' } }] }),
    ],
    ['the same variable', { mainContainers: [{ env: [{ name: 'MODE', value: 'fast' }] }] }, app()],
    ['the same label', { template: { metadata: { labels: { a: 'b' } } } }, app({}, { labels: { a: 'b' } })],
    [
      'a path that only begins alike',
      {
        template: { spec: { volumes: [{ name: 'x', emptyDir: {} }] } },
        mainContainers: [{ volumeMounts: [{ name: 'x', mountPath: '/database' }] }],
      },
      app(),
    ],
    ['the same port with another protocol', container({ ports: [{ containerPort: 8080, protocol: 'UDP' }] }), app()],
    [
      'a port of an init container that ends',
      container({ ports: [{ containerPort: 7000 }] }),
      app({ initContainers: [{ name: 'i', image: 'i', ports: [{ containerPort: 7000 }] }] }),
    ],
    [
      'a pull secret that is there',
      { template: { spec: { imagePullSecrets: [{ name: 's' }] } } },
      app({ imagePullSecrets: [{ name: 's' }] }),
    ],
  ];
  it.each(SAME)('%s', (_, brings, template) => {
    const { findings } = run(small('hello', { template: { spec: {} }, ...brings }), deployment(template));
    expect(findings).toEqual([]);
  });
});

describe('what no answer helps', () => {
  const NEVER: [string, Partial<SidecarSpec>, Target, string, string][] = [
    [
      'a label by which the workload finds its Pods',
      { template: { metadata: { labels: { app: 'other' } } } },
      {
        ...deployment(app({}, { labels: { app: 'web' } })),
        workload: { ...deployment().workload, spec: { selector: { matchLabels: { app: 'web' } } } },
      },
      'MetadataConflict',
      'the workload finds its Pods by label app=web',
    ],
    [
      'a port name that a probe of the app uses for another port',
      { mainContainers: [{ ports: [{ containerPort: 9000, name: 'http' }] }] },
      deployment(),
      'PortConflict',
      'port name "http" of container "app" would mean another port than before, also to its probes',
    ],
    [
      'no main container of that kind',
      { mainContainers: [{ select: { names: ['db-*'], ports: ['http'] }, env: [{ name: 'A', value: '' }] }] },
      deployment(),
      'NoMainContainer',
      'the Pod has no container with name db-*, port http',
    ],
    [
      'a container as root where the Pod forbids it',
      container({ securityContext: { runAsUser: 0 } }),
      deployment(app({ securityContext: { runAsNonRoot: true } })),
      'SecurityConflict',
      'container "own" runs as user 0, and the Pod\'s runAsNonRoot forbids it',
    ],
    [
      'a rule that forbids what the app does',
      { template: { spec: { securityContext: { runAsNonRoot: true } } } },
      deployment(app({ containers: [{ name: 'app', image: 'a', securityContext: { runAsUser: 0 } }] })),
      'SecurityConflict',
      'container "app" runs as user 0, and the Pod\'s runAsNonRoot forbids it',
    ],
    [
      'what Kubernetes refuses in combination',
      { template: { spec: { shareProcessNamespace: true } } },
      deployment(app({ hostPID: true })),
      'InvalidResult',
      'Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ],
    [
      'a volume that neither has',
      { mainContainers: [{ volumeMounts: [{ name: 'none', mountPath: '/none' }] }] },
      deployment(),
      'InvalidResult',
      'Not found: "none"',
    ],
  ];
  it.each(NEVER)('%s', (_, brings, target, code, message) => {
    const { error } = run(small('hello', { template: { spec: {} }, ...brings, onConflict: 'Replace' }), target);
    expect(error).toMatchObject({ code, message });
  });
});

describe('sidecar against sidecar', () => {
  const env = (name: string, value: string, onConflict?: ConflictAnswer) =>
    small(name, { mainContainers: [{ env: [{ name: 'LEVEL', value }] }], ...(onConflict && { onConflict }) });

  it('is an error that names both', () => {
    const { findings } = attach({ ...deployment(), sidecars: [env('one', '1'), env('two', '2')] });
    expect(findings).toMatchObject([
      {
        severity: 'error',
        code: 'EnvConflict',
        sidecar: 'two',
        field: 'spec.mainContainers[0].env[0]',
        value: { name: 'LEVEL', value: '2' },
        message: 'variable LEVEL of container "app": sidecar "one" brings another, and onConflict.env is Error',
        other: { on: 'sidecar', sidecar: 'one', value: { name: 'LEVEL', value: '1' } },
      },
    ]);
  });

  it('does not let one replace what another brings', () => {
    const { findings } = attach({ ...deployment(), sidecars: [env('one', '1'), env('two', '2', 'Replace')] });
    expect(findings).toMatchObject([{ severity: 'error', code: 'EnvConflict' }]);
  });

  it('shares what both bring alike, until the last of them goes', () => {
    const { template, findings } = attach({ ...deployment(), sidecars: [env('one', '1'), env('two', '1')] });
    expect(findings).toEqual([]);
    const left = detach({ template, sidecars: ['one'] });
    expect(left.template.spec?.containers[0]?.env).toContainEqual({ name: 'LEVEL', value: '1' });
    expect(detach({ template: left.template }).template).toEqual(app());
  });

  it('cannot be two of one name', () => {
    const { findings } = attach({ ...deployment(), sidecars: [small('one'), small('one', {}, 'Sidecar')] });
    expect(findings).toMatchObject([
      { code: 'DuplicateSidecar', message: 'two sidecars of the name "one" join this Pod' },
    ]);
  });
});

describe('bad templates', () => {
  const BAD: [string, unknown, string][] = [
    ['no spec', {}, 'spec: Required value'],
    ['no container', { spec: { containers: [] } }, 'spec.containers: Required value'],
    ['a list that is none', { spec: { containers: 'app' } }, 'spec.containers: Invalid value: must be of type array'],
    [
      'a container that is none',
      { spec: { containers: [null] } },
      'spec.containers[0]: Invalid value: must be of type object',
    ],
    [
      'an unreadable provenance',
      { metadata: { annotations: { 'outfit.dev/attached': '{' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      'metadata.annotations[outfit.dev/attached]: cannot be read: it was not written by this version of Outfit, or was changed by hand',
    ],
  ];
  it.each(BAD)('%s', (_, template, expected) => {
    const result = attach({ template: template as Template, sidecars: [small('hello')] });
    expect(result.template).toBe(template);
    expect(result.findings.map(({ field, message }) => `${field}: ${message}`)).toContain(expected);
  });

  it('that Kubernetes refuses for reasons of their own are attached to all the same', () => {
    const template = app({ containers: [{ name: 'app' } as never] });
    expect(attach({ ...deployment(template), sidecars: [small('hello')] })).toMatchObject({
      changed: true,
      findings: [],
    });
  });
});
