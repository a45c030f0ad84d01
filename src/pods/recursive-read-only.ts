import type { VolumeMount } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';

/**
 * Whether what is mounted below the volume is read-only too (`resolveRecursiveReadOnly` in the kubelet).
 * @throws ConfigError when the mount insists and the runtime cannot, in the kubelet's words
 */
export function recursiveReadOnly(
  { name, recursiveReadOnly: mode = 'Disabled', readOnly, mountPropagation = 'None' }: VolumeMount,
  { recursiveReadOnly: isSupported }: Pick<RuntimeAbilities, 'recursiveReadOnly'>,
): boolean {
  if (mode === 'Disabled') return false;
  if (!readOnly) throw refused(name, 'it is not read-only');
  if (mountPropagation !== 'None') throw refused(name, `it is not compatible with propagation "${mountPropagation}"`);
  if (mode === 'Enabled' && !isSupported) throw refused(name, 'it is not supported by the runtime');
  return isSupported;
}

function refused(volume: string, why: string): ConfigError {
  const request = `volume "${volume}" requested recursive read-only mode`;
  return new ConfigError(`failed to resolve recursive read-only mode: ${request}, but ${why}`);
}
