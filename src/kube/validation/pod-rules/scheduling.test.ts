import { expect } from 'vitest';
import { type Case, rules, spec } from './fixtures/table.ts';

const TERMS = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
const onNodes = (term: object): object => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
});

rules('scheduling', [
  [
    'a toleration of nothing in particular',
    spec({ tolerations: [{ value: 'x' }] }),
    [
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'seconds without NoExecute',
    spec({ tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 1 }] }),
    ['spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set'],
  ],
  [
    'Exists with a value',
    spec({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }),
    ['spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\''],
  ],
  [
    'an unknown effect',
    spec({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'x' }] }),
    [
      'spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'no skew',
    spec({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule' }] }),
    ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
  ],
  [
    'an unknown action',
    spec({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'x' }] }),
    [
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    'an empty node affinity',
    spec({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
    }),
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  ],
  [
    'a weight too large',
    spec({
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
    spec({
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

  [
    'an unknown operator of a toleration',
    spec({ tolerations: [{ key: 'a', operator: 'Gt' }] }),
    ['spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists"'],
  ],
  [
    'a toleration with a bad key',
    spec({ tolerations: [{ key: '-', operator: 'Exists' }] }),
    [
      expect.stringMatching(
        /^spec\.tolerations\[0\]\.key: Invalid value: "-": name part must consist of/,
      ) as unknown as string,
    ],
  ],
  [
    'one constraint twice',
    spec({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule' },
        { maxSkew: 2, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }),
    ['spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{k, DoNotSchedule}"'],
  ],
  [
    'domains where all may be scheduled',
    spec({
      topologySpreadConstraints: [
        { maxSkew: 1, minDomains: 0, topologyKey: 'k', whenUnsatisfiable: 'ScheduleAnyway', nodeTaintsPolicy: 'x' },
      ],
    }),
    [
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"',
    ],
  ],
  [
    'no topology key',
    spec({ topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] }),
    ['spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty'],
  ],
  [
    'label keys without a selector',
    spec({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a'] },
      ],
    }),
    [
      'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    ],
  ],
  ...(
    [
      [{ operator: 'In' }, "values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
      [
        { operator: 'Exists', values: ['a'] },
        "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      ],
      [
        { operator: 'Gt', values: ['1', '2'] },
        "values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      ],
      [{ operator: 'Near' }, 'operator: Invalid value: "Near": not a valid selector operator'],
    ] as [object, string][]
  ).map(
    ([requirement, message]): Case => [
      `a node that is asked for by ${JSON.stringify(requirement)}`,
      spec({ affinity: onNodes({ matchExpressions: [{ key: 'zone', ...requirement }] }) }),
      [`${TERMS}[0].matchExpressions[0].${message}`],
    ],
  ),
  [
    'a field of a node that is not its name',
    spec({
      affinity: onNodes({ matchFields: [{ key: 'status.phase', operator: 'Exists', values: [] }] }),
    }),
    [
      `${TERMS}[0].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator`,
      `${TERMS}[0].matchFields[0].key: Invalid value: "status.phase": not a valid field selector key`,
    ],
  ],
  [
    'two names of a node',
    spec({ affinity: onNodes({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }] }) }),
    [
      `${TERMS}[0].matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
    ],
  ],
  [
    'no weight',
    spec({
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ preference: {} }] } },
    }),
    [
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
    ],
  ],
  [
    'an affinity to nowhere',
    spec({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }),
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      expect.stringMatching(/topologyKey: Invalid value: "": name part must be non-empty$/) as unknown as string,
      expect.stringMatching(/topologyKey: Invalid value: "": name part must consist of/) as unknown as string,
    ],
  ],
]);
