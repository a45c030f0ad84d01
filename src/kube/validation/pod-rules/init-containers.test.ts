import { I, initContainer, rules } from './fixtures/table.ts';

const SIDECARS_ONLY = 'Forbidden: may not be set for init containers without restartPolicy=Always';
const httpGet = { path: '/', port: 80 };

rules('init containers and sidecars', [
  ['the name of a main container', initContainer({ name: 'web' }), [`${I}.name: Duplicate value: "web"`]],
  [
    'two of one name',
    (pod) => pod.spec.initContainers.push({ name: 'init', image: 'x' }),
    ['spec.initContainers[1].name: Duplicate value: "init"'],
  ],
  [
    'an unknown restart policy',
    initContainer({ restartPolicy: 'Never' }),
    [`${I}.restartPolicy: Unsupported value: "Never": supported values: "Always"`],
  ],
  ['a liveness probe', initContainer({ livenessProbe: { httpGet } }), [`${I}.livenessProbe: ${SIDECARS_ONLY}`]],
  ['a readiness probe', initContainer({ readinessProbe: { httpGet } }), [`${I}.readinessProbe: ${SIDECARS_ONLY}`]],
  ['a startup probe', initContainer({ startupProbe: { httpGet } }), [`${I}.startupProbe: ${SIDECARS_ONLY}`]],
  [
    'hooks',
    initContainer({ lifecycle: { preStop: { exec: { command: ['x'] } } } }),
    [`${I}.lifecycle: ${SIDECARS_ONLY}`],
  ],
  [
    'a sidecar with all of them',
    initContainer({
      restartPolicy: 'Always',
      livenessProbe: { httpGet },
      readinessProbe: { httpGet },
      startupProbe: { httpGet },
      lifecycle: { preStop: { exec: { command: ['x'] } } },
    }),
    [],
  ],
  [
    'a sidecar with a bad probe',
    initContainer({ restartPolicy: 'Always', livenessProbe: {} }),
    [`${I}.livenessProbe: Required value: must specify a handler type`],
  ],
  [
    'the same host port in both',
    (pod) =>
      pod.spec.initContainers.push(
        { name: 'b', image: 'x', ports: [{ containerPort: 1, hostPort: 1 }] },
        { name: 'd', image: 'x', ports: [{ containerPort: 1, hostPort: 1 }] },
      ),
    [],
  ],

  ['no image', initContainer({ image: '' }), [`${I}.image: Required value`]],
  ['no name', initContainer({ name: '' }), [`${I}.name: Required value`]],
  [
    'a resize policy of one that ends',
    initContainer({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }),
    [
      `${I}.resizePolicy: Invalid value: [{"resourceName":"cpu","restartPolicy":"NotRequired"}]: must not be set for init containers`,
    ],
  ],
  [
    'a sidecar with a sleep longer than the grace',
    initContainer({ restartPolicy: 'Always', lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      `${I}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  ],
  [
    'one host port twice in a sidecar',
    initContainer({
      restartPolicy: 'Always',
      ports: [
        { containerPort: 1, hostPort: 1 },
        { containerPort: 2, hostPort: 1 },
      ],
    }),
    ['spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//1"'],
  ],
]);
