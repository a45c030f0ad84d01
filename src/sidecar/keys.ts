import { isRecord } from '../kube/json.ts';

/** How elements of a list are told apart: as Kubernetes does, or as precisely as it allows. */
const KEYS: Readonly<Record<string, (item: Record<string, unknown>) => string>> = {
  containers: ({ name }) => String(name),
  initContainers: ({ name }) => String(name),
  ephemeralContainers: ({ name }) => String(name),
  volumes: ({ name }) => String(name),
  imagePullSecrets: ({ name }) => String(name),
  hostAliases: ({ ip }) => String(ip),
  sysctls: ({ name }) => String(name),
  env: ({ name }) => String(name),
  envFrom: ({ prefix, configMapRef, secretRef }) => {
    const source = isRecord(configMapRef)
      ? `configMap/${configMapRef.name}`
      : `secret/${isRecord(secretRef) ? secretRef.name : ''}`;
    return prefix ? `${source}/${prefix}` : source;
  },
  ports: ({ containerPort, protocol }) => `${containerPort}/${protocol || 'TCP'}`,
  volumeMounts: ({ mountPath }) => String(mountPath),
  volumeDevices: ({ devicePath }) => String(devicePath),
};

/** The key of an element of the list that stands in `field`; a scalar is its own. */
export function keyOf(field: string, item: unknown): string {
  const key = Object.hasOwn(KEYS, field) ? KEYS[field] : undefined;
  return key !== undefined && isRecord(item)
    ? key(item)
    : typeof item === 'object'
      ? JSON.stringify(item)
      : String(item);
}

/** Lists of scalars that are sets. */
const SETS = new Set(['hostnames', 'supplementalGroups']);

/** Lists whose elements may stand in any order as far as we are concerned. */
export function hasKeys(field: string): boolean {
  return Object.hasOwn(KEYS, field) || SETS.has(field);
}
