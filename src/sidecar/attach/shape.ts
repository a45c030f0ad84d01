import { isRecord } from '../../kube/json.ts';
import { type Finding, onTemplate } from '../finding.ts';

/** What the engine reads of a part: a text, a text that must be there, a map, or a list of such parts. All else it carries along. */
type Shape = 'text' | 'name' | 'map' | 'texts' | { readonly [field: string]: Shape } | readonly [Shape];

const NAMED: Shape = { name: 'name' };
const CONTAINER: Shape = {
  name: 'name',
  image: 'text',
  ports: ['map'],
  env: [NAMED],
  envFrom: ['map'],
  volumeMounts: [{ name: 'text', mountPath: 'name', subPath: 'text', subPathExpr: 'text' }],
  volumeDevices: [{ devicePath: 'name' }],
  securityContext: 'map',
  livenessProbe: 'map',
  readinessProbe: 'map',
  startupProbe: 'map',
  lifecycle: 'map',
};
const TEMPLATE: Shape = {
  metadata: {
    labels: 'map',
    annotations: 'map',
    ownerReferences: [NAMED],
    name: 'text',
    generateName: 'text',
    namespace: 'text',
  },
  spec: {
    containers: [CONTAINER],
    initContainers: [CONTAINER],
    ephemeralContainers: [NAMED],
    volumes: [NAMED],
    imagePullSecrets: ['map'],
    hostAliases: [{ ip: 'name', hostnames: 'texts' }],
    securityContext: { supplementalGroups: ['text'], sysctls: [NAMED] },
  },
};

/** What is wrong with the shape of a template, so far that nothing can be attached; all else is Kubernetes' validation's to say. */
export function shapeFaults(template: unknown): Finding[] {
  if (!isRecord(template)) return [wrong('', 'object')];
  const { spec } = template;
  if (spec === undefined || spec === null) return [required('spec')];
  const faults = faultsOf(template, TEMPLATE, '');
  const containers = isRecord(spec) ? spec.containers : [];
  const none =
    containers === undefined || containers === null || (Array.isArray(containers) && containers.length === 0);
  return none && isRecord(spec) ? [...faults, required('spec.containers')] : faults;
}

function faultsOf(value: unknown, shape: Shape, path: string): Finding[] {
  if (value === undefined || value === null) return shape === 'name' ? [required(path)] : [];
  if (shape === 'text') return typeof value === 'object' ? [wrong(path, 'string')] : [];
  if (shape === 'name') return typeof value === 'string' ? [] : [wrong(path, 'string')];
  if (shape === 'texts')
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? [] : [wrong(path, 'array')];
  if (isList(shape)) return listFaults(value, shape[0], path);
  if (!isRecord(value)) return [wrong(path, 'object')];
  if (shape === 'map') return [];
  const faults: Finding[] = [];
  for (const field of Object.keys(shape)) {
    const inner = shape[field];
    if (inner !== undefined && (value[field] !== undefined || inner === 'name'))
      faults.push(...faultsOf(value[field], inner, path === '' ? field : `${path}.${field}`));
  }
  return faults;
}

function listFaults(value: unknown, shape: Shape, path: string): Finding[] {
  if (!Array.isArray(value)) return [wrong(path, 'array')];
  return value.flatMap((item, i) => {
    const place = `${path}[${i}]`;
    return item === null || item === undefined
      ? [wrong(place, shape === 'text' ? 'string' : 'object')]
      : faultsOf(item, shape, place);
  });
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function required(field: string): Finding {
  return onTemplate('InvalidTemplate', field, 'Required value');
}

function wrong(field: string, wanted: string): Finding {
  return onTemplate('InvalidTemplate', field, `Invalid value: must be of type ${wanted}`);
}
