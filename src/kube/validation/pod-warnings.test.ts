import { expect, test } from 'vitest';
import { podWarnings } from './pod-warnings.ts';

const pod = (spec: object, container: object = {}, metadata: object = {}) =>
  ({ metadata: { name: 'web', ...metadata }, spec: { containers: [{ name: 'c', ...container }], ...spec } }) as never;
const port = (containerPort: number, rest: object = {}) => ({ containerPort, protocol: 'TCP', ...rest });

test.each<[string, never, string[]]>([
  ['nothing odd', pod({}), []],
  [
    'dots in the name',
    pod({}, {}, { name: 'a.b' }),
    [
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ],
  ],
  [
    'a variable twice',
    pod(
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
    ),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'a variable built from itself',
    pod(
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '$(A)2' },
        ],
      },
    ),
    [],
  ],
  [
    'a port twice',
    pod({}, { ports: [port(80), port(80)] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a port with and without host port',
    pod({}, { ports: [port(80, { hostPort: 1 }), port(80)] }),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a host port with and without address',
    pod({}, { ports: [port(80, { hostPort: 1 }), port(80, { hostPort: 1, hostIP: '1.1.1.1' })] }),
    ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]'],
  ],
  [
    'an address without host port',
    pod({}, { ports: [port(80, { hostIP: '1.1.1.1' })] }),
    [
      'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.1.1.1}',
    ],
  ],
  [
    'a negative grace',
    pod({ terminationGracePeriodSeconds: -1 }),
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
  [
    'half a byte',
    pod({}, { resources: { limits: { memory: '500m' } } }),
    ['spec.containers[0].resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer'],
  ],
  [
    'a secret twice and one without name',
    pod({ imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}] }),
    ['spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""'],
  ],
  [
    'a former label of nodes',
    pod({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'a volume of old',
    pod({ volumes: [{ name: 'v', glusterfs: {} }] }),
    ['spec.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+'],
  ],
  [
    'a spread without selector',
    pod({ topologySpreadConstraints: [{ topologyKey: 'k' }] }),
    ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
  ],
])('%s', (_, given, expected) => expect(podWarnings(given)).toEqual(expected));
