import type { PersistentVolumeClaim } from '../../kube/generated/objects.ts';
import type { PodEvent } from '../ports.ts';
import { isBound } from './claim.ts';

const DIRECTORY = 'the volume is a directory of this node';

/**
 * Why this node cannot give the claim a volume, as an event in the words of a cluster's binder or provisioner; undefined where it can. A claim with a
 * storageClassName of '' wants a PersistentVolume that somebody made, and there are none here; any other class, or none, gets a directory.
 */
export function claimObstacle(claim: PersistentVolumeClaim): PodEvent | undefined {
  const { volumeName, storageClassName, volumeMode, selector, dataSource, dataSourceRef } = claim.spec ?? {};
  if (isBound(claim)) return undefined;
  if (volumeName) return unbindable(`volume "${volumeName}" not found: this node serves no PersistentVolumes`);
  if (storageClassName === '')
    return unbindable('no persistent volumes available for this claim and no storage class is set');
  if (volumeMode === 'Block') return unprovisionable('block volumes are not supported by this node');
  if (selector) return unprovisionable('claim Selector is not supported');
  if (dataSource || dataSourceRef) return unprovisionable('data sources are not supported by this node');
  return undefined;
}

/** API warnings for what this node does not do of a claim, by field: either the claim stays Pending, or the field has no effect. */
export function claimWarnings(claim: PersistentVolumeClaim): string[] {
  if (isBound(claim)) return [];
  const { volumeName, storageClassName, volumeMode, selector, dataSource, dataSourceRef, resources, ...spec } =
    claim.spec ?? {};
  const pending = 'not honoured by this node yet: the claim will stay Pending';
  const rows: [string, boolean, string][] = [
    ['volumeName', !!volumeName, `this node serves no PersistentVolumes: the claim will stay Pending`],
    ['storageClassName', storageClassName === '', 'this node serves no PersistentVolumes: the claim will stay Pending'],
    ['storageClassName', !!storageClassName, `there are no storage classes here: ${DIRECTORY}`],
    ['volumeMode', volumeMode === 'Block', pending],
    ['selector', selector !== undefined, pending],
    ['dataSource', dataSource !== undefined, pending],
    ['dataSourceRef', dataSourceRef !== undefined, pending],
    ['resources.requests[storage]', true, `not enforced by this node: ${DIRECTORY}, and may grow as large as the disk`],
    ['resources.limits[storage]', resources?.limits?.storage !== undefined, 'not enforced by this node'],
    ['volumeAttributesClassName', !!spec.volumeAttributesClassName, 'volumes have no attributes here'],
  ];
  return rows.filter(([, applies]) => applies).map(([field, , text]) => `spec.${field}: ${text}`);
}

function unbindable(message: string): PodEvent {
  return { type: 'Normal', reason: 'FailedBinding', message };
}

function unprovisionable(why: string): PodEvent {
  return { type: 'Warning', reason: 'ProvisioningFailed', message: `failed to provision volume: ${why}` };
}
