import type { FieldError } from '../errors.ts';
import {
  duplicate,
  forbidden,
  invalidEach,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../field-errors.ts';
import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  EphemeralContainer,
  PodSpec,
} from '../generated/objects.ts';
import { isDns1123Label, isPortName, isPortNumber } from '../names.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { type KnownVolumes, validateDevices, validateMounts } from './mounts.ts';
import { validateProbesAndHooks } from './probes.ts';
import { validateResources } from './resource-amounts.ts';
import { validateSecurityContext } from './security-context.ts';

/** What containers are checked against besides themselves. */
interface Surroundings {
  spec: PodSpec;
  volumes: KnownVolumes;
}

/** The main containers: at least one, names and host ports unique. */
export function validateMainContainers(around: Surroundings, field: string): FieldError[] {
  const containers = around.spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  return [
    ...containers.flatMap((container, i) => {
      const path = `${field}[${i}]`;
      const repeated = names.has(container.name ?? '');
      names.add(container.name ?? '');
      return [
        ...validateCommon(container, around, path),
        ...(repeated ? [duplicate(`${path}.name`, container.name ?? '')] : []),
        ...validateProbesAndHooks(container, around.spec.terminationGracePeriodSeconds, path),
        ...(container.restartPolicy === undefined
          ? []
          : [forbidden(`${path}.restartPolicy`, 'may not be set for non-init containers')]),
      ];
    }),
    ...validateHostPorts(containers, field),
  ];
}

/** Init containers and sidecars (restartPolicy Always), whose names must differ from the main containers' too. */
export function validateInitContainers(around: Surroundings, field: string): FieldError[] {
  const names = new Set((around.spec.containers ?? []).map((c) => c.name));
  return (around.spec.initContainers ?? []).flatMap((container, i) => {
    const path = `${field}[${i}]`;
    const repeated = names.has(container.name ?? '');
    if (container.name) names.add(container.name);
    return [
      ...validateCommon(container, around, path),
      ...(container.restartPolicy !== undefined && container.restartPolicy !== 'Always'
        ? [notSupported(`${path}.restartPolicy`, container.restartPolicy, ['Always'])]
        : []),
      ...(repeated ? [duplicate(`${path}.name`, container.name ?? '')] : []),
      // Init containers run one after the other: their ports may be the same. Kubernetes gives the place in a list of one.
      ...validateHostPorts([container], field),
      ...(container.restartPolicy === 'Always'
        ? validateProbesAndHooks(container, around.spec.terminationGracePeriodSeconds, path)
        : forbidProbesAndHooks(container, path)),
      ...(container.resizePolicy?.length && container.restartPolicy !== 'Always'
        ? [invalidValue(`${path}.resizePolicy`, container.resizePolicy, 'must not be set for init containers')]
        : []),
    ];
  });
}

const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

/** Containers that `kubectl debug` adds. */
export function validateEphemeralContainers(around: Surroundings, field: string): FieldError[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = around.spec;
  const lasting = new Set([...containers, ...initContainers].map((c) => c.name));
  const names = new Set(lasting);
  return ephemeralContainers.flatMap((container, i) => {
    const path = `${field}[${i}]`;
    const repeated = names.has(container.name ?? '');
    names.add(container.name ?? '');
    const target = container.targetContainerName;
    return [
      ...validateCommon(container, around, path),
      ...validateImageSpaces(container, path),
      ...(repeated ? [duplicate(`${path}.name`, container.name ?? '')] : []),
      ...(target && !lasting.has(target) ? [notFoundValue(`${path}.targetContainerName`, target)] : []),
      ...NOT_EPHEMERAL.filter((f) => isSet(container[f])).map((f) =>
        forbidden(`${path}.${f}`, 'cannot be set for an Ephemeral Container'),
      ),
      ...(container.volumeMounts ?? []).flatMap((mount, m) =>
        (['subPath', 'subPathExpr'] as const)
          .filter((f) => mount[f])
          .map((f) => forbidden(`${path}.volumeMounts[${m}].${f}`, 'cannot be set for an Ephemeral Container')),
      ),
    ];
  });
}

/** Blanks around an image are refused in Pods, while templates may carry them. */
export function validateImageSpaces({ image = '' }: Container | EphemeralContainer, path: string): FieldError[] {
  return image.trim() === image
    ? []
    : [invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

function validateCommon(
  container: Container | EphemeralContainer,
  { spec, volumes }: Surroundings,
  path: string,
): FieldError[] {
  const { name, image, securityContext } = container;
  const claims = (spec.resourceClaims ?? []).map((claim) => claim.name).filter(Boolean);
  return [
    ...(name ? invalidEach(`${path}.name`, name, isDns1123Label(name)) : [required(`${path}.name`)]),
    ...(image ? [] : [required(`${path}.image`)]),
    ...oneOf(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${path}.terminationMessagePolicy`),
    ...validatePorts(container.ports ?? [], `${path}.ports`),
    ...validateEnv(container.env ?? [], `${path}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
    ...validateMounts(container, volumes, `${path}.volumeMounts`),
    ...validateDevices(container, volumes, `${path}.volumeDevices`),
    ...oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
    ...validateResources(container.resources ?? {}, `${path}.resources`, claims),
    ...validateResizePolicy(container.resizePolicy ?? [], spec.restartPolicy, `${path}.resizePolicy`),
    ...(securityContext
      ? validateSecurityContext(securityContext, spec.hostUsers !== false, `${path}.securityContext`)
      : []),
  ];
}

/** A word of a closed list; none at all is a missing one. */
export function oneOf(value: string | undefined, supported: readonly string[], field: string): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

function validatePorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const path = `${field}[${i}]`;
    const nameErrors = port.name ? isPortName(port.name) : [];
    const repeated = nameErrors.length === 0 && names.has(port.name ?? '');
    if (port.name && nameErrors.length === 0) names.add(port.name);
    return [
      ...invalidEach(`${path}.name`, port.name, nameErrors),
      ...(repeated ? [duplicate(`${path}.name`, port.name)] : []),
      ...(port.containerPort
        ? invalidEach(`${path}.containerPort`, port.containerPort, isPortNumber(port.containerPort))
        : [required(`${path}.containerPort`)]),
      ...(port.hostPort ? invalidEach(`${path}.hostPort`, port.hostPort, isPortNumber(port.hostPort)) : []),
      ...oneOf(port.protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ];
  });
}

function validateHostPorts(containers: readonly Container[], field: string): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort, hostIP = '', protocol }, p) => {
      if (!hostPort) return [];
      const place = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(place)) return [duplicate(`${field}[${i}].ports[${p}].hostPort`, place)];
      taken.add(place);
      return [];
    }),
  );
}

function forbidProbesAndHooks(container: Container, path: string): FieldError[] {
  return (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((field) => container[field] !== undefined)
    .map((field) => forbidden(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'));
}

function validateResizePolicy(
  policies: readonly ContainerResizePolicy[],
  restartPolicy: string | undefined,
  field: string,
): FieldError[] {
  const seen = new Set<string>();
  return policies.flatMap((policy, i) => {
    const repeated = seen.has(policy.resourceName);
    seen.add(policy.resourceName);
    return [
      ...(repeated ? [duplicate(`${field}[${i}]`, policy.resourceName)] : []),
      ...oneOf(policy.resourceName, ['cpu', 'memory'], field),
      ...oneOf(policy.restartPolicy, ['NotRequired', 'RestartContainer'], field),
      ...(restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired'
        ? [invalidValue(field, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")]
        : []),
    ];
  });
}

function isSet(value: unknown): boolean {
  return value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
