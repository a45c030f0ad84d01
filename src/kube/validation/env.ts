import type { FieldError } from '../errors.ts';
import { invalidEach, invalidValue, notSupported, required } from '../field-errors.ts';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
  SecretKeySelector,
} from '../generated/objects.ts';
import { isConfigMapKey, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../names.ts';
import { canonicalQuantity } from '../quantity.ts';

/** What environment variables may read of their Pod. */
const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const POD_FIELDS = [
  ...ENV_FIELDS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
];
const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const SIZE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateEnv(vars: readonly EnvVar[], field: string): FieldError[] {
  return vars.flatMap((variable, i) => {
    const path = `${field}[${i}]`;
    return [
      ...(variable.name
        ? invalidEach(`${path}.name`, variable.name, isEnvVarName(variable.name))
        : [required(`${path}.name`)]),
      ...validateValueFrom(variable, `${path}.valueFrom`),
    ];
  });
}

export function validateEnvFrom(sources: readonly EnvFromSource[], field: string): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const path = `${field}[${i}]`;
    const count = Number(configMapRef !== undefined) + Number(secretRef !== undefined);
    return [
      ...(prefix ? invalidEach(`${path}.prefix`, prefix, isEnvVarName(prefix)) : []),
      ...(configMapRef ? validateReferenceName(configMapRef.name, `${path}.configMapRef.name`) : []),
      ...(secretRef ? validateReferenceName(secretRef.name, `${path}.secretRef.name`) : []),
      // Kubernetes names the list here, not the element.
      ...(count === 0 ? [invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`')] : []),
      ...(count > 1 ? [invalidValue(field, '', 'may not have more than one field specified at a time')] : []),
    ];
  });
}

/** A field of the Pod itself; `supported` are the ones that the place can take. */
export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  field: string,
): FieldError[] {
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const unreadable = (why: string): FieldError[] => [
    invalidValue(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== 'v1') return unreadable(`unsupported pod version: ${apiVersion}`);
  const subscripted = /^(.+?)\['([\s\S]*)'\]$/.exec(fieldPath);
  if (subscripted !== null) {
    const [, path = '', key = ''] = subscripted;
    if (path === 'metadata.annotations')
      return invalidEach(field, key.toLowerCase(), isQualifiedName(key.toLowerCase()));
    if (path === 'metadata.labels') return invalidEach(field, key, isQualifiedName(key));
    return unreadable(`field label does not support subscript: ${fieldPath}`);
  }
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!POD_FIELDS.includes(path)) return unreadable(`field label not supported: ${fieldPath}`);
  return supported.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, [...supported].sort())];
}

/** An amount of a container; in volumes the container must be named. */
export function validateResourceFieldRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  field: string,
  place: 'env' | 'volume',
): FieldError[] {
  return [
    ...(place === 'volume' && !containerName
      ? [required(`${field}.containerName`)]
      : !resource
        ? [required(`${field}.resource`)]
        : RESOURCE_FIELDS.includes(resource) || /^(requests|limits)\.hugepages-/.test(resource)
          ? []
          : [notSupported(`${field}.resource`, resource, RESOURCE_FIELDS)]),
    ...validateDivisor(resource, divisor ?? '0', field),
  ];
}

function validateValueFrom({ value, valueFrom }: EnvVar, field: string): FieldError[] {
  if (valueFrom === undefined) return [];
  const count = Object.values(valueFrom).filter((source) => source !== undefined).length;
  const fault = (why: string): FieldError[] => [invalidValue(field, '', why)];
  return [
    ...validateSource(valueFrom, field),
    ...(count === 0
      ? fault('must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`')
      : value
        ? fault('may not be specified when `value` is not empty')
        : count > 1
          ? fault('may not have more than one field specified at a time')
          : []),
  ];
}

function validateSource(source: EnvVarSource, field: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  return [
    ...(fieldRef ? validateFieldRef(fieldRef, ENV_FIELDS, `${field}.fieldRef`) : []),
    ...(resourceFieldRef ? validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, 'env') : []),
    ...(configMapKeyRef ? validateKeyRef(configMapKeyRef, `${field}.configMapKeyRef`) : []),
    ...(secretKeyRef ? validateKeyRef(secretKeyRef, `${field}.secretKeyRef`) : []),
  ];
}

function validateKeyRef({ name = '', key }: SecretKeySelector, field: string): FieldError[] {
  return [
    ...invalidEach(`${field}.name`, name, isDns1123Subdomain(name)),
    ...(key ? invalidEach(`${field}.key`, key, isConfigMapKey(key)) : [required(`${field}.key`)]),
  ];
}

function validateReferenceName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  // A trailing dash passes, as in names that are generated.
  const masked = name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
  return invalidEach(field, name, isDns1123Subdomain(masked));
}

function validateDivisor(resource: string, divisor: string, field: string): FieldError[] {
  const text = canonicalQuantity(divisor);
  if (text === '0') return [];
  const fault = (why: string): FieldError[] => [invalidValue(`${field}.divisor`, resource, why)];
  const [, kind = ''] = /^(?:limits|requests)\.(.*)$/.exec(resource) ?? [];
  if (kind === 'cpu')
    return text === '1m' || text === '1'
      ? []
      : fault("only divisor's values 1m and 1 are supported with the cpu resource");
  const name = kind.startsWith('hugepages-') ? 'hugepages' : SIZED[kind];
  if (name === undefined || SIZE_DIVISORS.includes(text)) return [];
  return fault(`only divisor's values ${SIZE_DIVISORS.join(', ')} are supported with the ${name} resource`);
}

const SIZED: Record<string, string> = { memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' };
