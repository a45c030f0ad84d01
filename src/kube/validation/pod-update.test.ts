import { describe, expect, test } from 'vitest';
import { withDefaults } from '../defaults/defaults.ts';
import { admitPod } from '../defaults/pod-admission.ts';
import type { Pod } from '../generated/objects.ts';
import { validateEphemeralContainersUpdate, validatePodStatusUpdate, validatePodUpdate } from './pod-update.ts';

const OLD = admitPod(
  withDefaults(
    { group: '', resource: 'pods' },
    {
      metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7', creationTimestamp: 'T' },
      spec: {
        activeDeadlineSeconds: 100,
        containers: [{ name: 'web', image: 'nginx' }],
        initContainers: [{ name: 'init', image: 'busybox' }],
      },
      status: { phase: 'Running', qosClass: 'BestEffort' },
    },
  ) as Pod,
);

// biome-ignore lint/suspicious/noExplicitAny: cases write what the types forbid
type Anything = any;
type Validate = (next: Pod, old: Pod) => { field: string; message: string }[];

function faults(
  change: (pod: Anything) => void,
  before: (pod: Anything) => void = () => {},
  validate: Validate = validatePodUpdate,
): string[] {
  const old = structuredClone(OLD);
  before(old);
  const next = structuredClone(old);
  change(next);
  return validate(next, old).map((e) => `${e.field}: ${e.message}`);
}

const ONLY =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';

const zone = (...zones: string[]) => ({
  matchExpressions: zones.map((value) => ({ key: 'zone', operator: 'In', values: [value] })),
});
const gated = (p: Anything): void => {
  p.spec.schedulingGates = [{ name: 'g' }];
};
function wants(p: Anything, nodeSelectorTerms: object[]): Anything {
  p.spec.affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
  return p;
}

describe('what may change', () => {
  test.each<[string, (pod: Anything) => void, ((pod: Anything) => void)?]>([
    ['nothing', () => {}],
    [
      'an image',
      (p) => {
        p.spec.containers[0].image = 'nginx:2';
      },
    ],
    [
      'the image of an init container',
      (p) => {
        p.spec.initContainers[0].image = 'busybox:2';
      },
    ],
    [
      'a shorter deadline',
      (p) => {
        p.spec.activeDeadlineSeconds = 50;
      },
    ],
    ['one more toleration', (p) => p.spec.tolerations.push({ key: 'a', operator: 'Exists' })],
    [
      'the seconds of a toleration',
      (p) => {
        p.spec.tolerations[0].tolerationSeconds = 1;
      },
    ],
    [
      'labels',
      (p) => {
        p.metadata.labels = { a: 'b' };
      },
    ],
    [
      'a negative grace to one second',
      (p) => {
        p.spec.terminationGracePeriodSeconds = 1;
      },
      (p) => {
        p.spec.terminationGracePeriodSeconds = -1;
      },
    ],
    [
      'a gate goes',
      (p) => {
        p.spec.schedulingGates = [];
      },
      (p) => {
        p.spec.schedulingGates = [{ name: 'g' }];
      },
    ],
    [
      'the node selector of a gated Pod',
      (p) => {
        p.spec.nodeSelector = { a: 'b' };
      },
      (p) => {
        p.spec.schedulingGates = [{ name: 'g' }];
      },
    ],
    ['the node affinity of a gated Pod', (p) => wants(p, [zone('a')]), gated],
    ['one requirement more of a gated Pod', (p) => wants(p, [zone('a', 'b')]), (p) => gated(wants(p, [zone('a')]))],
  ])('%s', (_, change, before) => expect(faults(change, before)).toEqual([]));
});

describe('what may not', () => {
  test.each<[string, (pod: Anything) => void, string[]]>([
    [
      'a command',
      (p) => {
        p.spec.containers[0].command = ['x'];
      },
      [`${ONLY}+ spec.containers[0].command: ["x"]`],
    ],
    [
      'a grace',
      (p) => {
        p.spec.terminationGracePeriodSeconds = 1;
      },
      [`${ONLY}- spec.terminationGracePeriodSeconds: 30\n+ spec.terminationGracePeriodSeconds: 1`],
    ],
    [
      'one more container',
      (p) => p.spec.containers.push({ ...p.spec.containers[0], name: 'b' }),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'one init container less',
      (p) => {
        p.spec.initContainers = [];
      },
      ['spec.initContainers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'a longer deadline',
      (p) => {
        p.spec.activeDeadlineSeconds = 101;
      },
      ['spec.activeDeadlineSeconds: Invalid value: 101: must be less than or equal to previous value'],
    ],
    [
      'no deadline any more',
      (p) => {
        delete p.spec.activeDeadlineSeconds;
      },
      ['spec.activeDeadlineSeconds: Invalid value: "null": must not update from a positive integer to nil value'],
    ],
    [
      'one toleration less',
      (p) => p.spec.tolerations.pop(),
      ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
    ],
    [
      'a new gate',
      (p) => {
        p.spec.schedulingGates = [{ name: 'g' }];
      },
      ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"],
    ],
    [
      'the uid',
      (p) => {
        p.metadata.uid = 'x';
      },
      ['metadata.uid: Invalid value: "x": field is immutable'],
    ],
    [
      'a mirror annotation',
      (p) => {
        p.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
        p.spec.nodeName = 'n';
      },
      [
        'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
        `${ONLY}+ spec.nodeName: "n"`,
      ],
    ],
    [
      'a negative deadline',
      (p) => {
        p.spec.activeDeadlineSeconds = -1;
      },
      [
        'spec.activeDeadlineSeconds: Invalid value: -1: must be between 1 and 2147483647, inclusive',
        'spec.activeDeadlineSeconds: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
    ],
    [
      'resources, and with them the class of the Pod',
      (p) => {
        p.spec.containers[0].resources = { requests: { cpu: '1' } };
      },
      [
        'metadata: Invalid value: "BestEffort": Pod QOS is immutable',
        `${ONLY}+ spec.containers[0].resources.requests: {"cpu":"1"}`,
      ],
    ],
    [
      'an image with blanks',
      (p) => {
        p.spec.containers[0].image = 'nginx ';
      },
      [
        'spec.containers[0].image: Invalid value: "nginx ": must not have leading or trailing whitespace',
        'spec.containers[0].image: Invalid value: "nginx ": must not have leading or trailing whitespace',
      ],
    ],
    [
      'no image',
      (p) => {
        p.spec.containers[0].image = '';
      },
      ['spec.containers[0].image: Required value', 'spec.containers[0].image: Required value'],
    ],
    [
      'ephemeral containers, which have a path of their own',
      (p) => {
        p.spec.ephemeralContainers = [
          { name: 'd', image: 'x', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' },
        ];
      },
      [expect.stringContaining(`${ONLY}+ spec.ephemeralContainers: [{"name":"d"`) as unknown as string],
    ],
  ])('%s', (_, change, expected) => expect(faults(change)).toEqual(expected));

  const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  test.each<[string, (pod: Anything) => void, string]>([
    [
      'another node selector',
      (p) => {
        p.spec.nodeSelector = { a: 'c' };
      },
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
    [
      'one more alternative',
      (p) => wants(p, [zone('a'), zone('b')]),
      `${terms}: Invalid value: ${JSON.stringify([zone('a'), zone('b')])}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
    ],
    [
      'another zone',
      (p) => wants(p, [zone('b')]),
      `${terms}[0]: Invalid value: ${JSON.stringify(zone('b'))}: only additions are allowed (no mutations or deletions)`,
    ],
    [
      'no node affinity any more',
      (p) => delete p.spec.affinity,
      `${terms}: Invalid value: []: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
    ],
  ])('of a gated Pod: %s', (_, change, expected) => {
    const before = (p: Anything): void => {
      gated(wants(p, [zone('a')]));
      p.spec.nodeSelector = { a: 'b' };
    };
    expect(faults(change, before)).toEqual([expected]);
  });

  test('the affinity of a gated Pod to other Pods', () => {
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'k' }] };
    expect(faults((p) => Object.assign(p.spec, { affinity: { podAffinity } }), gated)).toEqual([
      `${ONLY}+ spec.affinity: ${JSON.stringify({ podAffinity })}`,
    ]);
  });

  test('a finalizer while the Pod is being deleted', () => {
    const deleting = (p: Anything): void => {
      p.metadata.deletionTimestamp = 'T';
    };
    expect(
      faults((p) => {
        p.metadata.finalizers = ['a/b'];
      }, deleting),
    ).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
    ]);
  });
});

describe('the status', () => {
  const status = (change: (pod: Anything) => void, before?: (pod: Anything) => void) =>
    faults(change, before, validatePodStatusUpdate);
  test('may change, its QoS class may not', () => {
    expect(
      status((p) => {
        p.status.phase = 'Failed';
      }),
    ).toEqual([]);
    expect(
      status((p) => {
        p.status.qosClass = 'Burstable';
      }),
    ).toEqual(['status.qosClass: Invalid value: "Burstable": field is immutable']);
  });

  test('does not bring back the dead of a Pod that never restarts', () => {
    const ended = (p: Anything): void => {
      p.spec.restartPolicy = 'Never';
      p.status.containerStatuses = [{ name: 'web', state: { terminated: { exitCode: 0 } } }];
    };
    expect(
      status((p) => {
        p.status.containerStatuses[0].state = { running: {} };
      }, ended),
    ).toEqual(['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state']);
  });
});

describe('ephemeral containers', () => {
  const ephemeral = (change: (pod: Anything) => void, before?: (pod: Anything) => void) =>
    faults(change, before, validateEphemeralContainersUpdate);
  const debug = { name: 'debug', image: 'busybox', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };
  const withDebug = (p: Anything): void => {
    p.spec.ephemeralContainers = [debug];
  };

  test('come', () => expect(ephemeral(withDebug)).toEqual([]));
  test('never to a Pod of a file', () => {
    const mirrored = (p: Anything): void => {
      p.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    };
    expect(ephemeral(withDebug, mirrored)).toEqual([': Forbidden: static pods do not support ephemeral containers']);
  });
  test('never go', () => {
    expect(
      ephemeral((p) => {
        p.spec.ephemeralContainers = [];
      }, withDebug),
    ).toEqual(['spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n']);
  });
  test('never change', () => {
    expect(
      ephemeral((p) => {
        p.spec.ephemeralContainers[0] = { ...debug, image: 'x' };
      }, withDebug),
    ).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n- image: "busybox"\n+ image: "x"',
    ]);
  });
});
