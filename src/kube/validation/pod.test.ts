import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { decodeObject } from '../decode.ts';
import { withDefaults } from '../defaults/defaults.ts';
import { admitPod } from '../defaults/pod-admission.ts';
import type { Pod } from '../generated/objects.ts';
import type { KubeObject } from '../object.ts';
import { findResource, type Resource } from '../resources.ts';
import { validatePod } from './pod.ts';

const PODS = findResource('', 'v1', 'pods') as Resource;

/** A Pod with one of everything that later cases spoil. */
const BASE = {
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' }, annotations: {} as Record<string, string> },
  spec: {
    serviceAccountName: 'default',
    terminationGracePeriodSeconds: 30,
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'claim', persistentVolumeClaim: { claimName: 'pvc' } },
    ],
    initContainers: [{ name: 'init', image: 'busybox' }],
    containers: [
      {
        name: 'web',
        image: 'nginx',
        ports: [{ containerPort: 80 }],
        env: [{ name: 'A', value: 'b' }],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
  },
};

// biome-ignore lint/suspicious/noExplicitAny: cases write what the types forbid
type Anything = any;

/** What the API server would answer: the faults as `field: message`. */
function faults(change: (pod: Anything) => void): string[] {
  const pod = structuredClone(BASE) as Anything;
  change(pod);
  const { object } = decodeObject(PODS, pod);
  return validatePod(admitted(withDefaults(PODS, object))).map((e) => `${e.field}: ${e.message}`);
}

/** Admission refuses some Pods before validation sees them; here validation is looked at alone. */
function admitted(pod: KubeObject): Pod {
  try {
    return admitPod(pod as Pod);
  } catch {
    return pod as Pod;
  }
}

const LABEL = (text: string): string =>
  `Invalid value: "${text}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
const SUBDOMAIN = (text: string): string =>
  `Invalid value: "${text}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const C = 'spec.containers[0]';
const I = 'spec.initContainers[0]';
const V = 'spec.volumes[0]';
const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const SIDECARS_ONLY = 'Forbidden: may not be set for init containers without restartPolicy=Always';
const ONE_TYPE = 'Forbidden: may not specify more than 1 volume type';
const httpGet = { path: '/', port: 80 };

type Case = [what: string, change: (pod: Anything) => void, expected: string[]];
const c = (container: object) => (pod: Anything) => Object.assign(pod.spec.containers[0], container);
const i = (container: object) => (pod: Anything) => Object.assign(pod.spec.initContainers[0], container);
const s = (spec: object) => (pod: Anything) => Object.assign(pod.spec, spec);
const m = (meta: object) => (pod: Anything) => Object.assign(pod.metadata, meta);
const v = (source: object) => (pod: Anything) => {
  pod.spec.volumes[0] = { name: 'data', ...source };
};
/** A faulty volume is unknown to its mounts. */
const LOST = `${C}.volumeMounts[0].name: Not found: "data"`;

test('the base is fine', () => expect(faults(() => {})).toEqual([]));

describe.each<[string, Case[]]>([
  [
    'metadata',
    [
      ['no name', m({ name: undefined }), ['metadata.name: Required value: name or generateName is required']],
      ['an upper-case name', m({ name: 'Web' }), [`metadata.name: ${SUBDOMAIN('Web')}`]],
      ['dots in the name', m({ name: 'a.b' }), []],
      [
        'too long a name',
        m({ name: 'a'.repeat(254) }),
        [`metadata.name: Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`],
      ],
      ['a generateName that ends in a dash', m({ generateName: 'web-' }), []],
      ['an upper-case generateName', m({ generateName: 'Web-' }), [`metadata.generateName: ${SUBDOMAIN('Web-')}`]],
      ['no namespace', m({ namespace: undefined }), ['metadata.namespace: Required value']],
      [
        'a label key with a blank',
        m({ labels: { 'a b': '' } }),
        [
          `metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
        ],
      ],
      [
        'a label value with a blank',
        m({ labels: { a: 'b c' } }),
        [
          `metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        ],
      ],
      [
        'annotations that are too large',
        m({ annotations: { a: 'x'.repeat(256 * 1024) } }),
        ['metadata.annotations: Too long: may not be more than 262144 bytes'],
      ],
      ['an upper-case annotation key', m({ annotations: { 'Example.com/A': '' } }), []],
      [
        'a finalizer without domain',
        m({ finalizers: ['mine'] }),
        [
          'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
        ],
      ],
      [
        'an owner without uid',
        m({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }] }),
        ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
      ],
      [
        'a deletion cost that is no number',
        m({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': 'much' } }),
        [
          'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "much": must be a 32bit integer',
        ],
      ],
      [
        'an AppArmor annotation of no container',
        m({ annotations: { 'container.apparmor.security.beta.kubernetes.io/x': 'unconfined' } }),
        [
          'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found',
        ],
      ],
    ],
  ],
  [
    'containers',
    [
      ['none', s({ containers: [] }), ['spec.containers: Required value']],
      ['no spec at all', (pod) => delete pod.spec, ['spec.containers: Required value']],
      ['no name', c({ name: '' }), [`${C}.name: Required value`]],
      ['an upper-case name', c({ name: 'Web' }), [`${C}.name: ${LABEL('Web')}`]],
      ['a name with dots', c({ name: 'a.b' }), [`${C}.name: Invalid value: "a.b": must not contain dots`]],
      ['no image', c({ image: undefined }), [`${C}.image: Required value`]],
      [
        'blanks around the image',
        c({ image: ' nginx' }),
        [`${C}.image: Invalid value: " nginx": must not have leading or trailing whitespace`],
      ],
      [
        'two of one name',
        (pod) => pod.spec.containers.push({ name: 'web', image: 'x' }),
        ['spec.containers[1].name: Duplicate value: "web"'],
      ],
      [
        'an unknown pull policy',
        c({ imagePullPolicy: 'Sometimes' }),
        [`${C}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`],
      ],
      [
        'an unknown message policy',
        c({ terminationMessagePolicy: 'x' }),
        [`${C}.terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"`],
      ],
      [
        'a restart policy',
        c({ restartPolicy: 'Always' }),
        [`${C}.restartPolicy: Forbidden: may not be set for non-init containers`],
      ],
      [
        'a resize policy twice',
        c({
          resizePolicy: [
            { resourceName: 'cpu', restartPolicy: 'NotRequired' },
            { resourceName: 'cpu', restartPolicy: 'NotRequired' },
          ],
        }),
        [`${C}.resizePolicy[1]: Duplicate value: "cpu"`],
      ],
    ],
  ],
  [
    'init containers and sidecars',
    [
      ['the name of a main container', i({ name: 'web' }), [`${I}.name: Duplicate value: "web"`]],
      [
        'two of one name',
        (pod) => pod.spec.initContainers.push({ name: 'init', image: 'x' }),
        ['spec.initContainers[1].name: Duplicate value: "init"'],
      ],
      [
        'an unknown restart policy',
        i({ restartPolicy: 'Never' }),
        [`${I}.restartPolicy: Unsupported value: "Never": supported values: "Always"`],
      ],
      ['a liveness probe', i({ livenessProbe: { httpGet } }), [`${I}.livenessProbe: ${SIDECARS_ONLY}`]],
      ['a readiness probe', i({ readinessProbe: { httpGet } }), [`${I}.readinessProbe: ${SIDECARS_ONLY}`]],
      ['a startup probe', i({ startupProbe: { httpGet } }), [`${I}.startupProbe: ${SIDECARS_ONLY}`]],
      ['hooks', i({ lifecycle: { preStop: { exec: { command: ['x'] } } } }), [`${I}.lifecycle: ${SIDECARS_ONLY}`]],
      [
        'a sidecar with all of them',
        i({
          restartPolicy: 'Always',
          livenessProbe: { httpGet },
          readinessProbe: { httpGet },
          startupProbe: { httpGet },
          lifecycle: { preStop: { exec: { command: ['x'] } } },
        }),
        [],
      ],
      [
        'a sidecar with a bad probe',
        i({ restartPolicy: 'Always', livenessProbe: {} }),
        [`${I}.livenessProbe: Required value: must specify a handler type`],
      ],
      [
        'the same host port in both',
        (pod) =>
          pod.spec.initContainers.push(
            { name: 'b', image: 'x', ports: [{ containerPort: 1, hostPort: 1 }] },
            { name: 'd', image: 'x', ports: [{ containerPort: 1, hostPort: 1 }] },
          ),
        [],
      ],
    ],
  ],
  [
    'ephemeral containers',
    [
      [
        'on create',
        s({ ephemeralContainers: [{ name: 'debug', image: 'x' }] }),
        ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
      ],
      [
        'with ports and a taken name',
        s({
          ephemeralContainers: [{ name: 'web', image: 'x', ports: [{ containerPort: 1 }], targetContainerName: 'who' }],
        }),
        [
          'spec.ephemeralContainers[0].name: Duplicate value: "web"',
          'spec.ephemeralContainers[0].targetContainerName: Not found: "who"',
          'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
          'spec.ephemeralContainers: Forbidden: cannot be set on create',
        ],
      ],
    ],
  ],
  [
    'ports',
    [
      ['no number', c({ ports: [{}] }), [`${C}.ports[0].containerPort: Required value`]],
      [
        'too large',
        c({ ports: [{ containerPort: 65536 }] }),
        [`${C}.ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive`],
      ],
      [
        'a host port too large',
        c({ ports: [{ containerPort: 1, hostPort: 70000 }] }),
        [`${C}.ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
      ],
      [
        'an unknown protocol',
        c({ ports: [{ containerPort: 1, protocol: 'tcp' }] }),
        [`${C}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`],
      ],
      [
        'one name twice',
        c({
          ports: [
            { containerPort: 1, name: 'a' },
            { containerPort: 2, name: 'a' },
          ],
        }),
        [`${C}.ports[1].name: Duplicate value: "a"`],
      ],
      [
        'a bad name',
        c({ ports: [{ containerPort: 1, name: 'a--b' }] }),
        [`${C}.ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens`],
      ],
      ['one port twice', c({ ports: [{ containerPort: 1 }, { containerPort: 1 }] }), []],
      [
        'one host port in two containers',
        (pod) => {
          pod.spec.containers[0].ports = [{ containerPort: 80, hostPort: 80 }];
          pod.spec.containers.push({ name: 'b', image: 'x', ports: [{ containerPort: 81, hostPort: 80 }] });
        },
        ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
      ],
      [
        'another host port on the host network',
        (pod) => {
          pod.spec.hostNetwork = true;
          pod.spec.containers[0].ports = [{ containerPort: 80, hostPort: 81 }];
        },
        [`${C}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`],
      ],
    ],
  ],
  [
    'environment',
    [
      ['no name', c({ env: [{ value: 'x' }] }), [`${C}.env[0].name: Required value`]],
      [
        'an equals sign in the name',
        c({ env: [{ name: 'A=B' }] }),
        [
          `${C}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        ],
      ],
      ['a digit first', c({ env: [{ name: '1A' }] }), []],
      [
        'a value and a source',
        c({ env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
        [`${C}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
      ],
      [
        'no source',
        c({ env: [{ name: 'A', valueFrom: {} }] }),
        [
          `${C}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
        ],
      ],
      [
        'two sources',
        c({
          env: [
            {
              name: 'A',
              valueFrom: { secretKeyRef: { name: 's', key: 'k' }, fieldRef: { fieldPath: 'metadata.name' } },
            },
          ],
        }),
        [`${C}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`],
      ],
      [
        'an unknown field',
        c({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }),
        [
          `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo`,
        ],
      ],
      [
        'a field that variables cannot take',
        c({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
        [
          `${C}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
        ],
      ],
      ['one label', c({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] }), []],
      [
        'a subscript of something else',
        c({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.name['x']" } } }] }),
        [
          `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name['x']": error converting fieldPath: field label does not support subscript: metadata.name['x']`,
        ],
      ],
      [
        'an unknown amount',
        c({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } }] }),
        [
          `${C}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
        ],
      ],
      [
        'an odd divisor',
        c({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } }] }),
        [
          `${C}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
        ],
      ],
      [
        'a secret key without key',
        c({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }),
        [`${C}.env[0].valueFrom.secretKeyRef.key: Required value`],
      ],
      [
        'a config map without name',
        c({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { key: 'k' } } }] }),
        [`${C}.env[0].valueFrom.configMapKeyRef.name: ${SUBDOMAIN('')}`],
      ],
      [
        'envFrom without source',
        c({ envFrom: [{}] }),
        [`${C}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
      ],
      ['envFrom without name', c({ envFrom: [{ secretRef: {} }] }), [`${C}.envFrom[0].secretRef.name: Required value`]],
      [
        'envFrom with both',
        c({ envFrom: [{ secretRef: { name: 'a' }, configMapRef: { name: 'a' } }] }),
        [`${C}.envFrom: Invalid value: "": may not have more than one field specified at a time`],
      ],
      [
        'a prefix with an equals sign',
        c({ envFrom: [{ prefix: '=', secretRef: { name: 'a' } }] }),
        [
          `${C}.envFrom[0].prefix: Invalid value: "=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        ],
      ],
    ],
  ],
  [
    'mounts',
    [
      [
        'an unknown volume',
        c({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
        [`${C}.volumeMounts[0].name: Not found: "x"`],
      ],
      [
        'no name',
        c({ volumeMounts: [{ mountPath: '/x' }] }),
        [`${C}.volumeMounts[0].name: Required value`, `${C}.volumeMounts[0].name: Not found: ""`],
      ],
      ['no path', c({ volumeMounts: [{ name: 'data' }] }), [`${C}.volumeMounts[0].mountPath: Required value`]],
      [
        'one path twice',
        c({
          volumeMounts: [
            { name: 'data', mountPath: '/x' },
            { name: 'claim', mountPath: '/x' },
          ],
        }),
        [`${C}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique`],
      ],
      ['a relative path', c({ volumeMounts: [{ name: 'data', mountPath: 'x:y' }] }), []],
      [
        'an absolute subPath',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: '/a' }] }),
        [`${C}.volumeMounts.subPath: Invalid value: "/a": must be a relative path`],
      ],
      [
        'a subPath upwards',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: 'a/../b' }] }),
        [`${C}.volumeMounts.subPath: Invalid value: "a/../b": must not contain '..'`],
      ],
      [
        'both subPaths',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: 'a', subPathExpr: 'b' }] }),
        [`${C}.volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`],
      ],
      [
        'an unknown propagation',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', mountPropagation: 'Up' }] }),
        [
          `${C}.volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"`,
        ],
      ],
      [
        'Bidirectional without privilege',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', mountPropagation: 'Bidirectional' }] }),
        [
          `${C}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
        ],
      ],
      [
        'recursive read-only that may be written',
        c({ volumeMounts: [{ name: 'data', mountPath: '/x', recursiveReadOnly: 'Enabled' }] }),
        [`${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
      ],
      [
        'a device that is no claim',
        c({ volumeMounts: [], volumeDevices: [{ name: 'data', devicePath: '/dev/x' }] }),
        [
          `${C}.volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
        ],
      ],
      [
        'a device that is mounted too',
        c({
          volumeMounts: [{ name: 'claim', mountPath: '/x' }],
          volumeDevices: [{ name: 'claim', devicePath: '/dev/x' }],
        }),
        [
          `${C}.volumeMounts[0].name: Invalid value: "claim": must not already exist in volumeDevices`,
          `${C}.volumeDevices[0].name: Invalid value: "claim": must not already exist in volumeMounts`,
        ],
      ],
    ],
  ],
  [
    'volumes',
    [
      ['no name', (pod) => pod.spec.volumes.push({ emptyDir: {} }), ['spec.volumes[2].name: Required value']],
      [
        'one name twice',
        (pod) => pod.spec.volumes.push({ name: 'data', emptyDir: {} }),
        ['spec.volumes[2].name: Duplicate value: "data"'],
      ],
      [
        'an upper-case name, and so a lost mount',
        (pod) => {
          pod.spec.volumes[0].name = 'Data';
          pod.spec.containers[0].volumeMounts[0].name = 'Data';
        },
        [`${V}.name: ${LABEL('Data')}`, `${C}.volumeMounts[0].name: Not found: "Data"`],
      ],
      ['two sources', v({ emptyDir: {}, secret: { secretName: 's' } }), [`${V}.secret: ${ONE_TYPE}`, LOST]],
      [
        'a negative size',
        v({ emptyDir: { sizeLimit: '-1' } }),
        [`${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`, LOST],
      ],
      ['hostPath without path', v({ hostPath: {} }), [`${V}.hostPath.path: Required value`, LOST]],
      [
        'hostPath upwards',
        v({ hostPath: { path: '/a/../b' } }),
        [`${V}.hostPath.path: Invalid value: "/a/../b": must not contain '..'`, LOST],
      ],
      [
        'an unknown type of hostPath',
        v({ hostPath: { path: '/a', type: 'Dir' } }),
        [
          `${V}.hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
          LOST,
        ],
      ],
      ['secret without name', v({ secret: {} }), [`${V}.secret.secretName: Required value`, LOST]],
      [
        'a mode too large',
        v({ secret: { secretName: 's', defaultMode: 0o1777 } }),
        [`${V}.secret.defaultMode: Invalid value: 1023: ${MODE}`, LOST],
      ],
      ['configMap without name', v({ configMap: {} }), [`${V}.configMap.name: Required value`, LOST]],
      [
        'an item upwards',
        v({ configMap: { name: 'c', items: [{ key: 'k', path: '../x' }] } }),
        [`${V}.configMap.items[0].path: Invalid value: "../x": must not contain '..'`, LOST],
      ],
      [
        'an item with a reserved path',
        v({ configMap: { name: 'c', items: [{ key: 'k', path: '..x' }] } }),
        [`${V}.configMap.items[0].path: Invalid value: "..x": must not start with '..'`, LOST],
      ],
      [
        'an absolute item',
        v({ secret: { secretName: 's', items: [{ path: '/x' }] } }),
        [
          `${V}.secret.items[0].key: Required value`,
          `${V}.secret.items[0].path: Invalid value: "/x": must be a relative path`,
          LOST,
        ],
      ],
      [
        'a claim without name',
        v({ persistentVolumeClaim: {} }),
        [`${V}.persistentVolumeClaim.claimName: Required value`, LOST],
      ],
      [
        'a file of no field',
        v({ downwardAPI: { items: [{ path: 'a' }] } }),
        [`${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`, LOST],
      ],
      [
        'a file of a field that variables take',
        v({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } }),
        [
          `${V}.downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
          LOST,
        ],
      ],
      [
        'two projected files at one path',
        v({
          projected: {
            sources: [
              { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
              { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
            ],
          },
        }),
        [`${V}.projected: Invalid value: "b": conflicting duplicate paths`, LOST],
      ],
      [
        'a projected source of two kinds',
        v({ projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } }),
        [`${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`, LOST],
      ],
      [
        'a token for too short a time',
        v({ projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
        [
          `${V}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
          LOST,
        ],
      ],
      ['an image without reference', v({ image: {} }), [`${V}.image.reference: Required value`, LOST]],
      [
        'NFS with a relative path',
        v({ nfs: { server: 's', path: 'x' } }),
        [`${V}.nfs.path: Invalid value: "x": must be an absolute path`, LOST],
      ],
      [
        'CSI without driver',
        v({ csi: {} }),
        [`${V}.csi.driver: Required value`, `${V}.csi.driver: ${SUBDOMAIN('')}`, LOST],
      ],
      [
        'an ephemeral volume without template',
        v({ ephemeral: {} }),
        [`${V}.ephemeral.volumeClaimTemplate: Required value`, LOST],
      ],
      [
        'an ephemeral volume that asks for nothing',
        v({ ephemeral: { volumeClaimTemplate: { spec: {} } } }),
        [
          `${V}.ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required`,
          `${V}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
          LOST,
        ],
      ],
      ['a disk without name', v({ gcePersistentDisk: {} }), [`${V}.persistentDisk.pdName: Required value`, LOST]],
    ],
  ],
  [
    'probes and hooks',
    [
      ['no action', c({ livenessProbe: {} }), [`${C}.livenessProbe: Required value: must specify a handler type`]],
      [
        'two actions',
        c({ livenessProbe: { exec: { command: ['x'] }, httpGet } }),
        [`${C}.livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type`],
      ],
      ['no command', c({ livenessProbe: { exec: {} } }), [`${C}.livenessProbe.exec.command: Required value`]],
      [
        'no port',
        c({ readinessProbe: { httpGet: {} } }),
        [`${C}.readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
      ],
      [
        'a bad port name',
        c({ readinessProbe: { tcpSocket: { port: '80x--' } } }),
        [
          `${C}.readinessProbe.tcpSocket.port: Invalid value: "80x--": must not contain consecutive hyphens`,
          `${C}.readinessProbe.tcpSocket.port: Invalid value: "80x--": must not begin or end with a hyphen`,
        ],
      ],
      [
        'an unknown scheme',
        c({ readinessProbe: { httpGet: { port: 1, scheme: 'ftp' } } }),
        [`${C}.readinessProbe.httpGet.scheme: Unsupported value: "ftp": supported values: "HTTP", "HTTPS"`],
      ],
      [
        'a header with a blank',
        c({ readinessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'X Y', value: '' }] } } }),
        [
          `${C}.readinessProbe.httpGet.httpHeaders: Invalid value: "X Y": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
        ],
      ],
      [
        'a negative delay',
        c({ readinessProbe: { httpGet, initialDelaySeconds: -1 } }),
        [`${C}.readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`],
      ],
      [
        'two successes of liveness',
        c({ livenessProbe: { httpGet, successThreshold: 2 } }),
        [`${C}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
      ],
      [
        'two successes of startup',
        c({ startupProbe: { httpGet, successThreshold: 2 } }),
        [`${C}.startupProbe.successThreshold: Invalid value: 2: must be 1`],
      ],
      ['two successes of readiness', c({ readinessProbe: { httpGet, successThreshold: 2 } }), []],
      [
        'a grace for readiness',
        c({ readinessProbe: { httpGet, terminationGracePeriodSeconds: 1 } }),
        [`${C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`],
      ],
      [
        'no grace for liveness',
        c({ livenessProbe: { httpGet, terminationGracePeriodSeconds: 0 } }),
        [`${C}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`],
      ],
      [
        'a hook without action',
        c({ lifecycle: { postStart: {} } }),
        [`${C}.lifecycle.postStart: Required value: must specify a handler type`],
      ],
      [
        'a sleep longer than the grace',
        c({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
        [
          `${C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
        ],
      ],
    ],
  ],
  [
    'resources',
    [
      [
        'a request above the limit',
        c({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
        [`${C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
      ],
      [
        'a request that equals the limit in other words',
        c({ resources: { limits: { memory: '1Gi' }, requests: { memory: '1024Mi' } } }),
        [],
      ],
      [
        'a negative amount',
        c({ resources: { limits: { cpu: '-1' } } }),
        [
          `${C}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
          `${C}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
        ],
      ],
      [
        'an unknown name',
        c({ resources: { requests: { gpu: '1' } } }),
        [
          `${C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified`,
          `${C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
        ],
      ],
      [
        'half a device',
        c({ resources: { limits: { 'example.com/gpu': '500m' } } }),
        [
          `${C}.resources.limits[example.com/gpu]: Invalid value: 500m: must be an integer`,
          `${C}.resources.requests[example.com/gpu]: Invalid value: 500m: must be an integer`,
        ],
      ],
      [
        'a device without limit',
        c({ resources: { requests: { 'example.com/gpu': '1' } } }),
        [`${C}.resources.limits: Required value: Limit must be set for non overcommitable resources`],
      ],
      [
        'huge pages alone',
        c({ resources: { limits: { 'hugepages-2Mi': '4Mi' } } }),
        [`${C}.resources: Forbidden: HugePages require cpu or memory`],
      ],
      [
        'an unknown claim',
        c({ resources: { claims: [{ name: 'x' }] } }),
        [
          `${C}.resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`,
        ],
      ],
    ],
  ],
  [
    'security',
    [
      [
        'a negative user',
        c({ securityContext: { runAsUser: -1 } }),
        [`${C}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive`],
      ],
      [
        'privileged without escalation',
        c({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
        [
          `${C}.securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
        ],
      ],
      [
        'an unknown proc mount',
        c({ securityContext: { procMount: 'x' } }),
        [`${C}.securityContext.procMount: Unsupported value: "x": supported values: "Default", "Unmasked"`],
      ],
      [
        'a local seccomp profile without name',
        c({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
        [
          `${C}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
        ],
      ],
      [
        'an unknown seccomp type',
        s({ securityContext: { seccompProfile: { type: 'x' } } }),
        [
          'spec.securityContext.seccompProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
        ],
      ],
      [
        'no seccomp type',
        s({ securityContext: { seccompProfile: {} } }),
        ['spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set'],
      ],
      [
        'an unknown AppArmor type',
        s({ securityContext: { appArmorProfile: { type: 'x' } } }),
        [
          'spec.securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
        ],
      ],
      [
        'a group too large',
        s({ securityContext: { fsGroup: 2 ** 32 } }),
        ['spec.securityContext.fsGroup: Invalid value: 4294967296: must be between 0 and 4294967295, inclusive'],
      ],
      [
        'an unknown fsGroup policy',
        s({ securityContext: { fsGroupChangePolicy: 'x' } }),
        [
          'spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"',
        ],
      ],
      [
        'one sysctl twice',
        s({
          securityContext: {
            sysctls: [
              { name: 'net.a', value: '1' },
              { name: 'net.a', value: '1' },
            ],
          },
        }),
        ['spec.securityContext.sysctls[1].name: Duplicate value: "net.a"'],
      ],
      [
        'a net sysctl on the host network',
        s({
          hostNetwork: true,
          containers: [{ name: 'c', image: 'x' }],
          securityContext: { sysctls: [{ name: 'net.a', value: '1' }] },
        }),
        [
          'spec.securityContext.sysctls[0].name: Invalid value: "net.a": may not be specified when \'hostNetwork\' is true',
        ],
      ],
      [
        'a shared process namespace of the host',
        s({ hostPID: true, shareProcessNamespace: true }),
        [
          'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
        ],
      ],
      [
        'user namespaces on the host network',
        s({ hostUsers: false, hostNetwork: true }),
        ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false'],
      ],
    ],
  ],
  [
    'the Pod',
    [
      [
        'an unknown restart policy',
        s({ restartPolicy: 'Sometimes' }),
        ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
      ],
      [
        'an unknown DNS policy',
        s({ dnsPolicy: 'x' }),
        [
          'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
        ],
      ],
      [
        'DNS None without config',
        s({ dnsPolicy: 'None' }),
        ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
      ],
      [
        'DNS None without servers',
        s({ dnsPolicy: 'None', dnsConfig: {} }),
        [
          'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
        ],
      ],
      [
        'a name server that is no address',
        s({ dnsConfig: { nameservers: ['x'] } }),
        [
          'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ],
      ],
      [
        'four name servers',
        s({ dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } }),
        [
          'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
        ],
      ],
      ['a search with an underscore', s({ dnsConfig: { searches: ['_tcp.example.com.', '.'] } }), []],
      [
        'a host alias that is no address',
        s({ hostAliases: [{ ip: 'x', hostnames: ['a'] }] }),
        ['spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
      ],
      [
        'a host alias in upper case',
        s({ hostAliases: [{ ip: '1.1.1.1', hostnames: ['A'] }] }),
        [`spec.hostAliases[0].hostnames[0]: ${SUBDOMAIN('A')}`],
      ],
      ['a host name with dots', s({ hostname: 'a.b' }), ['spec.hostname: Invalid value: "a.b": must not contain dots']],
      ['an upper-case subdomain', s({ subdomain: 'A' }), [`spec.subdomain: ${LABEL('A')}`]],
      [
        'no time at all',
        s({ activeDeadlineSeconds: 0 }),
        ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
      ],
      ['a negative grace', s({ terminationGracePeriodSeconds: -1 }), []],
      ['an upper-case node', s({ nodeName: 'N' }), [`spec.nodeName: ${SUBDOMAIN('N')}`]],
      ['an upper-case account', s({ serviceAccountName: 'N' }), [`spec.serviceAccountName: ${SUBDOMAIN('N')}`]],
      [
        'a node and a gate',
        s({ nodeName: 'n', schedulingGates: [{ name: 'g' }] }),
        ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
      ],
      [
        'one gate twice',
        s({ schedulingGates: [{ name: 'g' }, { name: 'g' }] }),
        ['spec.schedulingGates[1]: Duplicate value: "g"'],
      ],
      [
        'an unknown system',
        s({ os: { name: 'dos' } }),
        ['spec.os: Unsupported value: "dos": supported values: "linux", "windows"'],
      ],
      [
        'a bad node selector',
        s({ nodeSelector: { a: '-' } }),
        [expect.stringMatching(/^spec\.nodeSelector: Invalid value: "-": a valid label must be/) as unknown as string],
      ],
      [
        'a bad overhead',
        s({ overhead: { gpu: '1' } }),
        [
          'spec.overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
          'spec.overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
        ],
      ],
    ],
  ],
  [
    'scheduling',
    [
      [
        'a toleration of nothing in particular',
        s({ tolerations: [{ value: 'x' }] }),
        [
          'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ],
      ],
      [
        'seconds without NoExecute',
        s({ tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 1 }] }),
        ['spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set'],
      ],
      [
        'Exists with a value',
        s({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }),
        ['spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\''],
      ],
      [
        'an unknown effect',
        s({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'x' }] }),
        [
          'spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        ],
      ],
      [
        'no skew',
        s({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule' }] }),
        ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
      ],
      [
        'an unknown action',
        s({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'x' }] }),
        [
          'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: "DoNotSchedule", "ScheduleAnyway"',
        ],
      ],
      [
        'an empty node affinity',
        s({
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
        }),
        [
          'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
        ],
      ],
      [
        'a weight too large',
        s({
          affinity: {
            podAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { topologyKey: 'k' } }],
            },
          },
        }),
        [
          'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
        ],
      ],
      [
        'an unknown operator of a selector',
        s({
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'k', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
              ],
            },
          },
        }),
        [
          'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
        ],
      ],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_what, change, expected) => expect(faults(change)).toEqual(expected));
});

test("the article's second manifest has one fault", () => {
  const article = `
apiVersion: v1
kind: Pod
metadata: { name: web-app, namespace: default }
spec:
  containers:
  - image: nginx
    name: main-container
    ports: [{ containerPort: 80 }]
    volumeMounts: [{ name: var-logs, mountPath: /usr/share/nginx/html }]
  - image: busybox
    command: ["/bin/sh"]
    args: ["-c", "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done"]
    name: Sidecar-container
    volumeMounts: [{ name: var-logs, mountPath: /var/log }]
  volumes:
  - name: var-logs
    emptyDir: {}
`;
  const { object } = decodeObject(PODS, parse(article));
  expect(validatePod(admitPod(withDefaults(PODS, object) as Pod))).toEqual([
    { field: 'spec.containers[1].name', reason: 'FieldValueInvalid', message: LABEL('Sidecar-container') },
  ]);
});
