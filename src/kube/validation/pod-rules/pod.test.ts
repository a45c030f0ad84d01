import { expect } from 'vitest';
import { rules, SUBDOMAIN, spec } from './fixtures/table.ts';

const ON_WINDOWS = (field: string): string => `spec.${field}: Forbidden: cannot be set for a windows pod`;

rules('the Pod', [
  [
    'an unknown restart policy',
    spec({ restartPolicy: 'Sometimes' }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'no time at all',
    spec({ activeDeadlineSeconds: 0 }),
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  ['a negative grace', spec({ terminationGracePeriodSeconds: -1 }), []],
  ['an upper-case node', spec({ nodeName: 'N' }), [`spec.nodeName: ${SUBDOMAIN('N')}`]],
  ['an upper-case account', spec({ serviceAccountName: 'N' }), [`spec.serviceAccountName: ${SUBDOMAIN('N')}`]],
  [
    'a node and a gate',
    spec({ nodeName: 'n', schedulingGates: [{ name: 'g' }] }),
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    'one gate twice',
    spec({ schedulingGates: [{ name: 'g' }, { name: 'g' }] }),
    ['spec.schedulingGates[1]: Duplicate value: "g"'],
  ],
  [
    'an unknown system',
    spec({ os: { name: 'dos' } }),
    ['spec.os: Unsupported value: "dos": supported values: "linux", "windows"'],
  ],
  [
    'a bad node selector',
    spec({ nodeSelector: { a: '-' } }),
    [expect.stringMatching(/^spec\.nodeSelector: Invalid value: "-": a valid label must be/) as unknown as string],
  ],
  [
    'a bad overhead',
    spec({ overhead: { gpu: '1' } }),
    [
      'spec.overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    ],
  ],

  [
    'more time than there is',
    spec({ activeDeadlineSeconds: 2 ** 31 }),
    ['spec.activeDeadlineSeconds: Invalid value: 2147483648: must be between 1 and 2147483647, inclusive'],
  ],
  [
    'an unknown preemption',
    spec({ preemptionPolicy: 'Sometimes' }),
    ['spec.preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority", "Never"'],
  ],
  [
    'a readiness gate with a blank',
    spec({ readinessGates: [{ conditionType: 'a b' }] }),
    [
      expect.stringMatching(
        /^spec\.readinessGates\[0\]\.conditionType: Invalid value: "a b": name part must consist of/,
      ) as unknown as string,
    ],
  ],
  [
    'upper-case classes',
    spec({ priorityClassName: 'P', runtimeClassName: 'R' }),
    [`spec.priorityClassName: ${SUBDOMAIN('P')}`, `spec.runtimeClassName: ${SUBDOMAIN('R')}`],
  ],
  ['no name of a system', spec({ os: {} }), ['spec.os.name: Required value: cannot be empty']],
  [
    'options of Windows on Linux',
    (pod) => {
      pod.spec.os = { name: 'linux' };
      pod.spec.securityContext = { windowsOptions: {} };
      pod.spec.containers[0].securityContext = { windowsOptions: {} };
    },
    [
      'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
      'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
  ],
  [
    'options of Linux on Windows',
    (pod) => {
      Object.assign(pod.spec, { os: { name: 'windows' }, hostPID: true, hostIPC: true, hostUsers: true });
      pod.spec.securityContext = { runAsUser: 1, fsGroup: 1, sysctls: [{ name: 'a', value: '1' }], seLinuxOptions: {} };
      pod.spec.containers[0].securityContext = { runAsUser: 1, privileged: true, capabilities: {} };
    },
    [
      ...['securityContext.seLinuxOptions', 'hostUsers', 'hostPID', 'hostIPC', 'securityContext.fsGroup'].map(
        ON_WINDOWS,
      ),
      ...['securityContext.sysctls', 'securityContext.runAsUser'].map(ON_WINDOWS),
      ...['capabilities', 'privileged', 'runAsUser'].map((f) => ON_WINDOWS(`containers[0].securityContext.${f}`)),
    ],
  ],
]);
