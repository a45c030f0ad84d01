import { C, container, rules, SUBDOMAIN } from './fixtures/table.ts';

rules('environment', [
  ['no name', container({ env: [{ value: 'x' }] }), [`${C}.env[0].name: Required value`]],
  [
    'an equals sign in the name',
    container({ env: [{ name: 'A=B' }] }),
    [
      `${C}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  ],
  ['a digit first', container({ env: [{ name: '1A' }] }), []],
  [
    'a value and a source',
    container({ env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
    [`${C}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
  ],
  [
    'no source',
    container({ env: [{ name: 'A', valueFrom: {} }] }),
    [
      `${C}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
    ],
  ],
  [
    'two sources',
    container({
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
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }),
    [
      `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo`,
    ],
  ],
  [
    'a field that variables cannot take',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
    [
      `${C}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
    ],
  ],
  [
    'one label',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] }),
    [],
  ],
  [
    'a subscript of something else',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.name['x']" } } }] }),
    [
      `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name['x']": error converting fieldPath: field label does not support subscript: metadata.name['x']`,
    ],
  ],
  [
    'an unknown amount',
    container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } }] }),
    [
      `${C}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
    ],
  ],
  [
    'an odd divisor',
    container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } }] }),
    [
      `${C}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
  ],
  [
    'a secret key without key',
    container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }),
    [`${C}.env[0].valueFrom.secretKeyRef.key: Required value`],
  ],
  [
    'a config map without name',
    container({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { key: 'k' } } }] }),
    [`${C}.env[0].valueFrom.configMapKeyRef.name: ${SUBDOMAIN('')}`],
  ],
  [
    'envFrom without source',
    container({ envFrom: [{}] }),
    [`${C}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
  ],
  [
    'envFrom without name',
    container({ envFrom: [{ secretRef: {} }] }),
    [`${C}.envFrom[0].secretRef.name: Required value`],
  ],
  [
    'envFrom with both',
    container({ envFrom: [{ secretRef: { name: 'a' }, configMapRef: { name: 'a' } }] }),
    [`${C}.envFrom: Invalid value: "": may not have more than one field specified at a time`],
  ],
  [
    'a prefix with an equals sign',
    container({ envFrom: [{ prefix: '=', secretRef: { name: 'a' } }] }),
    [
      `${C}.envFrom[0].prefix: Invalid value: "=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  ],

  [
    'a field of another version',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } } }] }),
    [
      `${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
    ],
  ],
  [
    'no field',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: {} } }] }),
    [`${C}.env[0].valueFrom.fieldRef.fieldPath: Required value`],
  ],
  [
    'no amount',
    container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: {} } }] }),
    [`${C}.env[0].valueFrom.resourceFieldRef.resource: Required value`],
  ],
  [
    'an odd divisor of memory',
    container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '3' } } }] }),
    [
      `${C}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
    ],
  ],
  [
    'a key that no file could have',
    container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'a/b' } } }] }),
    [
      `${C}.env[0].valueFrom.secretKeyRef.key: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ],
  ],
  [
    'envFrom of an upper-case name',
    container({ envFrom: [{ configMapRef: { name: 'A' } }] }),
    [`${C}.envFrom[0].configMapRef.name: ${SUBDOMAIN('A')}`],
  ],
]);
