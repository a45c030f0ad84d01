import { describe, expect, it } from 'vitest';
import type { Container, PodSpec } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { attach } from './attach.ts';
import { explain } from './explain.ts';
import { app, deployment, small } from './fixtures/small.ts';
import { podSecurity } from './plan/pod-security.ts';
import { plan } from './plan.ts';
import type { Sidecar } from './sidecar.ts';
import type { Target } from './target.ts';

const asks = (name: string, cpu: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'i',
  resources: { requests: { cpu } },
  ...more,
});
const native = (name: string, cpu: string): Container => asks(name, cpu, { restartPolicy: 'Always' });

describe('the Pod Security level', () => {
  const context = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    capabilities: { drop: ['ALL'] },
  };
  const strict: PodSpec = { containers: [{ name: 'a', image: 'i', securityContext: context }] };
  const withContext = (more: object): PodSpec => ({
    containers: [{ name: 'a', image: 'i', securityContext: { ...context, ...more } }],
  });
  const CASES: [string, PodSpec, string, string[]][] = [
    ['all that restricted wants', strict, 'restricted', []],
    [
      'nothing said',
      { containers: [{ name: 'a', image: 'i' }] },
      'baseline',
      [
        'spec.containers[0].securityContext.allowPrivilegeEscalation',
        'spec.containers[0].securityContext.runAsNonRoot',
        'spec.containers[0].securityContext.seccompProfile',
        'spec.containers[0].securityContext.capabilities.drop',
      ],
    ],
    ['privileged', withContext({ privileged: true }), 'privileged', ['spec.containers[0].securityContext.privileged']],
    ['NET_BIND_SERVICE', withContext({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }), 'restricted', []],
    [
      'CHOWN',
      withContext({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }),
      'baseline',
      ['spec.containers[0].securityContext.capabilities.add'],
    ],
    [
      'NET_ADMIN',
      withContext({ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
      'privileged',
      ['spec.containers[0].securityContext.capabilities.add', 'spec.containers[0].securityContext.capabilities.add'],
    ],
    ['user 0', withContext({ runAsUser: 0 }), 'baseline', ['spec.containers[0].securityContext.runAsUser']],
    [
      'a hostPath',
      { ...strict, volumes: [{ name: 'h', hostPath: { path: '/' } }] },
      'privileged',
      ['spec.volumes[0].hostPath', 'spec.volumes[0].hostPath'],
    ],
    [
      'an NFS volume',
      { ...strict, volumes: [{ name: 'n', nfs: { server: 's', path: '/' } }] },
      'baseline',
      ['spec.volumes[0].nfs'],
    ],
    ['the host network', { ...strict, hostNetwork: true }, 'privileged', ['spec.hostNetwork']],
    [
      'an unsafe sysctl',
      { ...strict, securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      'privileged',
      ['spec.securityContext.sysctls[0]'],
    ],
    [
      'an init container',
      { ...strict, initContainers: [{ name: 'i', image: 'i', securityContext: { ...context, privileged: true } }] },
      'privileged',
      ['spec.initContainers[0].securityContext.privileged'],
    ],
  ];
  it.each(CASES)('%s', (_, spec, level, fields) => {
    const found = podSecurity(spec);
    expect(found.level).toBe(level);
    expect(found.violations.map(({ field }) => field)).toEqual(fields);
  });
});

describe('plan', () => {
  const proxy: Sidecar = small('proxy', {
    template: {
      spec: {
        initContainers: [
          {
            ...native('proxy', '500m'),
            ports: [{ containerPort: 15001, name: 'mesh' }],
            securityContext: { privileged: true },
          },
        ],
      },
    },
  });
  const target = deployment(
    app({ containers: [asks('app', '1')], initContainers: [asks('migrate', '2')], volumes: [] }),
  );
  const one = (sidecar: Sidecar, at: Target = target, others: KubeObject[] = []) =>
    plan({ targets: [at], sidecars: [sidecar], others })[0]!;

  it('says what would change', () => {
    expect(one(proxy)).toEqual({
      workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      changed: true,
      effect: 'Rollout',
      joined: ['proxy'],
      sidecars: { added: ['proxy'], updated: [], removed: [] },
      containers: { added: ['proxy'], removed: [], changed: [] },
      requests: { before: { cpu: '2' }, after: { cpu: '2500m' } },
      limits: { before: {}, after: {} },
      cheaper: [{ sidecar: 'proxy', requests: { cpu: '2' } }],
      qos: { before: 'Burstable', after: 'Burstable' },
      podSecurity: {
        before: 'baseline',
        after: 'privileged',
        because: expect.arrayContaining([
          {
            level: 'baseline',
            field: 'spec.initContainers[0].securityContext.privileged',
            message: 'container "proxy" is privileged',
          },
        ]),
      },
      ports: [{ container: 'proxy', port: 15001, protocol: 'TCP', name: 'mesh' }],
      findings: [],
    });
  });

  it('has nothing to say where nothing would change', () => {
    const none = one(small('proxy', { selector: { names: ['api'] } }));
    expect(none).toMatchObject({
      changed: false,
      effect: 'None',
      joined: [],
      containers: { added: [], removed: [], changed: [] },
      cheaper: [],
    });
    expect(none.requests.after).toEqual(none.requests.before);
  });

  it.each([
    ['v1', 'Pod', {}, 'Recreate'],
    ['batch/v1', 'Job', {}, 'Recreate'],
    ['batch/v1', 'CronJob', {}, 'NextRun'],
    ['apps/v1', 'StatefulSet', {}, 'Rollout'],
    ['apps/v1', 'StatefulSet', { updateStrategy: { type: 'OnDelete' } }, 'OnDelete'],
    ['apps/v1', 'ReplicaSet', {}, 'OnDelete'],
    ['argoproj.io/v1alpha1', 'Rollout', {}, 'Rollout'],
    ['example.com/v1', 'Deployment', {}, 'Unknown'],
    ['v1', 'PodTemplate', {}, 'None'],
  ])('a change of a %s %s with %j means %s', (apiVersion, kind, spec, effect) => {
    expect(one(proxy, { ...target, workload: { ...target.workload, apiVersion, kind, spec } }).effect).toBe(effect);
  });

  it('says what becomes of sidecars that are attached', () => {
    const before = attach({ ...target, sidecars: [proxy, small('kept'), small('gone')] }).template;
    const image = { spec: { initContainers: [{ ...native('proxy', '500m'), image: 'new' }] } };
    const after = [
      small('proxy', { template: image }),
      small('kept'),
      small('new'),
      small('gone', { selector: { names: ['x'] } }),
    ];
    const [planned] = plan({ targets: [{ ...target, template: before }], sidecars: after });
    expect(planned).toMatchObject({
      joined: ['kept', 'new', 'proxy'],
      sidecars: { added: ['new'], updated: ['proxy'], removed: ['gone'] },
      containers: {
        added: ['new-container'],
        removed: ['gone-container'],
        changed: [{ name: 'proxy', fields: ['image', 'ports', 'securityContext'] }],
      },
    });
  });

  it('says that a guaranteed Pod would be so no more', () => {
    const limits = { cpu: '1', memory: '1Gi' };
    const guaranteed = deployment(
      app({ containers: [{ name: 'app', image: 'i', resources: { limits } }], volumes: [] }),
    );
    expect(one(small('logs'), guaranteed).qos).toEqual({ before: 'Guaranteed', after: 'Burstable' });
  });

  it('warns of a Job that would never finish', () => {
    const job: Target = {
      template: app({ restartPolicy: 'Never' }),
      workload: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } },
    };
    expect(one(small('logs'), job).findings).toMatchObject([
      { severity: 'warning', code: 'NeverFinishes', sidecar: 'logs' },
    ]);
    expect(one(proxy, job).findings).toEqual([]);
  });

  it('warns of an autoscaler that would miss a request', () => {
    const autoscaler: KubeObject = {
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    };
    expect(one(small('logs'), target, [autoscaler]).findings).toMatchObject([
      {
        severity: 'warning',
        code: 'NoRequestForAutoscaler',
        message:
          'container "logs-container" requests no cpu, and HorizontalPodAutoscaler "web" scales by the use of cpu: it would stop scaling',
      },
    ]);
    expect(one(proxy, target, [autoscaler]).findings).toEqual([]);
  });
});

describe('explain', () => {
  it('lists every sidecar of every workload with the rule that decided', () => {
    const sidecars = [small('all'), small('api', { selector: { names: ['API'] } })];
    const [first] = explain([deployment(), { template: app({}, { name: 'pod' }) }], sidecars);
    expect(first).toEqual({
      workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      sidecars: [
        {
          name: 'all',
          kind: 'ClusterSidecar',
          joins: true,
          attached: false,
          rule: 'Selected',
          reason: 'it joins every Pod (matchAll)',
          decidedBy: { on: 'sidecar', field: 'spec.selector' },
          findings: [],
        },
        {
          name: 'api',
          kind: 'ClusterSidecar',
          joins: false,
          attached: false,
          rule: 'Names',
          reason: 'its name "web" is none of API',
          decidedBy: { on: 'sidecar', field: 'spec.selector.names' },
          findings: [],
        },
      ],
      findings: [],
    });
  });

  const annotated = (annotations: Record<string, string>, more: Partial<Target> = {}): Target => ({
    ...deployment(app({}, { annotations })),
    ...more,
  });
  it.each<[string, Target, unknown]>([
    [
      'its own annotation',
      annotated({ 'outfit.dev/inject': 'true', 'all.sidecar.outfit.dev/inject': 'false' }),
      { on: 'template', field: 'metadata.annotations[all.sidecar.outfit.dev/inject]' },
    ],
    [
      'the annotation for all',
      annotated({ 'outfit.dev/inject': 'false' }),
      { on: 'template', field: 'metadata.annotations[outfit.dev/inject]' },
    ],
    [
      'the annotation of the namespace',
      annotated({}, { namespace: { metadata: { name: 'shop', annotations: { 'outfit.dev/inject': 'false' } } } }),
      { on: 'namespace', field: 'metadata.annotations[outfit.dev/inject]' },
    ],
  ])('names the field that decided: %s', (_, target, expected) => {
    expect(explain([target], [small('all')])[0]?.sidecars[0]?.decidedBy).toEqual(expected);
  });

  it.each<[string, Target, string, string]>([
    [
      'a label',
      deployment(app({}, { labels: { 'outfit.dev/inject': 'false' } })),
      'template metadata.labels[outfit.dev/inject]',
      'is a label here, and only annotations are read',
    ],
    [
      'a key in another case',
      annotated({ 'outfit.dev/Inject': 'false' }),
      'template metadata.annotations[outfit.dev/Inject]',
      'is read by nobody; did you mean "outfit.dev/inject"?',
    ],
    [
      'a key that there is not',
      annotated({ 'hello.outfit.dev/interval': '5' }),
      'template metadata.annotations[hello.outfit.dev/interval]',
      'is read by nobody: keys are outfit.dev/inject, NAME.sidecar.outfit.dev/inject and NAME.sidecar.outfit.dev/PARAMETER',
    ],
    [
      'the Job template of a CronJob',
      {
        template: app(),
        workload: {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata: { name: 'c' },
          spec: { jobTemplate: { metadata: { annotations: { 'outfit.dev/inject': 'false' } } } },
        },
      },
      'workload spec.jobTemplate.metadata.annotations[outfit.dev/inject]',
      "stands on the Job, where it does nothing; its place is the Pod template's metadata",
    ],
  ])('says that nobody reads %s', (_, target, where, message) => {
    const found = explain([target], [small('all')])[0]?.findings ?? [];
    expect(found.map(({ on, field, message }) => [`${on} ${field}`, message])).toEqual([[where, message]]);
  });
});
