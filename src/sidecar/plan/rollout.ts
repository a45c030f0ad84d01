import { isRecord } from '../../kube/json.ts';
import { kindOf, type Target } from '../target.ts';

/**
 * What a change of the template means, whose hash it changes. `Rollout`: the Pods are replaced, a few at a time. `OnDelete`: those that are
 * there stay as they are until somebody deletes them. `NextRun`: the next Job has it. `Recreate`: it cannot be changed, so somebody has to
 * delete the object and create it again. `Unknown`: a custom resource, whose controller decides.
 */
export type Effect = 'None' | 'Rollout' | 'OnDelete' | 'NextRun' | 'Recreate' | 'Unknown';

const EFFECTS: Readonly<Record<string, Effect>> = {
  // Only images and a few other fields of a Pod can change; a Job's template not at all.
  Pod: 'Recreate',
  'Job.batch': 'Recreate',
  'Job.batch.volcano.sh': 'Recreate',
  'JobSet.jobset.x-k8s.io': 'Recreate',
  'CronJob.batch': 'NextRun',
  'AdvancedCronJob.apps.kruise.io': 'NextRun',
  'ScaledJob.keda.sh': 'NextRun',
  'ReplicaSet.apps': 'OnDelete',
  ReplicationController: 'OnDelete',
  'Deployment.apps': 'Rollout',
  'StatefulSet.apps': 'Rollout',
  'DaemonSet.apps': 'Rollout',
  'Rollout.argoproj.io': 'Rollout',
  'DeploymentConfig.apps.openshift.io': 'Rollout',
  'CloneSet.apps.kruise.io': 'Rollout',
  'StatefulSet.apps.kruise.io': 'Rollout',
  'DaemonSet.apps.kruise.io': 'Rollout',
  'Service.serving.knative.dev': 'Rollout',
  // Nobody runs it as it stands.
  PodTemplate: 'None',
};

export function effectOn(target: Target): Effect {
  const { kind, group } = kindOf(target);
  const effect = EFFECTS[group === '' ? kind : `${kind}.${group}`] ?? 'Unknown';
  return effect === 'Rollout' && waitsForDeletion(target) ? 'OnDelete' : effect;
}

/** StatefulSets and DaemonSets may be told to leave their Pods alone. */
function waitsForDeletion({ workload }: Target): boolean {
  const spec = workload?.spec;
  const strategy = isRecord(spec) ? spec.updateStrategy : undefined;
  return isRecord(strategy) && strategy.type === 'OnDelete';
}
