import { generateName } from '../../kube/generate-name.ts';
import type { Container, Pod, PodSpec, ProjectedVolumeSource, ServiceAccount } from '../../kube/generated/objects.ts';
import type { Store } from '../../store/store.ts';
import { forbidden } from '../auth/authorize.ts';
import { MOUNTED_TOKEN_SECONDS } from './grant-token.ts';
import { requireMountable } from './mountable-secrets.ts';

/** Where client libraries look for the account's token, its namespace, and whom to trust. */
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME = 'kube-api-access-';
const DEFAULT_ACCOUNT = 'default';
const MIRROR = 'kubernetes.io/config.mirror';

export interface AdmitAccountContext {
  store: Pick<Store, 'get'>;
  /** Of the Pod: it may not say it itself yet. */
  namespace: string;
  random(): number;
}

/**
 * A Pod that is to be created, with what a cluster's admission plugin ServiceAccount adds (`plugin/pkg/admission/serviceaccount`): the account `default`,
 * the account's pull secrets, and in every container that has nothing at that place a mount of the volume kube-api-access-….
 * Idempotent, so that it can be asked again when another plugin has brought containers.
 * @throws StatusError Forbidden
 */
export function admitServiceAccount(pod: Pod, context: AdmitAccountContext): Pod {
  const { spec } = pod;
  if (spec === undefined) return pod;
  if (pod.metadata?.annotations?.[MIRROR] !== undefined) {
    requireNoAccount(pod, spec);
    return pod;
  }
  const name = spec.serviceAccountName || DEFAULT_ACCOUNT;
  const { store, namespace } = context;
  const account = store.get({ group: '', resource: 'serviceaccounts', namespace, name }) as ServiceAccount | undefined;
  if (!account)
    throw refusal(pod, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`);
  const named = { ...withAccess(spec, account, context.random), serviceAccountName: name, serviceAccount: name };
  const imagePullSecrets = spec.imagePullSecrets?.length ? spec.imagePullSecrets : account.imagePullSecrets;
  const admitted = { ...pod, spec: { ...named, ...(imagePullSecrets?.length && { imagePullSecrets }) } };
  requireMountable(admitted, account, (why) => refusal(pod, why));
  return admitted;
}

function withAccess(spec: PodSpec, account: ServiceAccount, random: () => number): PodSpec {
  const isWanted = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  const { containers = [], initContainers = [], volumes = [] } = spec;
  if (!isWanted || [...initContainers, ...containers].every(hasAccess)) return spec;
  const existing = volumes.find(({ name, projected }) => projected && name.startsWith(VOLUME));
  const name = existing?.name ?? generateName(VOLUME, random);
  return {
    ...spec,
    ...(spec.initContainers && { initContainers: initContainers.map((one) => withMount(one, name)) }),
    containers: containers.map((one) => withMount(one, name)),
    ...(!existing && { volumes: [...volumes, { name, projected: accessVolume() }] }),
  };
}

function hasAccess({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some(({ mountPath }) => mountPath === MOUNT_PATH);
}

function withMount(container: Container, name: string): Container {
  if (hasAccess(container)) return container;
  const mount = { mountPath: MOUNT_PATH, name, readOnly: true };
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] };
}

function accessVolume(): ProjectedVolumeSource {
  return {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: MOUNTED_TOKEN_SECONDS, path: 'token' } },
      { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
      {
        downwardAPI: {
          items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
        },
      },
    ],
  };
}

/** Copies of a kubelet's own Pods are shown as they are. */
function requireNoAccount(pod: Pod, { serviceAccountName, volumes = [] }: PodSpec): void {
  if (serviceAccountName) throw refusal(pod, 'a mirror pod may not reference service accounts');
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  if (volumes.some(({ secret }) => secret) || sources.some(({ secret }) => secret))
    throw refusal(pod, 'a mirror pod may not reference secrets');
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken))
    throw refusal(pod, 'a mirror pod may not use ServiceAccountToken volume projections');
}

const refusal = (pod: Pod, why: string): Error =>
  forbidden({ group: '', resource: 'pods' }, pod.metadata?.name || pod.metadata?.generateName, why);
