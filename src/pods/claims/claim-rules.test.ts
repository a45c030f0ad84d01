import { describe, expect, test } from 'vitest';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, Pod } from '../../kube/generated/objects.ts';
import { ephemeralClaim, keepsClaim, unprotected, withVolume } from './claim.ts';
import { claimMisfit } from './claim-misfit.ts';
import { claimObstacle, claimWarnings } from './claim-rules.ts';

const SPEC: PersistentVolumeClaimSpec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  volumeMode: 'Filesystem',
};
const claim = (spec: PersistentVolumeClaimSpec = {}, metadata: object = {}): PersistentVolumeClaim => ({
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'shop', uid: 'c-1', ...metadata },
  spec: { ...SPEC, ...spec },
  status: { phase: 'Pending' },
});
const SIZE =
  'spec.resources.requests[storage]: not enforced by this node: the volume is a directory of this node, and may grow as large as the disk';
const PENDS = 'not honoured by this node yet: the claim will stay Pending';

describe('what this node makes of a claim', () => {
  test.each<[string, PersistentVolumeClaimSpec, string | undefined, string[]]>([
    ['no storage class: a directory', {}, undefined, []],
    [
      'any storage class: a directory',
      { storageClassName: 'fast' },
      undefined,
      ['spec.storageClassName: there are no storage classes here: the volume is a directory of this node'],
    ],
    [
      'a volume that somebody made',
      { storageClassName: '' },
      'Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
      ['spec.storageClassName: this node serves no PersistentVolumes: the claim will stay Pending'],
    ],
    [
      'a volume by its name',
      { volumeName: 'pv-1' },
      'Normal FailedBinding volume "pv-1" not found: this node serves no PersistentVolumes',
      ['spec.volumeName: this node serves no PersistentVolumes: the claim will stay Pending'],
    ],
    [
      'a block device',
      { volumeMode: 'Block' },
      'Warning ProvisioningFailed failed to provision volume: block volumes are not supported by this node',
      [`spec.volumeMode: ${PENDS}`],
    ],
    [
      'a selector',
      { selector: { matchLabels: { a: 'b' } } },
      'Warning ProvisioningFailed failed to provision volume: claim Selector is not supported',
      [`spec.selector: ${PENDS}`],
    ],
    [
      'the data of another volume',
      { dataSource: { kind: 'PersistentVolumeClaim', name: 'old' } },
      'Warning ProvisioningFailed failed to provision volume: data sources are not supported by this node',
      [`spec.dataSource: ${PENDS}`],
    ],
    [
      'the data of anything',
      { dataSourceRef: { kind: 'VolumeSnapshot', name: 'old', apiGroup: 'snapshot.storage.k8s.io' } },
      'Warning ProvisioningFailed failed to provision volume: data sources are not supported by this node',
      [`spec.dataSourceRef: ${PENDS}`],
    ],
  ])('%s', (_, spec, obstacle, warnings) => {
    const found = claimObstacle(claim(spec));
    expect(found && `${found.type} ${found.reason} ${found.message}`).toBe(obstacle);
    expect(claimWarnings(claim(spec))).toEqual([...warnings, SIZE]);
  });

  test('a claim that is bound gets no warning and has no obstacle', () => {
    const bound = withVolume(claim(), 'Bound');
    expect([claimObstacle(bound), claimWarnings(bound)]).toEqual([undefined, []]);
  });
});

test('a bound claim says what a cluster says', () => {
  expect(withVolume(claim(), 'Bound')).toEqual({
    ...claim(),
    metadata: {
      name: 'data',
      namespace: 'shop',
      uid: 'c-1',
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/storage-provisioner': 'outfit.dev/local-directory',
      },
    },
    spec: { ...SPEC, volumeName: 'pvc-c-1' },
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
  });
});

test('only its own finalizer is taken off', () => {
  const finalizers = ['kubernetes.io/pvc-protection', 'example.com/mine'];
  expect(unprotected(claim({}, { finalizers })).metadata?.finalizers).toEqual(['example.com/mine']);
  expect(unprotected(claim({}, { finalizers: finalizers.slice(0, 1) }))).toEqual(claim());
});

const user = (more: Partial<Pod> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'p-1' },
  spec: {
    containers: [],
    nodeName: 'node1',
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
  },
  ...more,
});
const owner = (more: object = {}): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'p-1', ...more },
  spec: {
    containers: [],
    nodeName: 'node1',
    volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: SPEC } } }],
  },
});
const own = ephemeralClaim(owner(), owner().spec!.volumes![0]!, { uid: 'c-2', now: '2026-11-24T00:00:00Z' });

test('the claim of an ephemeral volume is owned by its Pod', () => {
  expect(own).toEqual({
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: {
      name: 'p-v',
      namespace: 'shop',
      uid: 'c-2',
      creationTimestamp: '2026-11-24T00:00:00Z',
      finalizers: ['kubernetes.io/pvc-protection'],
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p-1', controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: SPEC,
    status: { phase: 'Pending' },
  });
});

describe('a claim is kept by', () => {
  test.each<[string, Pod, PersistentVolumeClaim, boolean]>([
    ['a Pod that names it', user(), claim(), true],
    ['such a Pod that has ended', user({ status: { phase: 'Succeeded' } }), claim(), true],
    ['no Pod of another namespace', user({ metadata: { name: 'p', namespace: 'other' } }), claim(), false],
    ['no Pod without node', user({ spec: { ...user().spec!, nodeName: undefined as never } }), claim(), false],
    ['the Pod that owns it', owner(), own as PersistentVolumeClaim, true],
    ['no other Pod of its name', owner({ uid: 'p-2' }), own as PersistentVolumeClaim, false],
    [
      'no owner that is shut down',
      owner({ deletionTimestamp: 'now', deletionGracePeriodSeconds: 0 }),
      own as PersistentVolumeClaim,
      false,
    ],
  ])('%s', (_, pod, one, keeps) => {
    expect(keepsClaim(pod, one)).toBe(keeps);
  });
});

describe('a Pod must wait', () => {
  const bound = withVolume(claim(), 'Bound');
  const waiting = (whole: string) => ({ reasons: [], whole, helpless: true });
  test.each<[string, Pod, PersistentVolumeClaim | undefined, Pod[], object | undefined]>([
    ['not for a bound claim', user(), bound, [], undefined],
    ['for a missing one', user(), undefined, [], waiting('persistentvolumeclaim "data" not found')],
    ['for one without volume', user(), claim(), [], waiting('pod has unbound immediate PersistentVolumeClaims')],
    [
      'when it is being deleted',
      user(),
      { ...bound, metadata: { ...bound.metadata, deletionTimestamp: 'now' } },
      [],
      waiting('persistentvolumeclaim "data" is being deleted'),
    ],
    [
      'when its volume is lost',
      user(),
      withVolume(claim(), 'Lost'),
      [],
      waiting('persistentvolumeclaim "data" bound to non-existent persistentvolume "pvc-c-1"'),
    ],
    [
      'for the claim of an ephemeral volume',
      owner(),
      undefined,
      [],
      waiting('waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"'),
    ],
    [
      "when somebody else's claim has that name",
      owner(),
      bound,
      [],
      waiting('PVC shop/data was not created for pod shop/p (pod is not owner)'),
    ],
    [
      'while another Pod has a claim for one Pod only',
      user(),
      withVolume(claim({ accessModes: ['ReadWriteOncePod'] }), 'Bound'),
      [user({ metadata: { name: 'q', namespace: 'shop', uid: 'p-2' } })],
      {
        reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'],
        helpless: false,
      },
    ],
    [
      'no longer than that Pod runs',
      user(),
      withVolume(claim({ accessModes: ['ReadWriteOncePod'] }), 'Bound'),
      [user({ metadata: { name: 'q', namespace: 'shop', uid: 'p-2' }, status: { phase: 'Failed' } })],
      undefined,
    ],
  ])('%s', (_, pod, found, others, expected) => {
    expect(claimMisfit(pod, () => found, [...others, pod])).toEqual(expected);
  });
});
