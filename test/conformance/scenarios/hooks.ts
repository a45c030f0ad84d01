import type { Container, LifecycleHandler } from '../../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import { actor, every, exec, stage, told } from '../cast.ts';
import type { Scenario, Step } from '../scenario.ts';

const FILE = 'e2e/common/node/lifecycle_hook.go';

/** Secret with a certificate of its own making; whoever runs the scenarios makes it. */
export const TLS_SECRET = 'conformance-tls';

/** A server whose access log is the story: GET /?who=PostStart&what=starting. On 8080 with HTTP, on 8443 with HTTPS. */
const server: Container = {
  name: 'server',
  image: 'nginx',
  imagePullPolicy: 'IfNotPresent',
  restartPolicy: 'Always',
  startupProbe: every(1, { tcpSocket: { port: 8443 } }, { failureThreshold: 100 }),
  volumeMounts: [
    { name: 'stage', mountPath: '/w' },
    { name: 'conf', mountPath: '/etc/nginx/conf.d' },
    { name: 'tls', mountPath: '/tls' },
  ],
};
const conf = (id: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${id}-conf` },
    data: {
      'default.conf': [
        "log_format story '$msec $arg_who $arg_what';",
        'server { listen 8080; listen 8443 ssl; ssl_certificate /tls/tls.crt; ssl_certificate_key /tls/tls.key;',
        '  location / { access_log /w/story story; return 200 ok; } }',
      ].join('\n'),
    },
  }) as KubeObject;

function hooksOf(who: 'main' | 'side'): Scenario[] {
  const suite = who === 'main' ? 'Container Lifecycle Hook' : 'Restartable Init Container Lifecycle Hook';
  const noun = who === 'main' ? 'a container' : 'a sidecar';
  const handlers: [kind: string, of: (hook: string) => LifecycleHandler][] = [
    ['exec', (hook) => told(hook)],
    ['http', (hook) => ({ httpGet: { port: 8080, path: `/?who=${hook}&what=starting` } })],
    ['https', (hook) => ({ httpGet: { scheme: 'HTTPS', port: 8443, path: `/?who=${hook}&what=starting` } })],
  ];
  return handlers.flatMap(([kind, handler]) =>
    (['PostStart', 'PreStop'] as const).map((hook): Scenario => {
      const id = `${who}-${hook.toLowerCase()}-${kind}`;
      const needsServer = kind !== 'exec';
      const acting = actor(
        who,
        {},
        {
          lifecycle: { [hook === 'PostStart' ? 'postStart' : 'preStop']: handler(hook) },
          ...(who === 'side' && { restartPolicy: 'Always' }),
        },
      );
      const init = [...(needsServer ? [server] : []), ...(who === 'side' ? [acting] : [])];
      const volumes = needsServer
        ? [
            { name: 'conf', configMap: { name: `${id}-conf` } },
            { name: 'tls', secret: { secretName: TLS_SECRET } },
          ]
        : [];
      return {
        id,
        says: `${noun} has its ${hook === 'PostStart' ? 'postStart' : 'preStop'} hook called by ${kind}`,
        upstream: [{ file: FILE, tests: [`${suite}: should execute ${hook.toLowerCase()} ${kind} hook properly`] }],
        ...(needsServer && { objects: [conf(id)] }),
        pod: {
          spec: stage({ initContainers: init, containers: who === 'main' ? [acting] : [actor('main')], volumes }),
        },
        happens: [
          { until: { condition: 'Ready', is: 'True' } },
          { until: { told: 'main started' } },
          { until: { told: `${who} started` } },
          { delete: {} },
          { gone: true },
        ],
        holds: [
          {
            story:
              hook === 'PostStart'
                ? [`${hook} starting`, `${who} term`]
                : [`${who} started`, `${hook} starting`, `${who} term`, `${who} exiting`],
          },
          { noEvent: /Failed(PostStart|PreStop)Hook/ },
        ],
      };
    }),
  );
}

const READY: Step[] = [{ until: { told: 'main started' } }, { until: { ready: 'main', is: true } }];

const sleeps: Scenario[] = [
  {
    id: 'prestop-sleep',
    says: 'a preStop hook may be a sleep: SIGTERM comes after it',
    upstream: [{ file: FILE, tests: ['Lifecycle Sleep Hook: valid prestop hook using sleep action'] }],
    pod: {
      spec: stage({
        containers: [
          actor('main', {}, { lifecycle: { preStop: { sleep: { seconds: 2 } } } }),
          // It is told to end at once, and is the clock of the other.
          actor('clock', { onTerm: { after: 1 } }),
        ],
      }),
    },
    happens: [...READY, { until: { told: 'clock started' } }, { delete: {} }, { gone: true }],
    holds: [
      { story: ['clock term', 'main term'] },
      { exits: { main: [0, 'Completed'] } },
      { noEvent: /FailedPreStopHook/ },
    ],
  },
  {
    id: 'prestop-sleep-cut',
    says: 'a grace period shorter than the sleep of a preStop hook cuts it short',
    upstream: [{ file: FILE, tests: ['Lifecycle Sleep Hook: reduce GracePeriodSeconds during runtime'] }],
    pod: {
      spec: stage({
        terminationGracePeriodSeconds: 600,
        containers: [actor('main', {}, { lifecycle: { preStop: { sleep: { seconds: 500 } } } })],
      }),
    },
    happens: [...READY, { delete: { gracePeriodSeconds: 2 } }, { gone: true }],
    holds: [{ story: ['main term', 'main exiting'] }],
  },
  {
    id: 'prestop-sleep-ended',
    says: 'a container that has ended has no preStop hook any more: nobody waits for its sleep',
    upstream: [{ file: FILE, tests: ['Lifecycle Sleep Hook: ignore terminated container'] }],
    pod: {
      spec: stage({
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 600,
        containers: [
          actor('main', { runs: 0.1 }, { lifecycle: { preStop: { sleep: { seconds: 500 } } } }),
          actor('other'),
        ],
      }),
    },
    happens: [{ until: { ended: 'main' } }, { until: { told: 'other started' } }, { delete: {} }, { gone: true }],
    holds: [{ notTold: 'main term' }, { exits: { main: [0, 'Completed'], other: [0, 'Completed'] } }],
  },
  {
    id: 'prestop-sleep-zero',
    says: 'a sleep of no seconds is a hook, too',
    upstream: [
      { file: FILE, tests: ['Lifecycle Sleep Hook (zero): prestop hook using sleep action with zero duration'] },
    ],
    pod: { spec: stage({ containers: [actor('main', {}, { lifecycle: { preStop: { sleep: { seconds: 0 } } } })] }) },
    happens: [...READY, { delete: {} }, { gone: true }],
    holds: [{ story: ['main term', 'main exiting'] }, { noEvent: /FailedPreStopHook/ }],
  },
];

const failures: Scenario[] = [
  {
    id: 'poststart-fails',
    says: 'a container whose postStart hook fails is killed and restarted; the events do not tell what the hook said',
    upstream: [],
    pod: {
      spec: stage({ containers: [actor('main', {}, { lifecycle: { postStart: exec('echo secret; exit 7') } })] }),
    },
    happens: [{ until: { restarts: 'main', atLeast: 1 } }, { until: { event: /Killing/ } }],
    holds: [
      { event: /Warning FailedPostStartHook spec\.containers\{main\}: PostStartHook failed$/ },
      { event: /Normal Killing spec\.containers\{main\}: FailedPostStartHook$/ },
      { noEvent: /secret/ },
    ],
  },
];

export const hooks: Scenario[] = [...hooksOf('main'), ...hooksOf('side'), ...sleeps, ...failures];
