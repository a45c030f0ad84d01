import type { FieldError } from '../errors.ts';
import {
  duplicate,
  forbidden,
  invalidEach,
  invalidPlain,
  invalidValue,
  notFoundValue,
  required,
} from '../field-errors.ts';
import type { ResourceClaim, ResourceRequirements } from '../generated/objects.ts';
import { isQualifiedName } from '../names.ts';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../quantity.ts';

const CONTAINER_RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];
/** Names without a domain that Kubernetes knows, for containers, claims and quotas. */
const STANDARD_RESOURCES = new Set([
  ...CONTAINER_RESOURCES,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
  'storage',
  'requests.storage',
]);
const HUGE_PAGES = 'hugepages-';

/**
 * Requests and limits of a container, or (as limits) of a Pod's overhead: names, amounts, requests at most the limits.
 * `claimNames` are those of the Pod's resourceClaims.
 */
export function validateResources(
  resources: ResourceRequirements,
  field: string,
  claimNames: readonly string[] = [],
): FieldError[] {
  const { limits = {}, requests = {} } = resources;
  return [
    ...Object.entries(limits).flatMap(([name, text]) => validateAmount(name, text, `${field}.limits[${name}]`)),
    ...Object.entries(requests).flatMap(([name, text]) => [
      ...validateAmount(name, text, `${field}.requests[${name}]`),
      ...validateAgainstLimit(name, text, limits[name], field),
    ]),
    ...hugePagesAlone([...Object.keys(limits), ...Object.keys(requests)], field),
    ...validateClaims(resources.claims ?? [], `${field}.claims`, claimNames),
  ];
}

/** An amount may not be negative; of countable things it is whole. */
function validateQuantity(name: string, quantity: Quantity, field: string): FieldError[] {
  return [
    ...(quantity.nanos < 0n
      ? [invalidValue(field, formatQuantity(quantity), 'must be greater than or equal to 0')]
      : []),
    ...(isExtended(name) && quantity.nanos % 1_000_000_000n !== 0n
      ? [invalidPlain(field, formatQuantity(quantity), 'must be an integer')]
      : []),
  ];
}

function validateAmount(name: string, text: string, field: string): FieldError[] {
  const quantity = parseQuantity(text);
  return [
    ...validateName(name, field),
    ...validateQuantity(name, quantity, field),
    ...(isHugePages(name) && !isDivisible(name, quantity)
      ? [invalidValue(field, text, `${text} is not positive integer multiple of ${name}`)]
      : []),
  ];
}

function validateName(name: string, field: string): FieldError[] {
  if (CONTAINER_RESOURCES.includes(name)) return [];
  const malformed = invalidEach(field, name, isQualifiedName(name));
  if (!name.includes('/')) {
    const unknown = malformed.length === 0 && !STANDARD_RESOURCES.has(name) && !isHugePages(name);
    return [
      ...malformed,
      ...(unknown ? [invalidValue(field, name, 'must be a standard resource type or fully qualified')] : []),
      ...(isHugePages(name) ? [] : [invalidValue(field, name, 'must be a standard resource for containers')]),
    ];
  }
  return isNative(name) || isExtended(name)
    ? malformed
    : [...malformed, invalidValue(field, name, "doesn't follow extended resource name standard")];
}

function validateAgainstLimit(name: string, text: string, limit: string | undefined, field: string): FieldError[] {
  const mayExceed = isNative(name) && !isHugePages(name);
  if (limit === undefined)
    return mayExceed ? [] : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  const order = compareQuantities(parseQuantity(text), parseQuantity(limit));
  if (order !== 0 && !mayExceed)
    return [invalidValue(`${field}.requests`, text, `must be equal to ${name} limit of ${limit}`)];
  return order > 0
    ? [invalidValue(`${field}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`)]
    : [];
}

function hugePagesAlone(names: readonly string[], field: string): FieldError[] {
  const alone = names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory');
  return alone ? [forbidden(field, 'HugePages require cpu or memory')] : [];
}

function validateClaims(claims: readonly ResourceClaim[], field: string, known: readonly string[]): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name }, i) => {
    if (!name) return [required(`${field}[${i}]`)];
    const repeated = seen.has(name);
    seen.add(name);
    const hint = known.length === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    const missing = notFoundValue(`${field}[${i}]`, name);
    return [
      ...(repeated ? [duplicate(`${field}[${i}]`, name)] : []),
      ...(known.includes(name)
        ? []
        : [{ ...missing, message: `${missing.message}: must be one of the names in pod.spec.resourceClaims${hint}` }]),
    ];
  });
}

function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

function isDivisible(name: string, quantity: Quantity): boolean {
  try {
    const page = parseQuantity(name.slice(HUGE_PAGES.length));
    return page.nanos > 0n && quantity.nanos % page.nanos === 0n;
  } catch {
    return false;
  }
}

/** Kubernetes' own resources: without a domain, or of kubernetes.io. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}
