import { C, container, rules } from './fixtures/table.ts';

rules('mounts', [
  [
    'an unknown volume',
    container({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
    [`${C}.volumeMounts[0].name: Not found: "x"`],
  ],
  [
    'no name',
    container({ volumeMounts: [{ mountPath: '/x' }] }),
    [`${C}.volumeMounts[0].name: Required value`, `${C}.volumeMounts[0].name: Not found: ""`],
  ],
  ['no path', container({ volumeMounts: [{ name: 'data' }] }), [`${C}.volumeMounts[0].mountPath: Required value`]],
  [
    'one path twice',
    container({
      volumeMounts: [
        { name: 'data', mountPath: '/x' },
        { name: 'claim', mountPath: '/x' },
      ],
    }),
    [`${C}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique`],
  ],
  ['a relative path', container({ volumeMounts: [{ name: 'data', mountPath: 'x:y' }] }), []],
  [
    'an absolute subPath',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: '/a' }] }),
    [`${C}.volumeMounts.subPath: Invalid value: "/a": must be a relative path`],
  ],
  [
    'a subPath upwards',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: 'a/../b' }] }),
    [`${C}.volumeMounts.subPath: Invalid value: "a/../b": must not contain '..'`],
  ],
  [
    'both subPaths',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: 'a', subPathExpr: 'b' }] }),
    [`${C}.volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`],
  ],
  [
    'an unknown propagation',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', mountPropagation: 'Up' }] }),
    [
      `${C}.volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"`,
    ],
  ],
  [
    'Bidirectional without privilege',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', mountPropagation: 'Bidirectional' }] }),
    [
      `${C}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
  ],
  [
    'recursive read-only that may be written',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', recursiveReadOnly: 'Enabled' }] }),
    [`${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
  ],
  [
    'a device that is no claim',
    container({ volumeMounts: [], volumeDevices: [{ name: 'data', devicePath: '/dev/x' }] }),
    [
      `${C}.volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
    ],
  ],
  [
    'a device that is mounted too',
    container({
      volumeMounts: [{ name: 'claim', mountPath: '/x' }],
      volumeDevices: [{ name: 'claim', devicePath: '/dev/x' }],
    }),
    [
      `${C}.volumeMounts[0].name: Invalid value: "claim": must not already exist in volumeDevices`,
      `${C}.volumeDevices[0].name: Invalid value: "claim": must not already exist in volumeMounts`,
    ],
  ],

  [
    'an absolute subPathExpr',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', subPathExpr: '/$(A)' }] }),
    [`${C}.volumeMounts.subPathExpr: Invalid value: "/$(A)": must be a relative path`],
  ],
  [
    'an unknown recursive read-only',
    container({ volumeMounts: [{ name: 'data', mountPath: '/x', readOnly: true, recursiveReadOnly: 'Perhaps' }] }),
    [
      `${C}.volumeMounts.recursiveReadOnly: Unsupported value: "Perhaps": supported values: "Disabled", "Enabled", "IfPossible"`,
    ],
  ],
  [
    'recursive read-only that takes what the host mounts',
    container({
      volumeMounts: [
        {
          name: 'data',
          mountPath: '/x',
          readOnly: true,
          recursiveReadOnly: 'Enabled',
          mountPropagation: 'HostToContainer',
        },
      ],
    }),
    [
      `${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
    ],
  ],
  [
    'a device without path, one upwards, one twice',
    container({
      volumeDevices: [
        { name: 'claim' },
        { name: 'claim', devicePath: '/dev/../x' },
        { name: 'claim', devicePath: '/dev/../x' },
      ],
    }),
    [
      `${C}.volumeDevices[0].devicePath: Required value`,
      `${C}.volumeDevices[1].devicePath: Invalid value: "/dev/../x": can not contain backsteps ('..')`,
      `${C}.volumeDevices[1].name: Invalid value: "claim": must be unique`,
      `${C}.volumeDevices[2].devicePath: Invalid value: "/dev/../x": can not contain backsteps ('..')`,
      `${C}.volumeDevices[2].name: Invalid value: "claim": must be unique`,
      `${C}.volumeDevices[2].devicePath: Invalid value: "/dev/../x": must be unique`,
    ],
  ],
  [
    'a device of no volume',
    container({ volumeDevices: [{ name: 'x', devicePath: '/dev/x' }] }),
    [`${C}.volumeDevices[0].name: Not found: "x"`],
  ],
  [
    'a device where something is mounted',
    container({ volumeDevices: [{ name: 'claim', devicePath: '/data' }] }),
    [
      `${C}.volumeMounts[0].mountPath: Invalid value: "/data": must not already exist as a path in volumeDevices`,
      `${C}.volumeDevices[0].devicePath: Invalid value: "/data": must not already exist as a path in volumeMounts`,
    ],
  ],
]);
