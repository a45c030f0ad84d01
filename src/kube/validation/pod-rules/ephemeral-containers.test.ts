import { rules, spec } from './fixtures/table.ts';

const httpGet = { path: '/', port: 80 };
const ONLY_LASTING = (field: string): string =>
  `spec.ephemeralContainers[0].${field}: Forbidden: cannot be set for an Ephemeral Container`;

rules('ephemeral containers', [
  [
    'on create',
    spec({ ephemeralContainers: [{ name: 'debug', image: 'x' }] }),
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    'with ports and a taken name',
    spec({
      ephemeralContainers: [{ name: 'web', image: 'x', ports: [{ containerPort: 1 }], targetContainerName: 'who' }],
    }),
    [
      'spec.ephemeralContainers[0].name: Duplicate value: "web"',
      'spec.ephemeralContainers[0].targetContainerName: Not found: "who"',
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ],

  [
    'with everything that is for containers that last, and a subPath',
    spec({
      ephemeralContainers: [
        {
          name: 'debug',
          image: ' x',
          ports: [{ containerPort: 1 }],
          resources: { limits: { cpu: '1' } },
          resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
          restartPolicy: 'Always',
          livenessProbe: { httpGet },
          readinessProbe: { httpGet },
          startupProbe: { httpGet },
          lifecycle: { preStop: { httpGet } },
          volumeMounts: [
            { name: 'data', mountPath: '/a', subPath: 'a' },
            { name: 'data', mountPath: '/b', subPathExpr: 'b' },
          ],
        },
      ],
    }),
    [
      'spec.ephemeralContainers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
      ...['ports', 'resources', 'resizePolicy', 'restartPolicy', 'livenessProbe', 'readinessProbe'].map(ONLY_LASTING),
      ...['startupProbe', 'lifecycle', 'volumeMounts[0].subPath', 'volumeMounts[1].subPathExpr'].map(ONLY_LASTING),
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ],
  [
    'two of one name, the second of which targets the first',
    spec({
      ephemeralContainers: [
        { name: 'a', image: 'x' },
        { name: 'a', image: 'x', targetContainerName: 'a' },
      ],
    }),
    [
      'spec.ephemeralContainers[1].name: Duplicate value: "a"',
      'spec.ephemeralContainers[1].targetContainerName: Not found: "a"',
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ],
]);
