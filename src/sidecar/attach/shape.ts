import { isRecord } from '../../kube/json.ts';
import { type Finding, onTemplate } from '../finding.ts';

const LISTS = ['containers', 'initContainers', 'ephemeralContainers', 'volumes', 'imagePullSecrets', 'hostAliases'];
const OF_CONTAINERS = ['volumeMounts', 'volumeDevices', 'env', 'envFrom', 'ports'];

/** What is wrong with the shape of a template, so far that nothing can be attached; all else is Kubernetes' validation's to say. */
export function shapeFaults(template: unknown): Finding[] {
  if (!isRecord(template)) return [fault('', 'object')];
  const { metadata, spec } = template;
  if (!isRecord(spec)) return [spec === undefined || spec === null ? required('spec') : fault('spec', 'object')];
  return [
    ...mapFault(metadata, 'metadata'),
    ...(isRecord(metadata)
      ? [...mapFault(metadata.labels, 'metadata.labels'), ...mapFault(metadata.annotations, 'metadata.annotations')]
      : []),
    ...mapFault(spec.securityContext, 'spec.securityContext'),
    ...LISTS.flatMap((list) =>
      listFaults(spec[list], `spec.${list}`, list.toLowerCase().endsWith('containers') ? OF_CONTAINERS : []),
    ),
    ...(Array.isArray(spec.containers) && spec.containers.length > 0 ? [] : [required('spec.containers')]),
  ];
}

function listFaults(list: unknown, field: string, inner: readonly string[]): Finding[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return [fault(field, 'array')];
  return list.flatMap((item, i) => {
    if (!isRecord(item)) return [fault(`${field}[${i}]`, 'object')];
    return inner.flatMap((name) => listFaults(item[name], `${field}[${i}].${name}`, []));
  });
}

function mapFault(value: unknown, field: string): Finding[] {
  return value === undefined || value === null || isRecord(value) ? [] : [fault(field, 'object')];
}

function required(field: string): Finding {
  return onTemplate('InvalidTemplate', field, 'Required value');
}

function fault(field: string, wanted: string): Finding {
  return onTemplate('InvalidTemplate', field, `Invalid value: must be of type ${wanted}`);
}
