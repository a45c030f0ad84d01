import { C, container, rules } from './fixtures/table.ts';

const httpGet = { path: '/', port: 80 };

rules('probes and hooks', [
  ['no action', container({ livenessProbe: {} }), [`${C}.livenessProbe: Required value: must specify a handler type`]],
  [
    'two actions',
    container({ livenessProbe: { exec: { command: ['x'] }, httpGet } }),
    [`${C}.livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type`],
  ],
  ['no command', container({ livenessProbe: { exec: {} } }), [`${C}.livenessProbe.exec.command: Required value`]],
  [
    'no port',
    container({ readinessProbe: { httpGet: {} } }),
    [`${C}.readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
  ],
  [
    'a bad port name',
    container({ readinessProbe: { tcpSocket: { port: '80x--' } } }),
    [
      `${C}.readinessProbe.tcpSocket.port: Invalid value: "80x--": must not contain consecutive hyphens`,
      `${C}.readinessProbe.tcpSocket.port: Invalid value: "80x--": must not begin or end with a hyphen`,
    ],
  ],
  [
    'an unknown scheme',
    container({ readinessProbe: { httpGet: { port: 1, scheme: 'ftp' } } }),
    [`${C}.readinessProbe.httpGet.scheme: Unsupported value: "ftp": supported values: "HTTP", "HTTPS"`],
  ],
  [
    'a header with a blank',
    container({ readinessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'X Y', value: '' }] } } }),
    [
      `${C}.readinessProbe.httpGet.httpHeaders: Invalid value: "X Y": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ],
  ],
  [
    'a negative delay',
    container({ readinessProbe: { httpGet, initialDelaySeconds: -1 } }),
    [`${C}.readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`],
  ],
  [
    'two successes of liveness',
    container({ livenessProbe: { httpGet, successThreshold: 2 } }),
    [`${C}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
  ],
  [
    'two successes of startup',
    container({ startupProbe: { httpGet, successThreshold: 2 } }),
    [`${C}.startupProbe.successThreshold: Invalid value: 2: must be 1`],
  ],
  ['two successes of readiness', container({ readinessProbe: { httpGet, successThreshold: 2 } }), []],
  [
    'a grace for readiness',
    container({ readinessProbe: { httpGet, terminationGracePeriodSeconds: 1 } }),
    [`${C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`],
  ],
  [
    'no grace for liveness',
    container({ livenessProbe: { httpGet, terminationGracePeriodSeconds: 0 } }),
    [`${C}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`],
  ],
  [
    'a hook without action',
    container({ lifecycle: { postStart: {} } }),
    [`${C}.lifecycle.postStart: Required value: must specify a handler type`],
  ],
  [
    'a sleep longer than the grace',
    container({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      `${C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  ],

  [
    'gRPC without port',
    container({ livenessProbe: { grpc: {} } }),
    [`${C}.livenessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
  ],
  [
    'negative times',
    container({
      startupProbe: { httpGet, timeoutSeconds: -1, periodSeconds: -1, failureThreshold: -1, successThreshold: -1 },
    }),
    [
      `${C}.startupProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0`,
      `${C}.startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
      `${C}.startupProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0`,
      `${C}.startupProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0`,
      `${C}.startupProbe.successThreshold: Invalid value: -1: must be 1`,
    ],
  ],
  [
    'a hook with two actions',
    container({ lifecycle: { preStop: { httpGet, tcpSocket: { port: 1 } } } }),
    [`${C}.lifecycle.preStop.tcpSocket: Forbidden: may not specify more than 1 handler type`],
  ],
  [
    'a hook with a port of no name',
    container({ lifecycle: { postStart: { httpGet: { port: '' } } } }),
    [
      `${C}.lifecycle.postStart.httpGet.port: Invalid value: "": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
      `${C}.lifecycle.postStart.httpGet.port: Invalid value: "": must contain at least one letter (a-z)`,
    ],
  ],
  ['a sleep of no time', container({ lifecycle: { preStop: { sleep: { seconds: 0 } } } }), []],
  [
    'a sleep backwards',
    container({ lifecycle: { postStart: { sleep: { seconds: -1 } } } }),
    [
      `${C}.lifecycle.postStart.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  ],
]);
