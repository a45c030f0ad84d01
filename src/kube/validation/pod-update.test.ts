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
      ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
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
  ])('%s', (_, change, expected) => expect(faults(change)).toEqual(expected));

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
