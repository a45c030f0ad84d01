import type { Container, Probe } from '../../../src/kube/generated/objects.ts';
import { actor, every, exec, type Part, STAGE, stage, told } from '../cast.ts';
import type { Assertion, Scenario, Step } from '../scenario.ts';

const FILE = 'e2e/common/node/container_probe.go';
type Who = 'main' | 'side';

/** A page that is there until somebody takes it away, and two redirects. */
const WEB = [
  'mkdir -p /www/cgi-bin; echo ok >/www/healthz',
  'printf "#!/bin/sh\\necho Status: 302 Found\\necho Location: /healthz\\necho\\n" >/www/cgi-bin/here',
  'printf "#!/bin/sh\\necho Status: 302 Found\\necho Location: http://0.0.0.0/\\necho\\necho gone\\n" >/www/cgi-bin/elsewhere',
  'chmod +x /www/cgi-bin/*; httpd -p 8080 -h /www',
].join('; ');
const http = (path: string): Probe => ({ httpGet: { path, port: 8080 } });

/** What upstream says of main containers, and again of native sidecars. */
function probesOf(who: Who): Scenario[] {
  const suite = who === 'main' ? 'Probing container' : 'Probing restartable init container';
  const noun = who === 'main' ? 'a container' : 'a sidecar';
  const path = who === 'main' ? `spec\\.containers\\{main\\}` : `spec\\.initContainers\\{side\\}`;
  const killed = (probe: string) =>
    who === 'main'
      ? `Container main failed ${probe} probe, will be restarted`
      : `Init container side failed ${probe} probe`;
  const upstream = (...tests: string[]) => [{ file: FILE, tests: tests.map((test) => `${suite} ${test}`) }];
  /** Nobody is asked before what it does first is done: probes wait for postStart. */
  const prepared = { postStart: exec(`until [ -e ${STAGE}/${who}.started ]; do sleep 0.1; done`) };
  const pod = (part: Part, change: Partial<Container>, grace = 30) => {
    const more = part.first ? { lifecycle: prepared, ...change } : change;
    return {
      spec: stage({
        terminationGracePeriodSeconds: grace,
        ...(who === 'side' && { initContainers: [actor('side', part, { ...more, restartPolicy: 'Always' })] }),
        containers: [who === 'main' ? actor('main', part, more) : actor('main')],
      }),
    };
  };
  const scenario = (
    id: string,
    says: string,
    test: string,
    rest: Omit<Scenario, 'id' | 'says' | 'upstream'>,
  ): Scenario => ({
    id: `${who}-${id}`,
    says: `${noun} ${says}`,
    upstream: upstream(test),
    ...rest,
  });
  const begun: Step[] = [{ until: { told: `${who} started` } }, { until: { running: who } }];
  const ready: Step[] = [...begun, { until: { ready: who, is: true } }];
  const restarts: Step = { until: { restarts: who, atLeast: 1 } };
  /** Three periods in which nothing may happen. */
  const quiet: Step = { exec: who, script: 'sleep 3' };
  const calm: Assertion[] = [
    { notRestarted: who },
    { restartCount: { [who]: 0 } },
    { noEvent: new RegExp(`Unhealthy ${path}`) },
  ];
  const killedFor = (probe: string): Assertion[] => [
    { restarted: who },
    { event: new RegExp(`Warning Unhealthy ${path}: ${probe} probe failed`) },
    { event: new RegExp(`Normal Killing ${path}: ${killed(probe.toLowerCase())}$`) },
  ];
  const graceOf = (probe: 'liveness' | 'startup'): Scenario =>
    scenario(
      `${probe}-grace`,
      `that a ${probe} probe ends gets the probe's grace period, not the Pod's`,
      `should override timeoutGracePeriodSeconds when ${probe === 'liveness' ? 'LivenessProbe' : 'StartupProbe'} field is set`,
      {
        pod: pod(
          { onTerm: 'ignore' },
          { [`${probe}Probe`]: every(1, exec('exit 1'), { terminationGracePeriodSeconds: 1 }) },
          600,
        ),
        happens: [restarts],
        holds: [{ story: [`${who} term`, `${who} starting`] }],
      },
    );
  const ending: Partial<Container> = {
    readinessProbe: every(1, exec('test ! -e /w/ending')),
    lifecycle: { preStop: exec('touch /w/ending; until [ -e /w/go ]; do sleep 0.1; done') },
  };
  const endsUnready: Step[] = [
    ...ready,
    { until: { ready: 'main', is: true } },
    { delete: {} },
    { until: { ready: who, is: false } },
    { until: { condition: 'Ready', is: 'False' } },
    { touch: 'go' },
    { gone: true },
  ];
  return [
    scenario(
      'ready-after-delay',
      'is not ready before the initial delay of its readiness probe',
      'with readiness probe should not be ready before initial delay and never restart',
      {
        pod: pod({}, { readinessProbe: every(1, exec('true'), { initialDelaySeconds: 2 }) }),
        happens: ready,
        holds: [{ unreadyFirst: who }, ...calm],
      },
    ),
    scenario(
      'never-ready',
      'whose readiness probe fails is never ready, and not restarted',
      'with readiness probe that fails should never be ready and never restart',
      {
        pod: pod({}, { readinessProbe: every(1, told('Readiness', { exit: 1 })) }),
        happens: [...begun, { until: { told: 'Readiness starting', times: 3 } }],
        holds: [
          { neverReady: who },
          { notRestarted: who },
          { restartCount: { [who]: 0 } },
          { conditionIs: { Ready: 'False', ContainersReady: 'False' } },
        ],
      },
    ),
    scenario(
      'live-exec',
      'is restarted when the command of its liveness probe fails',
      'should be restarted with a exec "cat /tmp/health" liveness probe',
      {
        pod: pod({ first: 'echo ok >/tmp/health' }, { livenessProbe: every(1, exec('cat /tmp/health')) }),
        happens: [...ready, { exec: who, script: 'rm /tmp/health' }, restarts],
        holds: [...killedFor('Liveness'), { event: /can't open '\/tmp\/health': No such file or directory/ }],
      },
    ),
    scenario(
      'live-exec-ok',
      'is left alone while the command of its liveness probe succeeds',
      'should *not* be restarted with a exec "cat /tmp/health" liveness probe',
      {
        pod: pod({}, { livenessProbe: every(1, told('Liveness')) }),
        happens: [...ready, { until: { told: 'Liveness exiting', times: 3 } }],
        holds: calm,
      },
    ),
    scenario(
      'live-http',
      'is restarted when the page of its liveness probe is no success',
      'should be restarted with a /healthz http liveness probe',
      {
        pod: pod({ first: WEB }, { livenessProbe: every(1, http('/healthz')) }),
        happens: [...ready, { exec: who, script: 'rm /www/healthz' }, restarts],
        holds: [...killedFor('Liveness'), { event: /HTTP probe failed with statuscode: 404/ }],
      },
    ),
    scenario(
      'live-tcp-ok',
      'is left alone while it takes connections',
      'should *not* be restarted with a tcp:8080 liveness probe',
      {
        pod: pod({ first: WEB }, { livenessProbe: every(1, { tcpSocket: { port: 8080 } }) }),
        happens: [...ready, { exec: who, script: 'rm /www/healthz' }, quiet],
        holds: calm,
      },
    ),
    scenario(
      'counts-up',
      'that is restarted again and again has a restart count that only goes up',
      'should have monotonically increasing restart count',
      {
        pod: pod({}, { livenessProbe: every(1, exec('exit 1')) }),
        happens: [{ until: { restarts: who, atLeast: 3 } }],
        holds: [{ countsUp: who }, ...killedFor('Liveness')],
      },
    ),
    scenario(
      'live-http-ok',
      'is left alone while the page of its liveness probe is a success',
      'should *not* be restarted with a /healthz http liveness probe',
      {
        pod: pod({ first: WEB }, { livenessProbe: every(1, http('/healthz')) }),
        happens: [...ready, quiet],
        holds: calm,
      },
    ),
    scenario(
      'live-exec-timeout',
      'is restarted when its liveness probe takes too long',
      'should be restarted with an exec liveness probe with timeout [MinimumKubeletVersion:1.20]',
      {
        pod: pod({}, { livenessProbe: every(1, exec('sleep 100'), { timeoutSeconds: 1 }) }),
        happens: [restarts],
        holds: [...killedFor('Liveness'), { event: /timed out after 1s/ }],
      },
    ),
    scenario(
      'ready-exec-timeout',
      'whose readiness probe takes too long is not ready',
      'should not be ready with an exec readiness probe timeout [MinimumKubeletVersion:1.20]',
      {
        pod: pod({}, { readinessProbe: every(1, exec('sleep 100'), { timeoutSeconds: 1 }) }),
        happens: [...begun, { until: { event: /Readiness probe failed: command timed out: .* timed out after 1s/ } }],
        holds: [{ neverReady: who }, { notRestarted: who }],
      },
    ),
    scenario(
      'live-exec-lingers',
      'is restarted when its liveness probe fails and leaves something running',
      'should be restarted with a failing exec liveness probe that took longer than the timeout',
      {
        pod: pod({}, { livenessProbe: every(1, exec('sleep 10 & exit 1'), { timeoutSeconds: 1 }) }),
        happens: [restarts],
        holds: [{ restarted: who }],
      },
    ),
    scenario(
      'live-redirect',
      'is asked where its liveness probe is led within it',
      'should be restarted with a local redirect http liveness probe',
      {
        pod: pod({ first: WEB }, { livenessProbe: every(1, http('/cgi-bin/here')) }),
        happens: [...ready, { exec: who, script: 'rm /www/healthz' }, restarts],
        holds: [...killedFor('Liveness'), { event: /HTTP probe failed with statuscode: 404/ }],
      },
    ),
    scenario(
      'live-redirect-away',
      'whose liveness probe is led elsewhere is left alone, with a warning',
      'should *not* be restarted with a non-local redirect http liveness probe',
      {
        pod: pod({ first: WEB }, { livenessProbe: every(1, http('/cgi-bin/elsewhere')) }),
        happens: [
          ...ready,
          {
            until: {
              event: /Warning ProbeWarning .*Liveness probe warning: Probe terminated redirects, Response body: gone/,
            },
          },
        ],
        holds: calm,
      },
    ),
    scenario(
      'startup-fails',
      'whose startup probe fails is restarted, though it is alive',
      'should be restarted startup probe fails',
      {
        pod: pod({}, { startupProbe: every(1, exec('false')), livenessProbe: every(1, exec('true')) }),
        happens: [restarts],
        holds: killedFor('Startup'),
      },
    ),
    scenario(
      'startup-delays',
      'is not asked whether it is alive before its startup probe has succeeded',
      'should *not* be restarted by liveness probe because startup probe delays it',
      {
        pod: pod(
          {},
          {
            startupProbe: every(1, told('Startup', { exit: 1 }), { failureThreshold: 600 }),
            livenessProbe: every(1, told('Liveness', { exit: 1 })),
          },
        ),
        happens: [...begun, { until: { told: 'Startup starting', times: 4 } }],
        holds: [
          { notTold: 'Liveness starting' },
          { notRestarted: who },
          { neverReady: who },
          ...(who === 'side' ? [{ neverStarted: 'main' }] : []),
        ],
      },
    ),
    scenario(
      'startup-enables',
      'is asked whether it is alive when its startup probe has succeeded',
      'should be restarted by liveness probe after startup probe enables it',
      {
        pod: pod(
          {},
          {
            startupProbe: every(1, exec('test -e /w/up'), { failureThreshold: 600 }),
            livenessProbe: every(1, told('Liveness', { exit: 1 })),
          },
        ),
        happens: [...begun, { until: { event: /Startup probe failed/ } }, { touch: 'up' }, restarts],
        holds: [
          { story: [`${who} started`, 'Liveness starting', `${who} term`, `${who} starting`] },
          ...killedFor('Liveness'),
        ],
      },
    ),
    scenario(
      'startup-then-ready',
      'is asked for its readiness as soon as its startup probe has succeeded, not a period later',
      'should be ready immediately after startupProbe succeeds',
      {
        pod: pod(
          {},
          {
            startupProbe: every(1, exec('test -e /w/up'), { failureThreshold: 600 }),
            readinessProbe: every(600, told('Readiness')),
          },
        ),
        happens: [
          ...begun,
          { until: { event: /Startup probe failed/ } },
          { touch: 'up' },
          { until: { ready: who, is: true } },
        ],
        holds: [{ unreadyFirst: who }, { notRestarted: who }],
      },
    ),
    graceOf('liveness'),
    graceOf('startup'),
    scenario(
      'unready-in-end',
      'turns unready while it ends when its readiness probe says so',
      'should mark readiness on pods to false while pod is in progress of terminating when a pod has a readiness probe',
      {
        pod: pod({}, ending, 600),
        happens: endsUnready,
        holds: [{ notRestarted: who }],
      },
    ),
    scenario(
      'not-live-in-end',
      'is not asked whether it is alive while it ends',
      'should mark readiness on pods to false and disable liveness probes while pod is in progress of terminating',
      {
        pod: pod({}, { ...ending, livenessProbe: every(1, exec('test ! -e /w/ending')) }, 600),
        happens: endsUnready,
        holds: [{ notRestarted: who }, { noEvent: new RegExp(`${path}: Liveness probe failed`) }],
      },
    ),
  ];
}

export const probes: Scenario[] = [...probesOf('main'), ...probesOf('side')];
