import { C, container, rules, spec } from './fixtures/table.ts';

rules('security', [
  [
    'a negative user',
    container({ securityContext: { runAsUser: -1 } }),
    [`${C}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive`],
  ],
  [
    'privileged without escalation',
    container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    [
      `${C}.securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  ],
  [
    'an unknown proc mount',
    container({ securityContext: { procMount: 'x' } }),
    [`${C}.securityContext.procMount: Unsupported value: "x": supported values: "Default", "Unmasked"`],
  ],
  [
    'a local seccomp profile without name',
    container({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    [
      `${C}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
    ],
  ],
  [
    'an unknown seccomp type',
    spec({ securityContext: { seccompProfile: { type: 'x' } } }),
    [
      'spec.securityContext.seccompProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ],
  ],
  [
    'no seccomp type',
    spec({ securityContext: { seccompProfile: {} } }),
    ['spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set'],
  ],
  [
    'an unknown AppArmor type',
    spec({ securityContext: { appArmorProfile: { type: 'x' } } }),
    [
      'spec.securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ],
  ],
  [
    'a group too large',
    spec({ securityContext: { fsGroup: 2 ** 32 } }),
    ['spec.securityContext.fsGroup: Invalid value: 4294967296: must be between 0 and 4294967295, inclusive'],
  ],
  [
    'an unknown fsGroup policy',
    spec({ securityContext: { fsGroupChangePolicy: 'x' } }),
    ['spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"'],
  ],
  [
    'one sysctl twice',
    spec({
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
    spec({
      hostNetwork: true,
      containers: [{ name: 'c', image: 'x' }],
      securityContext: { sysctls: [{ name: 'net.a', value: '1' }] },
    }),
    ['spec.securityContext.sysctls[0].name: Invalid value: "net.a": may not be specified when \'hostNetwork\' is true'],
  ],
  [
    'a shared process namespace of the host',
    spec({ hostPID: true, shareProcessNamespace: true }),
    [
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ],
  ],
  [
    'user namespaces on the host network',
    spec({ hostUsers: false, hostNetwork: true }),
    ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false'],
  ],

  [
    'a group too large for a container',
    container({ securityContext: { runAsGroup: 2 ** 32 } }),
    [`${C}.securityContext.runAsGroup: Invalid value: 4294967296: must be between 0 and 4294967295, inclusive`],
  ],
  [
    'CAP_SYS_ADMIN without escalation',
    container({ securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] }, allowPrivilegeEscalation: false } }),
    [
      `${C}.securityContext: Invalid value: {"capabilities":{"add":["CAP_SYS_ADMIN"]},"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`capabilities.Add\` CAP_SYS_ADMIN`,
    ],
  ],
  [
    'an unmasked proc with the users of the host',
    container({ securityContext: { procMount: 'Unmasked' } }),
    [`${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``],
  ],
  [
    'a profile for a seccomp type that has none',
    container({ securityContext: { seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'x' } } }),
    [
      `${C}.securityContext.seccompProfile.localhostProfile: Invalid value: {"type":"RuntimeDefault","localhostProfile":"x"}: can only be set when seccomp type is Localhost`,
    ],
  ],
  [
    'a seccomp profile upwards',
    spec({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '../x' } } }),
    ['spec.securityContext.seccompProfile.localhostProfile: Invalid value: "../x": must not contain \'..\''],
  ],
  [
    'a local AppArmor profile without name',
    container({ securityContext: { appArmorProfile: { type: 'Localhost' } } }),
    [
      `${C}.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`,
    ],
  ],
  [
    'an AppArmor profile with blanks',
    container({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: ' x' } } }),
    [`${C}.securityContext.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace`],
  ],
  [
    'a profile for an AppArmor type that has none',
    container({ securityContext: { appArmorProfile: { type: 'Unconfined', localhostProfile: 'x' } } }),
    [
      `${C}.securityContext.appArmorProfile.localhostProfile: Invalid value: "x": can only be set when AppArmor type is Localhost`,
    ],
  ],
  [
    'no AppArmor type',
    spec({ securityContext: { appArmorProfile: {} } }),
    ['spec.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set'],
  ],
  [
    'a supplemental group too large',
    spec({ securityContext: { supplementalGroups: [1, 2 ** 32] } }),
    [
      'spec.securityContext.supplementalGroups[1]: Invalid value: 4294967296: must be between 0 and 4294967295, inclusive',
    ],
  ],
  [
    'an unknown policy for groups',
    spec({ securityContext: { supplementalGroupsPolicy: 'x' } }),
    ['spec.securityContext.supplementalGroupsPolicy: Unsupported value: "x": supported values: "Merge", "Strict"'],
  ],
  [
    'a sysctl with blanks, and one without name',
    spec({ securityContext: { sysctls: [{ name: 'a b', value: '1' }, { value: '1' }] } }),
    [
      'spec.securityContext.sysctls[0].name: Invalid value: "a b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
      'spec.securityContext.sysctls[1].name: Required value',
    ],
  ],
  [
    'an IPC sysctl of the host',
    spec({ hostIPC: true, securityContext: { sysctls: [{ name: 'kernel.shmmax', value: '1' }] } }),
    [
      'spec.securityContext.sysctls[0].name: Invalid value: "kernel.shmmax": may not be specified when \'hostIPC\' is true',
    ],
  ],
]);
