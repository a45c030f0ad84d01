import type { FieldError } from '../errors.ts';
import { duplicate, invalidEach, invalidValue, required } from '../field-errors.ts';
import type {
  Container,
  EphemeralContainer,
  HostAlias,
  PodDNSConfig,
  PodResourceClaim,
  PodSpec,
} from '../generated/objects.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isDns1123SubdomainWithUnderscore,
  isIp,
  isQualifiedName,
} from '../names.ts';
import { oneOf, validateEphemeralContainers, validateInitContainers, validateMainContainers } from './containers.ts';
import { validateLabels } from './metadata.ts';
import { validateOs } from './operating-system.ts';
import { validateResources } from './resource-amounts.ts';
import {
  validateAffinity,
  validateSchedulingGates,
  validateTolerations,
  validateTopologySpread,
} from './scheduling.ts';
import { validateHostUsers, validatePodSecurityContext } from './security-context.ts';
import { validateVolumes } from './volumes.ts';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * The spec of a Pod, or of a template of Pods (then `podName` is undefined), after defaulting. In the order and the words of
 * ValidatePodSpec (`pkg/apis/core/validation`).
 */
export function validatePodSpec(spec: PodSpec, podName: string | undefined, field: string): FieldError[] {
  const { errors, known } = validateVolumes(spec.volumes ?? [], podName ?? '', `${field}.volumes`);
  const around = { spec, volumes: known };
  return [
    ...(spec.terminationGracePeriodSeconds === undefined ? [required(`${field}.terminationGracePeriodSeconds`)] : []),
    ...errors,
    ...validateResourceClaims(spec.resourceClaims ?? [], `${field}.resourceClaims`),
    ...validateMainContainers(around, `${field}.containers`),
    ...validateInitContainers(around, `${field}.initContainers`),
    ...validateEphemeralContainers(around, `${field}.ephemeralContainers`),
    ...validateHostNetwork(spec, podName !== undefined, `${field}.containers`),
    ...oneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${field}.restartPolicy`),
    ...oneOf(spec.dnsPolicy, DNS_POLICIES, `${field}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${field}.securityContext`),
    ...(spec.affinity ? validateAffinity(spec.affinity, `${field}.affinity`) : []),
    ...validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, `${field}.dnsConfig`),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = '' }, i) =>
      invalidEach(`${field}.readinessGates[${i}].conditionType`, conditionType, isQualifiedName(conditionType)),
    ),
    ...validateSchedulingGates(spec.schedulingGates ?? [], `${field}.schedulingGates`),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], `${field}.topologySpreadConstraints`),
    ...validateHostUsers(spec, field),
    ...validateScalars(spec, field),
  ];
}

/** All containers of a spec with their paths, in the order init, main, ephemeral. */
export function containersWithPaths(spec: PodSpec, field: string): [Container | EphemeralContainer, string][] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((c, i): [Container | EphemeralContainer, string] => [c, `${field}.${list}[${i}]`]),
  );
}

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];

function validateScalars(spec: PodSpec, field: string): FieldError[] {
  const deadline = spec.activeDeadlineSeconds;
  return [
    ...subdomain(spec.serviceAccountName, `${field}.serviceAccountName`),
    ...subdomain(spec.nodeName, `${field}.nodeName`),
    ...(deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)
      ? [invalidValue(`${field}.activeDeadlineSeconds`, deadline, `must be between 1 and ${MAX_INT32}, inclusive`)]
      : []),
    ...(spec.hostname ? invalidEach(`${field}.hostname`, spec.hostname, isDns1123Label(spec.hostname)) : []),
    ...(spec.subdomain ? invalidEach(`${field}.subdomain`, spec.subdomain, isDns1123Label(spec.subdomain)) : []),
    ...validateTolerations(spec.tolerations ?? [], `${field}.tolerations`),
    ...validateHostAliases(spec.hostAliases ?? [], `${field}.hostAliases`),
    ...subdomain(spec.priorityClassName, `${field}.priorityClassName`),
    ...subdomain(spec.runtimeClassName, `${field}.runtimeClassName`),
    ...(spec.preemptionPolicy === undefined
      ? []
      : oneOf(spec.preemptionPolicy, PREEMPTION_POLICIES, `${field}.preemptionPolicy`)),
    ...(spec.overhead ? validateResources({ limits: spec.overhead }, `${field}.overhead`) : []),
    ...validateOs(spec, containersWithPaths(spec, field), field),
  ];
}

function subdomain(name: string | undefined, field: string): FieldError[] {
  return name ? invalidEach(field, name, isDns1123Subdomain(name)) : [];
}

function validateResourceClaims(claims: readonly PodResourceClaim[], field: string): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap((claim, i) => {
    const path = `${field}[${i}]`;
    const repeated = names.has(claim.name);
    names.add(claim.name);
    const both = claim.resourceClaimName !== undefined && claim.resourceClaimTemplateName !== undefined;
    const none = claim.resourceClaimName === undefined && claim.resourceClaimTemplateName === undefined;
    return [
      ...(!claim.name
        ? [required(`${path}.name`)]
        : repeated
          ? [duplicate(`${path}.name`, claim.name)]
          : invalidEach(`${path}.name`, claim.name, isDns1123Label(claim.name))),
      ...(both
        ? [
            invalidValue(
              path,
              claim,
              'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
            ),
          ]
        : []),
      ...(none
        ? [invalidValue(path, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`')]
        : []),
      ...subdomain(claim.resourceClaimName, `${path}.resourceClaimName`),
      ...subdomain(claim.resourceClaimTemplateName, `${path}.resourceClaimTemplateName`),
    ];
  });
}

/** On the host's network a port of a container is a port of the host. Templates may leave the host port out. */
function validateHostNetwork(spec: PodSpec, isPod: boolean, field: string): FieldError[] {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, containerPort }, p) =>
      (isPod || hostPort !== 0) && hostPort !== containerPort
        ? [
            invalidValue(
              `${field}[${i}].ports[${p}].hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  );
}

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

function validateDnsConfig(config: PodDNSConfig | undefined, policy: string | undefined, field: string): FieldError[] {
  if (policy === 'None' && config === undefined)
    return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  if (policy === 'None' && nameservers.length === 0)
    return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  return [
    ...(nameservers.length > MAX_NAMESERVERS
      ? [invalidValue(`${field}.nameservers`, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`)]
      : []),
    ...nameservers.flatMap((ip, i) => validateIp(ip, `${field}.nameservers[${i}]`)),
    ...validateSearches(searches, `${field}.searches`),
    ...options.flatMap(({ name }, i) => (name ? [] : [required(`${field}.options[${i}]`, 'must not be empty')])),
  ];
}

function validateSearches(searches: readonly string[], field: string): FieldError[] {
  const long = searches.join(' ').length > MAX_SEARCH_CHARACTERS;
  return [
    ...(searches.length > MAX_SEARCHES
      ? [invalidValue(field, searches, `must not have more than ${MAX_SEARCHES} search paths`)]
      : []),
    ...(long
      ? [
          invalidValue(
            field,
            searches,
            `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((search, i) => {
      if (search === '.') return [];
      const name = search.replace(/\.$/, '');
      return invalidEach(`${field}[${i}]`, name, isDns1123SubdomainWithUnderscore(name));
    }),
  ];
}

function validateHostAliases(aliases: readonly HostAlias[], field: string): FieldError[] {
  return aliases.flatMap(({ ip = '', hostnames = [] }, i) => [
    ...validateIp(ip, `${field}[${i}].ip`),
    ...hostnames.flatMap((name, h) => invalidEach(`${field}[${i}].hostnames[${h}]`, name, isDns1123Subdomain(name))),
  ]);
}

function validateIp(ip: string, field: string): FieldError[] {
  return isIp(ip) ? [] : [invalidValue(field, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}
