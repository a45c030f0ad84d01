import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { admitClaim } from '../../kube/defaults/claim-admission.ts';
import type { PersistentVolumeClaim, Pod, PodSpec } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { podPaths } from '../paths.ts';
import { podKey } from '../pod-spec.ts';
import { claimKey } from './claim.ts';
import { Claims } from './claims.ts';

let base: string;
let home: string;
let store: Store;
let claims: Claims;
let events: string[];
let timers: (() => void)[];
let count = 0;

const clock: Clock = {
  now: () => Date.parse('2026-11-24T00:00:00Z'),
  setTimeout: (callback) => timers.push(callback),
  clearTimeout: () => {},
};
const mounts = { below: async () => [], mountTmpfs: async () => {}, bind: async () => {}, unmount: async () => {} };

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'outfit-claims-'));
});
beforeEach(async () => {
  home = join(base, String(count++));
  store = memoryStore();
  events = [];
  timers = [];
  claims = newClaims();
});
afterEach(() => claims.stop());
afterAll(() => rm(base, { recursive: true, maxRetries: 5 }));

function newClaims(): Claims {
  const event = (claim: PersistentVolumeClaim, type: string, reason: string, message: string) =>
    void events.push(`${claim.metadata?.name} ${type} ${reason} ${message}`);
  const log = pino({ level: 'silent' });
  return new Claims({ store, paths: podPaths(home), events: { event }, log, clock, mounts, uid: () => 'made' });
}

async function make(name: string, spec: object = {}, metadata: object = {}): Promise<PersistentVolumeClaim> {
  const claim = admitClaim({
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase: 'Pending' },
  });
  return (await store.create(claimKey(claim), claim as KubeObject)) as PersistentVolumeClaim;
}

async function makePod(name: string, volumes: PodSpec['volumes'], nodeName?: string): Promise<Pod> {
  const pod: Pod = {
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { containers: [], volumes: volumes ?? [], ...(nodeName && { nodeName }) },
  };
  return (await store.create(podKey(pod), pod as KubeObject)) as Pod;
}
const uses = (claimName: string) => [{ name: 'v', persistentVolumeClaim: { claimName } }];
const EPHEMERAL = [
  {
    name: 'v',
    ephemeral: {
      volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } },
    },
  },
];

const get = (name: string) =>
  store.get({ group: '', resource: 'persistentvolumeclaims', namespace: 'shop', name }) as
    | PersistentVolumeClaim
    | undefined;
const phase = (name: string) => get(name)?.status?.phase;
const directories = () => readdir(join(home, 'claims')).catch(() => []);
const soon = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

/** What the API server does on DELETE of a claim with a finalizer. */
async function markDeleted(name: string): Promise<void> {
  await store.update({ group: '', resource: 'persistentvolumeclaims', namespace: 'shop', name }, (claim) => ({
    ...claim,
    metadata: { ...claim.metadata, deletionTimestamp: '2026-11-24T00:00:00Z', deletionGracePeriodSeconds: 0 },
  }));
}

describe('a claim', () => {
  test('gets a directory that everybody may write to, and is bound', async () => {
    await claims.start();
    await make('data');
    await soon(() => expect(phase('data')).toBe('Bound'));
    expect(await directories()).toEqual(['shop_data_uid-data']);
    expect((await stat(join(home, 'claims/shop_data_uid-data'))).mode & 0o7777).toBe(0o777);
    expect(events).toEqual(['data Normal ProvisioningSucceeded Successfully provisioned volume pvc-uid-data']);
  });

  test('that was there before the node is bound too, and one that is bound stays as it is', async () => {
    await make('data');
    await claims.start();
    expect(phase('data')).toBe('Bound');
    await writeFile(join(home, 'claims/shop_data_uid-data/file'), 'kept');
    await claims.stop();
    claims = newClaims();
    await claims.start();
    expect(await readFile(join(home, 'claims/shop_data_uid-data/file'), 'utf8')).toBe('kept');
    expect(events).toHaveLength(1);
  });

  test('that cannot be bound says why, once', async () => {
    await claims.start();
    await make('data', { storageClassName: '' });
    await store.update(claimKey(get('data')!), (claim) => ({
      ...claim,
      metadata: { ...claim.metadata, labels: { a: 'b' } },
    }));
    await make('other');
    await soon(() => expect(phase('other')).toBe('Bound'));
    expect(phase('data')).toBe('Pending');
    expect(events.filter((line) => line.startsWith('data'))).toEqual([
      'data Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
    ]);
  });

  test('is tried again when the disk did not take it', async () => {
    await mkdir(home);
    await writeFile(join(home, 'claims'), 'in the way');
    await claims.start();
    await make('data');
    await soon(() => expect(timers.length).toBeGreaterThan(0));
    expect(events[0]).toMatch(/^data Warning ProvisioningFailed failed to provision volume: EEXIST|ENOTDIR/);
    await rm(join(home, 'claims'));
    timers.at(-1)?.();
    await soon(() => expect(phase('data')).toBe('Bound'));
  });

  test('grows when it asks for more', async () => {
    await make('data');
    await claims.start();
    await store.update(claimKey(get('data')!), (claim) => ({
      ...claim,
      spec: { ...(claim.spec as object), resources: { requests: { storage: '2Gi' } } },
    }));
    await soon(() => expect(get('data')?.status?.capacity).toEqual({ storage: '2Gi' }));
  });

  test('whose directory is gone is lost, and the directory is not made anew', async () => {
    await make('data');
    await claims.start();
    await claims.stop();
    await rm(join(home, 'claims'), { recursive: true });
    claims = newClaims();
    await claims.start();
    expect(phase('data')).toBe('Lost');
    expect(await directories()).toEqual([]);
    expect(events.at(-1)).toBe(
      'data Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
  });
});

describe('a claim that is deleted', () => {
  test('goes with its data', async () => {
    await make('data');
    await claims.start();
    await markDeleted('data');
    await soon(async () => expect([get('data'), await directories()]).toEqual([undefined, []]));
  });

  test('waits for the Pods that use it', async () => {
    await make('data');
    await claims.start();
    const pod = await makePod('p', uses('data'), 'node1');
    await markDeleted('data');
    await make('other');
    await soon(() => expect(phase('other')).toBe('Bound'));
    expect(get('data')?.metadata?.deletionTimestamp).toBeDefined();
    expect(await directories()).toContain('shop_data_uid-data');
    await store.delete(podKey(pod));
    await soon(async () => expect([get('data'), await directories()]).toEqual([undefined, ['shop_other_uid-other']]));
  });

  test("keeps its data as long as somebody else's finalizer holds it", async () => {
    await make('data', {}, { finalizers: ['example.com/backup'] });
    await claims.start();
    await markDeleted('data');
    await soon(() => expect(get('data')?.metadata?.finalizers).toEqual(['example.com/backup']));
    expect(await directories()).toEqual(['shop_data_uid-data']);
    await store.delete(claimKey(get('data')!));
    await soon(async () => expect(await directories()).toEqual([]));
  });

  test('goes on the next start where the node was killed in between', async () => {
    await make('data');
    await mkdir(join(home, 'claims/shop_gone_uid-gone.deleted/sub'), { recursive: true });
    await mkdir(join(home, 'claims/shop_unknown_uid-x'), { recursive: true });
    await markDeleted('data');
    await claims.start();
    await soon(async () => expect(await directories()).toEqual(['shop_unknown_uid-x']));
  });

  test('does not take along what links in it lead to', async () => {
    await make('data');
    await claims.start();
    await mkdir(join(home, 'outside'));
    await writeFile(join(home, 'outside/file'), '');
    await symlink(join(home, 'outside'), join(home, 'claims/shop_data_uid-data/link'));
    await markDeleted('data');
    await soon(async () => expect(await directories()).toEqual([]));
    expect(await readdir(join(home, 'outside'))).toEqual(['file']);
  });
});

describe('a Pod with an ephemeral volume', () => {
  test('gets its claim, which goes with it', async () => {
    await claims.start();
    const pod = await makePod('p', EPHEMERAL);
    expect(await claims.misfit(pod)).toBeUndefined();
    expect(get('p-v')?.metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'p', uid: 'uid-p' }]);
    expect(await directories()).toEqual(['shop_p-v_made']);
    await store.delete(podKey(pod));
    await soon(async () => expect([get('p-v'), await directories()]).toEqual([undefined, []]));
  });

  test('that went while the node was down leaves no claim', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'old', controller: true }];
    await make('p-v', {}, { ownerReferences });
    await claims.start();
    await soon(async () => expect([get('p-v'), await directories()]).toEqual([undefined, []]));
  });

  test("does not get an earlier Pod's claim", async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'old', controller: true }];
    await claims.start();
    const pod = await makePod('p', EPHEMERAL);
    await make('p-v', {}, { ownerReferences });
    await claims.misfit(pod);
    expect(get('p-v')?.metadata?.uid).toBe('made');
  });

  test('that is being deleted gets none', async () => {
    await claims.start();
    const pod = await makePod('p', EPHEMERAL, 'node1');
    await store.update(podKey(pod), (current) => ({
      ...current,
      metadata: { ...current.metadata, deletionTimestamp: '2026-11-24T00:00:00Z' },
    }));
    await expect(claims.claimOf(pod, 'v')).rejects.toThrow('persistentvolumeclaims "p-v" not found');
  });
});

describe('a Pod that the node has', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['missing', async () => {}, 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found'],
    ['without volume', () => make('data', { volumeMode: 'Block' }), 'PVC is not bound'],
    ['there', () => make('data'), 'no error'],
  ])('and its claim is %s', async (_, prepare, message) => {
    await claims.start();
    await prepare();
    const pod = await makePod('p', uses('data'), 'node1');
    const found = claims.claimOf(pod, 'v').then(
      () => 'no error',
      (error: Error) => error.message,
    );
    expect(await found).toBe(message);
  });

  test('and its claim is being deleted', async () => {
    await make('data');
    await claims.start();
    const pod = await makePod('p', uses('data'), 'node1');
    await markDeleted('data');
    await expect(claims.claimOf(pod, 'v')).rejects.toThrow('PVC is being deleted');
  });
});
