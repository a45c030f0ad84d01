import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PodCgroups } from '../cri/cgroups.ts';
import type { ConfigMap, Pod, Secret } from '../kube/generated/objects.ts';
import type { Store } from '../store/store.ts';
import type { ApiAddress } from './api-variables.ts';
import { ConfigError } from './config-error.ts';
import { type ContainerConfigInput, containerConfig, sandboxConfig } from './container-config.ts';
import { prepareContainerFiles, removeLogs, uidsWithLogs } from './container-files.ts';
import { dnsConfig, readResolvConf } from './dns.ts';
import type { ObjectLookup } from './environment.ts';
import type { MachineFacts } from './machine.ts';
import type { PodPaths } from './paths.ts';
import { podUid } from './pod-spec.ts';
import type { ContainerRequest, PodEvents, PodParts } from './ports.ts';
import { NO_ABILITIES, type RuntimeAbilities } from './runtime-abilities.ts';
import { lastWords } from './termination-message.ts';
import { UserNamespaces } from './user-namespaces.ts';
import { type Mounts, systemMounts } from './volumes/mounts.ts';
import { type PayloadInput, volumePayload } from './volumes/payload.ts';
import { PodTokens, type RequestToken } from './volumes/pod-tokens.ts';
import { Volumes, type VolumesOptions } from './volumes/volumes.ts';

export interface PodPartsOptions {
  paths: PodPaths;
  store: Pick<Store, 'get'>;
  events: PodEvents;
  nodeName: string;
  machine: MachineFacts;
  /** The control group below which each Pod gets its own: `/outfit/1a2b3c4d`. */
  cgroupRoot: string;
  cgroups?: Pick<PodCgroups, 'path' | 'limitPod' | 'removePod' | 'pods'>;
  /** Processes and threads of each Pod (`podPidsLimit` of the kubelet); absent or below 1: no limit of its own. */
  podPidsLimit?: number;
  mounts?: Mounts;
  resolvConf?: () => Promise<string>;
  /** What the runtime can now. Default: what every runtime can. */
  runtime?: () => RuntimeAbilities;
  claimOf?: VolumesOptions['claimOf'];
  /** Asks the API for the tokens of Pods' service accounts. Without it Pods that want one wait. */
  requestToken?: RequestToken;
  /** Where containers reach the API; absent where they cannot. */
  api?: ApiAddress | undefined;
}

/** The parts of Pods on this machine: what the loop asks for, made from the files beside this one. */
export function podParts(options: PodPartsOptions): PodParts {
  const {
    paths,
    events,
    cgroups = new PodCgroups(options.cgroupRoot),
    mounts = systemMounts(),
    resolvConf = readResolvConf,
    podPidsLimit = -1,
    runtime = () => NO_ABILITIES,
  } = options;
  const users = new UserNamespaces({ paths });
  const tokens = options.requestToken && new PodTokens({ request: options.requestToken });
  const volumes = new Volumes({
    paths,
    mounts,
    payload: (volume, pod) => volumePayload(volume, payloadInput(pod, options, tokens)),
    claimOf: options.claimOf,
    memoryBytes: options.machine.size.memoryBytes,
  });
  return {
    prepareVolumes: (pod) => volumes.prepare(pod),

    refreshVolumes: (pod) => volumes.refresh(pod),

    async sandboxConfig(pod, attempt) {
      await mkdir(paths.logDirectory(pod), { recursive: true, mode: 0o755 });
      const { dns, warnings } = dnsConfig({ pod, resolvConf: await resolvConf() });
      for (const { reason, message } of warnings) events.event(pod, 'Warning', reason, message);
      const own = await users.of(pod, runtime());
      if (podPidsLimit > 0) limitProcesses(pod, podPidsLimit, cgroups);
      const cgroupParent = cgroups.path(podUid(pod));
      const { seLinux } = options.machine;
      return sandboxConfig({ pod, attempt, paths, dns, cgroupParent, seLinux, ...(own && { users: own }) });
    },

    async containerConfig(request) {
      const own = await users.of(request.pod, runtime());
      const input = { ...configInput(request, options), runtime: runtime(), ...(own && { users: own }) };
      const config = containerConfig(input);
      await prepareContainerFiles(input, mounts);
      return config;
    },

    lastWords(uid, status) {
      const { name, attempt } = status.metadata;
      return lastWords({ status, file: paths.terminationLog(uid, name, attempt) });
    },

    releaseVolumes: (uid) => volumes.release(uid),

    removeContainerFiles: (pod, container, attempt) => removeContainerFiles(paths, pod, container, attempt),

    async removePod(uid) {
      tokens?.forget(uid);
      await volumes.cleanup(uid);
      await removeLogs(paths, uid);
      await cgroups.removePod(uid);
    },

    listPods: async () => [...new Set([...(await volumes.uids()), ...(await uidsWithLogs(paths)), ...cgroups.pods()])],
  };
}

/** @throws ConfigError: a Pod must not run without a limit that the administrator set */
function limitProcesses(pod: Pod, limit: number, cgroups: Pick<PodCgroups, 'limitPod'>): void {
  if (!cgroups.limitPod(podUid(pod), limit))
    throw new ConfigError(
      'the limit of processes (--pod-pids-limit) cannot be set: the cgroup controller pids is missing',
    );
}

function configInput(
  request: ContainerRequest,
  { paths, store, nodeName, machine, api }: PodPartsOptions,
): ContainerConfigInput {
  const { pod, image } = request;
  return {
    ...request,
    imageRef: image.id,
    podIPs: pod.spec?.hostNetwork ? machine.addresses : request.podIPs,
    hostIPs: machine.addresses,
    nodeName,
    paths,
    machine: machine.size,
    appArmor: machine.appArmor,
    seLinux: machine.seLinux,
    lookup: lookupIn(store, pod.metadata?.namespace ?? ''),
    ...(api && { api }),
  };
}

function payloadInput(pod: Pod, { store, machine }: PodPartsOptions, tokens: PodTokens | undefined): PayloadInput {
  const token: PayloadInput['token'] = (audience, seconds) => tokens?.token(pod, audience, seconds) ?? '';
  const lookup = lookupIn(store, pod.metadata?.namespace ?? '');
  return { pod, machine: machine.size, lookup, ...(tokens && { token }) };
}

function lookupIn(store: Pick<Store, 'get'>, namespace: string): ObjectLookup {
  const get = (resource: string, name: string) => store.get({ group: '', resource, namespace, name });
  return {
    configMap: (name) => get('configmaps', name) as ConfigMap | undefined,
    secret: (name) => get('secrets', name) as Secret | undefined,
  };
}

/** The log, what was rotated away from it, and the file of the termination message. */
async function removeContainerFiles(paths: PodPaths, pod: Pod, container: string, attempt: number): Promise<void> {
  const log = paths.containerLog(pod, container, attempt);
  const names = await readdir(dirname(log)).catch(() => []);
  const own = names.filter((name) => name === basename(log) || name.startsWith(`${basename(log)}.`));
  const files = [...own.map((name) => join(dirname(log), name)), paths.terminationLog(podUid(pod), container, attempt)];
  await Promise.all(files.map((file) => rm(file, { force: true })));
}
