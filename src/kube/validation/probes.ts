import type { FieldError } from '../errors.ts';
import { forbidden, invalidEach, invalidValue, notSupported, required } from '../field-errors.ts';
import type { Container, HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../generated/objects.ts';
import { isHttpHeaderName, isPortName, isPortNumber } from '../names.ts';

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

/** Probes and hooks of a container. `grace` is the Pod's termination grace period in seconds, the bound of a sleep. */
export function validateProbesAndHooks(container: Container, grace: number | undefined, field: string): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...(lifecycle ? validateLifecycle(lifecycle, grace, `${field}.lifecycle`) : []),
    ...(livenessProbe ? validateKillingProbe(livenessProbe, `${field}.livenessProbe`) : []),
    ...(readinessProbe ? validateReadinessProbe(readinessProbe, `${field}.readinessProbe`) : []),
    ...(startupProbe ? validateKillingProbe(startupProbe, `${field}.startupProbe`) : []),
  ];
}

function validateLifecycle({ postStart, preStop }: Lifecycle, grace: number | undefined, field: string): FieldError[] {
  return [
    ...(postStart ? validateHandler(postStart, `${field}.postStart`, grace) : []),
    ...(preStop ? validateHandler(preStop, `${field}.preStop`, grace) : []),
  ];
}

/** Liveness and startup probes: one success is success. */
function validateKillingProbe(probe: Probe, field: string): FieldError[] {
  return [
    ...validateProbe(probe, field),
    ...(probe.successThreshold === 1
      ? []
      : [invalidValue(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1')]),
  ];
}

function validateReadinessProbe(probe: Probe, field: string): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...validateProbe(probe, field),
    ...(grace === undefined
      ? []
      : [invalidValue(`${field}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes')]),
  ];
}

const COUNTS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(probe: Probe, field: string): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...validateHandler(probe, field),
    ...COUNTS.flatMap((count) =>
      (probe[count] ?? 0) < 0
        ? [invalidValue(`${field}.${count}`, probe[count], 'must be greater than or equal to 0')]
        : [],
    ),
    ...(grace !== undefined && grace <= 0
      ? [invalidValue(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')]
      : []),
  ];
}

/** Exactly one action; only the first one given is looked into. */
function validateHandler(handler: Handler, field: string, grace?: number): FieldError[] {
  const actions: [keyof Handler, () => FieldError[]][] = [
    ['exec', () => (handler.exec?.command?.length ? [] : [required(`${field}.exec.command`)])],
    ['httpGet', () => (handler.httpGet ? validateHttpGet(handler.httpGet, `${field}.httpGet`) : [])],
    ['tcpSocket', () => validatePort(handler.tcpSocket?.port ?? 0, `${field}.tcpSocket.port`)],
    ['grpc', () => validatePort(handler.grpc?.port ?? 0, `${field}.grpc.port`)],
    ['sleep', () => validateSleep(handler.sleep?.seconds ?? 0, grace, `${field}.sleep`)],
  ];
  const given = actions.filter(([name]) => handler[name] !== undefined);
  if (given.length === 0) return [required(field, 'must specify a handler type')];
  return given.flatMap(([name, validate], i) =>
    i === 0 ? validate() : [forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')],
  );
}

function validateHttpGet({ path, port, scheme, httpHeaders = [] }: HTTPGetAction, field: string): FieldError[] {
  return [
    ...(path ? [] : [required(`${field}.path`)]),
    ...validatePort(port ?? 0, `${field}.port`),
    ...(scheme === 'HTTP' || scheme === 'HTTPS'
      ? []
      : [notSupported(`${field}.scheme`, scheme ?? '', ['HTTP', 'HTTPS'])]),
    ...httpHeaders.flatMap(({ name = '' }) => invalidEach(`${field}.httpHeaders`, name, isHttpHeaderName(name))),
  ];
}

function validatePort(port: number | string, field: string): FieldError[] {
  return invalidEach(field, port, typeof port === 'number' ? isPortNumber(port) : isPortName(port));
}

/** Zero is allowed since v1.33 (PodLifecycleSleepActionAllowZero is on). */
function validateSleep(seconds: number, grace: number | undefined, field: string): FieldError[] {
  return grace !== undefined && (seconds < 0 || seconds > grace)
    ? [invalidValue(field, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)]
    : [];
}
