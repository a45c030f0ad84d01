import { describe, expect, test } from 'vitest';
import definitions from '../kube/generated/definitions.json' with { type: 'json' };
import type { Container, Pod, PodSpec } from '../kube/generated/objects.ts';
import { FIELD_SUPPORT, type MachineAbilities } from './field-support.ts';
import { NO_ABILITIES } from './runtime-abilities.ts';
import { fieldSupport, unsupportedFields } from './unsupported.ts';

const STORY: PodSpec = {
  containers: [
    {
      name: 'main-container',
      image: 'nginx',
      imagePullPolicy: 'Always',
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      volumeMounts: [{ name: 'var-logs', mountPath: '/usr/share/nginx/html' }],
    },
  ],
  dnsPolicy: 'ClusterFirst',
  enableServiceLinks: true,
  nodeName: 'node1',
  preemptionPolicy: 'PreemptLowerPriority',
  priority: 0,
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  serviceAccount: 'default',
  serviceAccountName: 'default',
  terminationGracePeriodSeconds: 30,
  tolerations: [
    { effect: 'NoExecute', key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 300 },
  ],
  volumes: [{ name: 'var-logs', emptyDir: {} }],
};

const withSpec = (spec: Partial<PodSpec>): Pod => ({ spec: { ...STORY, ...spec } });
const withContainer = (container: Partial<Container>): Pod =>
  withSpec({ containers: [{ ...(STORY.containers[0] as Container), ...container }] });

const NOTHING: MachineAbilities = { appArmor: false, seLinux: false, ...NO_ABILITIES };
const CANNOT = "this node's container runtime cannot do it (containerd can since 2.0)";
const GROUPS = 'securityContext.supplementalGroupsPolicy';
const withGroups = (supplementalGroupsPolicy: string): Pod =>
  withSpec({ securityContext: { supplementalGroupsPolicy } });
const MOUNT = 'containers[0].volumeMounts[0].recursiveReadOnly';
const withMount = (recursiveReadOnly: string): Pod =>
  withContainer({ volumeMounts: [{ name: 'var-logs', mountPath: '/v', readOnly: true, recursiveReadOnly }] });

test('the first story, with all that the API server fills in, gets no warning', () => {
  expect(unsupportedFields(withSpec({}), NOTHING)).toEqual([]);
});

describe('a field that the node cannot honour is named, with the consequence', () => {
  test.each<[string, Pod, string[]]>([
    [
      'a hook that no kubelet can run, and a stop signal, but no other probe, hook or message',
      withContainer({
        livenessProbe: { httpGet: { port: 80 }, terminationGracePeriodSeconds: 3 },
        readinessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 2 },
        startupProbe: { grpc: { port: 1, service: 's' } },
        lifecycle: {
          preStop: { sleep: { seconds: 1 } },
          postStart: { tcpSocket: { port: 1 } },
          stopSignal: 'SIGUSR1',
        },
        terminationMessagePath: '/last-words',
        terminationMessagePolicy: 'FallbackToLogsOnError',
      }),
      [
        'spec.containers[0].lifecycle.postStart.tcpSocket: no cluster can run this hook: it fails when its time comes',
        'spec.containers[0].lifecycle.stopSignal: not honoured, as in a cluster of v1.33 (feature gate ContainerStopSignals is off): the container gets the stop signal of its image',
      ],
    ],
    [
      'volumes of other kinds',
      withSpec({
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'p', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
          { name: 'c', csi: { driver: 'csi.example.com' } },
        ],
      }),
      [
        'spec.volumes[2].csi: volumes of this kind are not supported by this node yet: the pod will wait in ContainerCreating',
      ],
    ],
    [
      'of the claim of an ephemeral volume, what keeps it from being bound, and its size',
      withSpec({
        volumes: [
          {
            name: 'e',
            ephemeral: {
              volumeClaimTemplate: {
                metadata: { labels: { a: 'b' } },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  resources: { requests: { storage: '1Gi' } },
                  selector: { matchLabels: { a: 'b' } },
                  volumeMode: 'Filesystem',
                },
              },
            },
          },
        ],
      }),
      [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources: not enforced by this node: the volume may grow as large as the disk',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.selector: not honoured by this node yet: the claim will stay Pending, and the pod with it',
      ],
    ],
    [
      'limits of what this node does not have',
      withContainer({
        resources: { limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', 'example.com/gpu': '1' } },
      }),
      [
        'spec.containers[0].resources.limits[example.com/gpu]: not honoured by this node yet: this node has no such resource to give',
      ],
    ],
    [
      'where the pod runs and as whom',
      withSpec({
        hostUsers: false,
        imagePullSecrets: [{ name: 'registry' }],
        affinity: {
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
          },
        },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      }),
      [
        `spec.hostUsers: ${CANNOT}: the pod will wait in ContainerCreating`,
        'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution: not honoured by this node yet: the pod is bound whatever other pods are there',
        'spec.topologySpreadConstraints: not honoured by this node yet: there is one node, nothing is spread',
      ],
    ],
    [
      'a field that nobody knows',
      withSpec({ newInLaterVersions: { deep: true } } as Partial<PodSpec>),
      ['spec.newInLaterVersions.deep: not known to this node: ignored'],
    ],
    ['values that ask for nothing', withSpec({ hostUsers: true, imagePullSecrets: [], nodeSelector: {} }), []],
  ])('%s', (_, pod, warnings) => {
    expect(unsupportedFields(pod, NOTHING)).toEqual(warnings);
  });
});

test.each([
  [{ type: 'RuntimeDefault' }, true],
  [{ type: 'Localhost', localhostProfile: 'strict' }, true],
  [{ type: 'Unconfined' }, false],
])('%j is told to be without effect only where the kernel has no AppArmor', (appArmorProfile, isTold) => {
  const pod = withContainer({ securityContext: { appArmorProfile } });
  const told =
    "spec.containers[0].securityContext.appArmorProfile: this machine's kernel does not enforce AppArmor: containers run without a profile";
  expect(unsupportedFields(pod, { ...NOTHING, appArmor: true })).toEqual([]);
  expect(unsupportedFields(pod, NOTHING)).toEqual(isTold ? [told] : []);
});

const NO_SELINUX =
  "securityContext.seLinuxOptions: this machine's kernel has no SELinux: containers run without a label";
const LABEL = { securityContext: { seLinuxOptions: { level: 's0:c1,c2' } } };

test.each<[keyof MachineAbilities, Pod, string | undefined]>([
  ['seLinux', withSpec(LABEL), NO_SELINUX],
  ['seLinux', withContainer(LABEL), `containers[0].${NO_SELINUX}`],
  ['seLinux', withSpec({ securityContext: { seLinuxChangePolicy: 'MountOption' } }), undefined],
  ['userNamespaces', withSpec({ hostUsers: false }), `hostUsers: ${CANNOT}: the pod will wait in ContainerCreating`],
  ['userNamespaces', withSpec({ hostUsers: true }), undefined],
  ['supplementalGroupsPolicy', withGroups('Strict'), `${GROUPS}: ${CANNOT}: the pod will fail`],
  ['supplementalGroupsPolicy', withGroups('Merge'), undefined],
  [
    'recursiveReadOnly',
    withMount('Enabled'),
    `${MOUNT}: ${CANNOT}: the container will wait with CreateContainerConfigError`,
  ],
  ['recursiveReadOnly', withMount('IfPossible'), `${MOUNT}: ${CANNOT}: mounts below this one stay writable`],
  ['recursiveReadOnly', withMount('Disabled'), undefined],
])('what needs %s is warned about where it is not there', (ability, pod, warning) => {
  expect(unsupportedFields(pod, NOTHING)).toEqual(warning === undefined ? [] : [`spec.${warning}`]);
  expect(unsupportedFields(pod, { ...NOTHING, [ability]: true })).toEqual([]);
});

describe('the table', () => {
  const leaves = leafPatterns('#PodSpec', '');

  test('has a row for every leaf of the PodSpec of Kubernetes v1.33', () => {
    expect(leaves.length).toBeGreaterThan(700);
    expect(leaves.filter((leaf) => fieldSupport(leaf) === undefined)).toEqual([]);
  });

  test('says honoured only of single leaves', () => {
    const rows = Object.keys(FIELD_SUPPORT).filter((pattern) => FIELD_SUPPORT[pattern] === 'honoured');
    expect(rows.filter((pattern) => !leaves.includes(pattern))).toEqual([]);
  });

  test('has no row for a field that there is not', () => {
    const isPrefix = (row: string) =>
      leaves.some((leaf) => leaf === row || (/^[.[{]/.test(leaf.slice(row.length)) && leaf.startsWith(row)));
    expect(Object.keys(FIELD_SUPPORT).filter((row) => !isPrefix(row))).toEqual([]);
  });
});

/** Every leaf below a type of definitions.json, as a pattern; types that hold themselves are walked once. */
function leafPatterns(type: string, pattern: string, above: string[] = []): string[] {
  if (type.startsWith('[]')) return leafPatterns(type.slice(2), `${pattern}[]`, above);
  if (type.startsWith('{}')) return leafPatterns(type.slice(2), `${pattern}{}`, above);
  const kind = type.slice(1);
  if (!type.startsWith('#') || above.includes(kind)) return [pattern];
  const { properties } = (definitions as Record<string, { properties?: Record<string, string> }>)[kind] ?? {};
  const fields = Object.entries(properties ?? {});
  if (fields.length === 0) return [pattern];
  return fields.flatMap(([name, child]) =>
    leafPatterns(child, pattern === '' ? name : `${pattern}.${name}`, [...above, kind]),
  );
}
