import { describe, expect, test } from 'vitest';
import type { Pod } from '../generated/objects.ts';
import type { KubeObject } from '../object.ts';
import { withDefaults } from './defaults.ts';
import { admitPod, admitPodUpdate, initialPodStatus } from './pod-admission.ts';

const PODS = { group: '', resource: 'pods' };
const pod = (spec: Record<string, unknown>): KubeObject => ({ metadata: { name: 'web', namespace: 'default' }, spec });
const one = (container: object) => pod({ containers: [{ name: 'c', image: 'nginx:1', ...container }] });
const containerOf = (object: KubeObject) => (object as Pod).spec?.containers[0];

describe('a Pod', () => {
  test('with nothing but a name and an image', () => {
    expect(withDefaults(PODS, pod({ containers: [{ name: 'c', image: 'nginx' }] }))).toEqual(
      pod({
        containers: [
          {
            name: 'c',
            image: 'nginx',
            imagePullPolicy: 'Always',
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            resources: {},
          },
        ],
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
        schedulerName: 'default-scheduler',
        enableServiceLinks: true,
      }),
    );
  });

  test('is not altered itself, and a second time nothing changes', () => {
    const given = one({ ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } });
    const copy = structuredClone(given);
    const once = withDefaults(PODS, given);
    expect(given).toEqual(copy);
    expect(withDefaults(PODS, once)).toEqual(once);
  });

  test.each<[string, object, object]>([
    ['ports are TCP', { ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, protocol: 'TCP' }] }],
    [
      'probes',
      { livenessProbe: { httpGet: { port: 80 } } },
      {
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
    ['gRPC probes', { startupProbe: { grpc: { port: 1 } } }, { startupProbe: { grpc: { port: 1, service: '' } } }],
    [
      'hooks',
      { lifecycle: { preStop: { httpGet: { port: 80 } } } },
      { lifecycle: { preStop: { httpGet: { port: 80, path: '/', scheme: 'HTTP' } } } },
    ],
    [
      'fields in variables',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }] },
    ],
    [
      'amounts of containers in variables',
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] },
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } }] },
    ],
    [
      'requests follow limits, one by one',
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '0.5' } } },
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } } },
    ],
    [
      'amounts are rounded up',
      { resources: { requests: { cpu: '0.0001' } } },
      { resources: { requests: { cpu: '1m' } } },
    ],
    ['a policy that is given stays', { imagePullPolicy: 'Never' }, { imagePullPolicy: 'Never' }],
  ])('%s', (_, given, expected) => {
    expect(containerOf(withDefaults(PODS, one(given)))).toMatchObject(expected);
  });

  test('on the host network listens on the ports of the host', () => {
    const given = pod({ hostNetwork: true, containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] });
    expect(containerOf(withDefaults(PODS, given))?.ports).toEqual([
      { containerPort: 80, hostPort: 80, protocol: 'TCP' },
    ]);
  });

  test('writes its service account under both names', () => {
    const given = pod({ serviceAccount: 'old', containers: [] });
    expect(withDefaults(PODS, given).spec).toMatchObject({ serviceAccount: 'old', serviceAccountName: 'old' });
  });

  test.each<[string, object, object]>([
    ['no source is an emptyDir', {}, { emptyDir: {} }],
    ['hostPath', { hostPath: { path: '/x' } }, { hostPath: { path: '/x', type: '' } }],
    ['secret', { secret: { secretName: 's' } }, { secret: { secretName: 's', defaultMode: 420 } }],
    ['configMap', { configMap: { name: 'c' } }, { configMap: { name: 'c', defaultMode: 420 } }],
    [
      'projected',
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    ],
    ['image', { image: { reference: 'x' } }, { image: { reference: 'x', pullPolicy: 'Always' } }],
  ])('volume: %s', (_, given, expected) => {
    const result = withDefaults(PODS, pod({ containers: [], volumes: [{ name: 'v', ...given }] })) as Pod;
    expect(result.spec?.volumes).toEqual([{ name: 'v', ...expected }]);
  });
});

describe('other kinds', () => {
  test('a namespace is labelled with its name and active', () => {
    expect(withDefaults({ group: '', resource: 'namespaces' }, { metadata: { name: 'a' } })).toEqual({
      metadata: { name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } },
      spec: {},
      status: { phase: 'Active' },
    });
  });

  test('a secret’s stringData becomes data and wins', () => {
    const given = { metadata: { name: 'a' }, data: { k: 'b2xk', l: 'bA==' }, stringData: { k: 'grüß' } };
    expect(withDefaults({ group: '', resource: 'secrets' }, given)).toEqual({
      metadata: { name: 'a' },
      type: 'Opaque',
      data: { k: 'Z3LDvMOf', l: 'bA==' },
    });
  });

  test('a claim', () => {
    const given = { metadata: { name: 'a' }, spec: { resources: { requests: { storage: '1024Mi' } } } };
    expect(withDefaults({ group: '', resource: 'persistentvolumeclaims' }, given)).toEqual({
      metadata: { name: 'a' },
      spec: { resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    });
  });

  test('events of another group are left alone', () => {
    const given = { metadata: { name: 'a' } };
    expect(withDefaults({ group: 'events.k8s.io', resource: 'events' }, given)).toEqual(given);
  });
});

describe('admission', () => {
  const admitted = (spec: Record<string, unknown>) => admitPod(pod({ containers: [], ...spec }) as Pod).spec;

  test('adds tolerations and priority', () => {
    expect(admitted({})).toEqual({
      containers: [],
      tolerations: ['not-ready', 'unreachable'].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
  });

  test('leaves tolerations that already cover a taint', () => {
    const tolerations = [{ operator: 'Exists' }];
    expect(admitted({ tolerations })?.tolerations).toEqual(tolerations);
  });

  test('knows the priorities of the system', () => {
    expect(admitted({ priorityClassName: 'system-node-critical' })?.priority).toBe(2_000_001_000);
  });

  test.each([
    [{ priorityClassName: 'fast' }, 'no PriorityClass with name fast was found'],
    [
      { priority: 7 },
      'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [{ runtimeClassName: 'kata' }, 'pod rejected: RuntimeClass "kata" not found'],
    [{ overhead: { cpu: '1' } }, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'],
  ])('forbids %j', (spec, why) => {
    expect(() => admitted(spec)).toThrow(
      expect.objectContaining({ reason: 'Forbidden', message: `pods "web" is forbidden: ${why}` }),
    );
  });

  test('a replacement that leaves out tolerations and priority keeps them; no node is added', () => {
    const previous = admitPod(pod({ containers: [], nodeName: 'node1' }) as Pod);
    const { nodeName, ...kept } = previous.spec!;
    expect(admitPodUpdate(pod({ containers: [] }) as Pod, previous).spec).toEqual(kept);
    expect(nodeName).toBe('node1');
  });

  test('a replacement that says another priority says so', () => {
    const previous = admitPod(pod({ containers: [] }) as Pod);
    expect(admitPodUpdate(pod({ containers: [], priority: 7 }) as Pod, previous).spec?.priority).toBe(7);
  });

  test('the first status of a Pod, gated or not', () => {
    expect(initialPodStatus(pod({ containers: [] }) as Pod, 'T')).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(initialPodStatus(pod({ containers: [], schedulingGates: [{ name: 'g' }] }) as Pod, 'T')).toEqual({
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          lastProbeTime: null,
          lastTransitionTime: 'T',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ],
      qosClass: 'BestEffort',
    });
  });
});
