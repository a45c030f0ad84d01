import { C, container, LABEL, rules, spec } from './fixtures/table.ts';

rules('containers', [
  ['none', spec({ containers: [] }), ['spec.containers: Required value']],
  ['no spec at all', (pod) => delete pod.spec, ['spec.containers: Required value']],
  ['no name', container({ name: '' }), [`${C}.name: Required value`]],
  ['an upper-case name', container({ name: 'Web' }), [`${C}.name: ${LABEL('Web')}`]],
  ['a name with dots', container({ name: 'a.b' }), [`${C}.name: Invalid value: "a.b": must not contain dots`]],
  ['no image', container({ image: undefined }), [`${C}.image: Required value`]],
  [
    'blanks around the image',
    container({ image: ' nginx' }),
    [`${C}.image: Invalid value: " nginx": must not have leading or trailing whitespace`],
  ],
  [
    'two of one name',
    (pod) => pod.spec.containers.push({ name: 'web', image: 'x' }),
    ['spec.containers[1].name: Duplicate value: "web"'],
  ],
  [
    'an unknown pull policy',
    container({ imagePullPolicy: 'Sometimes' }),
    [`${C}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`],
  ],
  [
    'an unknown message policy',
    container({ terminationMessagePolicy: 'x' }),
    [`${C}.terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"`],
  ],
  [
    'a restart policy',
    container({ restartPolicy: 'Always' }),
    [`${C}.restartPolicy: Forbidden: may not be set for non-init containers`],
  ],
  [
    'a resize policy twice',
    container({
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      ],
    }),
    [`${C}.resizePolicy[1]: Duplicate value: "cpu"`],
  ],

  [
    'a name too long',
    container({ name: 'a'.repeat(64) }),
    [`${C}.name: Invalid value: "${'a'.repeat(64)}": must be no more than 63 characters`],
  ],
  [
    'an unknown resize policy',
    container({ resizePolicy: [{ resourceName: 'disk', restartPolicy: 'Sometimes' }] }),
    [
      `${C}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"`,
      `${C}.resizePolicy: Unsupported value: "Sometimes": supported values: "NotRequired", "RestartContainer"`,
    ],
  ],
  [
    'a resize that restarts what never restarts',
    (pod) => {
      pod.spec.restartPolicy = 'Never';
      pod.spec.containers[0].resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    },
    [`${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`],
  ],
]);

rules('ports', [
  ['no number', container({ ports: [{}] }), [`${C}.ports[0].containerPort: Required value`]],
  [
    'too large',
    container({ ports: [{ containerPort: 65536 }] }),
    [`${C}.ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive`],
  ],
  [
    'a host port too large',
    container({ ports: [{ containerPort: 1, hostPort: 70000 }] }),
    [`${C}.ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
  ],
  [
    'an unknown protocol',
    container({ ports: [{ containerPort: 1, protocol: 'tcp' }] }),
    [`${C}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`],
  ],
  [
    'one name twice',
    container({
      ports: [
        { containerPort: 1, name: 'a' },
        { containerPort: 2, name: 'a' },
      ],
    }),
    [`${C}.ports[1].name: Duplicate value: "a"`],
  ],
  [
    'a bad name',
    container({ ports: [{ containerPort: 1, name: 'a--b' }] }),
    [`${C}.ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens`],
  ],
  ['one port twice', container({ ports: [{ containerPort: 1 }, { containerPort: 1 }] }), []],
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

  [
    'an upper-case name',
    container({ ports: [{ containerPort: 1, name: 'Http' }] }),
    [
      `${C}.ports[0].name: Invalid value: "Http": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
    ],
  ],
  [
    'a name too long',
    container({ ports: [{ containerPort: 1, name: 'a234567890123456' }] }),
    [`${C}.ports[0].name: Invalid value: "a234567890123456": must be no more than 15 characters`],
  ],
  [
    'a name without a letter',
    container({ ports: [{ containerPort: 1, name: '80' }] }),
    [`${C}.ports[0].name: Invalid value: "80": must contain at least one letter (a-z)`],
  ],
  [
    'a negative number',
    container({ ports: [{ containerPort: -1 }] }),
    [`${C}.ports[0].containerPort: Invalid value: -1: must be between 1 and 65535, inclusive`],
  ],
  [
    'one host port at two addresses, and in two protocols',
    container({
      ports: [
        { containerPort: 1, hostPort: 1, hostIP: '127.0.0.1' },
        { containerPort: 1, hostPort: 1, hostIP: '127.0.0.2' },
        { containerPort: 1, hostPort: 1, hostIP: '127.0.0.1', protocol: 'UDP' },
      ],
    }),
    [],
  ],
]);
