import type { ObjectMeta, PodSpec, Volume } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { sha256 } from '../../sidecar/sha256.ts';

/** The one Pod that runs here for a workload of a kind that the node does not serve. */
export interface StandIn {
  pod: KubeObject & { metadata: ObjectMeta & { name: string } };
  /** A Job's Pod: done when it has Succeeded. */
  finishes: boolean;
  /** What is otherwise than in a cluster: `1 of 3 replicas`. */
  differences: string[];
}

/** Why no Pod runs for it. */
export interface NoStandIn {
  none: string;
}

export interface StandInInput {
  /** The workload's own object. */
  workload: Record<string, unknown>;
  /** Its Pod template, with what is attached. */
  template: Record<string, unknown>;
  /** The name of the workload; of one with several templates each needs its own. */
  name: string;
}

/**
 * Makes a Pod of a workload's template as the workload's controller would make its first: the same labels, annotations and spec, with the
 * names, labels and volumes that StatefulSets and Jobs add. Pure.
 */
export function standIn({ workload, template, name }: StandInInput): StandIn | NoStandIn {
  const kind = kindOf(workload);
  const spec = isRecord(workload.spec) ? workload.spec : {};
  const job = kind === 'CronJob.batch' ? jobOf(spec) : spec;
  const isJob = kind === 'Job.batch' || kind === 'CronJob.batch';
  if (spec.replicas === 0) return { none: 'it wants 0 replicas' };
  if (kind === 'Job.batch' && spec.suspend === true) return { none: 'it is suspended' };
  const base: StandIn = {
    pod: podOf(template, name, workload),
    finishes: isJob,
    differences: [...fewer(spec.replicas, 'replicas'), ...(isJob ? jobDifferences(job, kind) : [])],
  };
  if (kind === 'StatefulSet.apps') return asStatefulSet(base, spec, name);
  return isJob ? asJob(base, job, name) : base;
}

function kindOf({ apiVersion, kind }: Record<string, unknown>): string {
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return group ? `${kind}.${group}` : String(kind);
}

function jobOf({ jobTemplate }: Record<string, unknown>): Record<string, unknown> {
  return isRecord(jobTemplate) && isRecord(jobTemplate.spec) ? jobTemplate.spec : {};
}

/** The owner is named as in a cluster: sidecars that live on the node choose by its name and kind. */
function podOf({ metadata, spec }: Record<string, unknown>, name: string, workload: StandInInput['workload']) {
  const { labels, annotations } = isRecord(metadata) ? (metadata as ObjectMeta) : {};
  const owner = { apiVersion: String(workload.apiVersion), kind: String(workload.kind), name: nameOf(workload, name) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [{ ...owner, uid: uidFor(owner), controller: true }],
    },
    spec,
  };
}

function nameOf({ metadata }: StandInInput['workload'], otherwise: string): string {
  return isRecord(metadata) && typeof metadata.name === 'string' ? metadata.name : otherwise;
}

/** The API demands one; the same workload always has the same. */
function uidFor(owner: object): string {
  return sha256(JSON.stringify(owner)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function fewer(count: unknown, what: string): string[] {
  return typeof count === 'number' && count > 1 ? [`1 of ${count} ${what}`] : [];
}

function jobDifferences(job: Record<string, unknown>, kind: string): string[] {
  return [...fewer(job.completions, 'completions'), ...(kind === 'CronJob.batch' ? ['once, now'] : [])];
}

/** The names that applications derive their place in the set from, and an empty volume for each claim. */
function asStatefulSet(base: StandIn, spec: Record<string, unknown>, name: string): StandIn {
  const first = isRecord(spec.ordinals) && typeof spec.ordinals.start === 'number' ? spec.ordinals.start : 0;
  const podName = `${name}-${first}`;
  const podSpec = (isRecord(base.pod.spec) ? base.pod.spec : {}) as unknown as PodSpec;
  const claims = claimNames(spec).filter((claim) => !podSpec.volumes?.some((volume) => volume.name === claim));
  const volumes: Volume[] = [...(podSpec.volumes ?? []), ...claims.map((claim) => ({ name: claim, emptyDir: {} }))];
  return {
    ...base,
    pod: {
      ...base.pod,
      metadata: {
        ...base.pod.metadata,
        name: podName,
        labels: {
          ...base.pod.metadata.labels,
          'apps.kubernetes.io/pod-index': String(first),
          'statefulset.kubernetes.io/pod-name': podName,
        },
      },
      spec: {
        ...podSpec,
        ...(volumes.length > 0 && { volumes }),
        hostname: podName,
        ...(typeof spec.serviceName === 'string' && spec.serviceName !== '' && { subdomain: spec.serviceName }),
      },
    },
    differences: [
      ...base.differences,
      ...(claims.length > 0 ? [`an emptyDir for each volume claim: ${claims.join(', ')}`] : []),
    ],
  };
}

function claimNames({ volumeClaimTemplates }: Record<string, unknown>): string[] {
  const templates = Array.isArray(volumeClaimTemplates) ? volumeClaimTemplates : [];
  return templates.flatMap((claim) =>
    isRecord(claim) && isRecord(claim.metadata) && typeof claim.metadata.name === 'string' ? [claim.metadata.name] : [],
  );
}

/** The labels and the deadline that the Job's controller gives its Pods, and the index of the first. */
function asJob(base: StandIn, job: Record<string, unknown>, name: string): StandIn {
  const { labels, annotations } = base.pod.metadata;
  const indexed = job.completionMode === 'Indexed';
  const spec = (isRecord(base.pod.spec) ? base.pod.spec : {}) as unknown as PodSpec;
  const deadline = spec.activeDeadlineSeconds ?? job.activeDeadlineSeconds;
  return {
    ...base,
    pod: {
      ...base.pod,
      metadata: {
        ...base.pod.metadata,
        labels: { ...labels, 'batch.kubernetes.io/job-name': name, 'job-name': name },
        ...(indexed && { annotations: { ...annotations, [INDEX]: '0' } }),
      },
      spec: {
        ...(indexed ? withIndex(spec) : spec),
        ...(deadline !== undefined && { activeDeadlineSeconds: deadline }),
      },
    },
  };
}

const INDEX = 'batch.kubernetes.io/job-completion-index';

function withIndex(spec: PodSpec): PodSpec {
  const env = [{ name: 'JOB_COMPLETION_INDEX', value: '0' }];
  const containers = spec.containers?.map((c) => ({ ...c, env: [...(c.env ?? []), ...env] }));
  const initContainers = spec.initContainers?.map((c) => ({ ...c, env: [...(c.env ?? []), ...env] }));
  return { ...spec, containers, ...(initContainers && { initContainers }) };
}
