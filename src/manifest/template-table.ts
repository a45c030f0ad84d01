/** A kind as the tables name it: `Kind` of the core group, or `Kind.group`. Versions do not matter: no kind moved its template. */
export type GroupKind = string;

/** Where Kubernetes' own kinds hold Pod templates (an object with `metadata` and `spec`). The empty path: the object itself. */
export const BUILT_IN: Readonly<Record<GroupKind, string>> = {
  Pod: '',
  PodTemplate: 'template',
  ReplicationController: 'spec.template',
  'Deployment.apps': 'spec.template',
  'ReplicaSet.apps': 'spec.template',
  'StatefulSet.apps': 'spec.template',
  'DaemonSet.apps': 'spec.template',
  'Deployment.extensions': 'spec.template',
  'ReplicaSet.extensions': 'spec.template',
  'DaemonSet.extensions': 'spec.template',
  'Job.batch': 'spec.template',
  'CronJob.batch': 'spec.jobTemplate.spec.template',
};

/**
 * Where kinds of custom resources hold Pod templates. From the schemas of datreeio/CRDs-catalog (4,235 of them), OpenKruise's and Kubeflow's
 * types; LeaderWorkerSet and Volcano from their documentation. `[*]`: every item, `*`: every field.
 */
export const KNOWN: Readonly<Record<GroupKind, readonly string[]>> = {
  'AutoscalingRunnerSet.actions.github.com': ['spec.template', 'spec.listenerTemplate'],
  'RunnerDeployment.actions.summerwind.dev': ['spec.template'],
  'RunnerReplicaSet.actions.summerwind.dev': ['spec.template'],
  'RunnerSet.actions.summerwind.dev': ['spec.template'],
  'DeploymentConfig.apps.openshift.io': ['spec.template'],
  DeploymentConfig: ['spec.template'],
  'CloneSet.apps.kruise.io': ['spec.template'],
  'StatefulSet.apps.kruise.io': ['spec.template'],
  'DaemonSet.apps.kruise.io': ['spec.template'],
  'BroadcastJob.apps.kruise.io': ['spec.template'],
  'AdvancedCronJob.apps.kruise.io': [
    'spec.template.jobTemplate.spec.template',
    'spec.template.broadcastJobTemplate.spec.template',
  ],
  'UnitedDeployment.apps.kruise.io': [
    'spec.template.statefulSetTemplate.spec.template',
    'spec.template.advancedStatefulSetTemplate.spec.template',
    'spec.template.cloneSetTemplate.spec.template',
    'spec.template.deploymentTemplate.spec.template',
  ],
  'Rollout.argoproj.io': ['spec.template'],
  'Experiment.argoproj.io': ['spec.templates[*].template'],
  'AnalysisRun.argoproj.io': ['spec.metrics[*].provider.job.spec.template'],
  'AnalysisTemplate.argoproj.io': ['spec.metrics[*].provider.job.spec.template'],
  'ClusterAnalysisTemplate.argoproj.io': ['spec.metrics[*].provider.job.spec.template'],
  'Job.batch.volcano.sh': ['spec.tasks[*].template'],
  'ClusterBootstrapConfig.capi.weave.works': ['spec.jobTemplate'],
  'AtlasMigration.db.atlasgo.io': ['spec.devDB'],
  'AtlasSchema.db.atlasgo.io': ['spec.devDB'],
  'FlinkDeployment.flink.apache.org': [
    'spec.podTemplate',
    'spec.jobManager.podTemplate',
    'spec.taskManager.podTemplate',
  ],
  'Grafana.grafana.integreatly.org': ['spec.deployment.spec.template'],
  'GatewayClassParameters.gravitee.io': ['spec.kubernetes.deployment.template'],
  'HiveMQPlatform.hivemq.com': ['spec.statefulSet.spec.template'],
  'JobSet.jobset.x-k8s.io': ['spec.replicatedJobs[*].template.spec.template'],
  'PrivateLoadZone.k6.io': ['spec.podTemplate'],
  'Keycloak.k8s.keycloak.org': ['spec.unsupported.podTemplate'],
  'PodConfig.k8up.io': ['spec.template'],
  'PreBackupPod.k8up.io': ['spec.pod'],
  'ScaledJob.keda.sh': ['spec.jobTargetRef.template'],
  'JAXJob.kubeflow.org': ['spec.jaxReplicaSpecs.*.template'],
  'MPIJob.kubeflow.org': ['spec.mpiReplicaSpecs.*.template'],
  'PaddleJob.kubeflow.org': ['spec.paddleReplicaSpecs.*.template'],
  'PyTorchJob.kubeflow.org': ['spec.pytorchReplicaSpecs.*.template'],
  'TFJob.kubeflow.org': ['spec.tfReplicaSpecs.*.template'],
  'XGBoostJob.kubeflow.org': ['spec.xgbReplicaSpecs.*.template'],
  'LeaderWorkerSet.leaderworkerset.x-k8s.io': [
    'spec.leaderWorkerTemplate.leaderTemplate',
    'spec.leaderWorkerTemplate.workerTemplate',
  ],
  'Logging.logging.banzaicloud.io': [
    'spec.nodeAgents[*].nodeAgentFluentbit.daemonSet.spec.template',
    'spec.syslogNG.statefulSet.spec.template',
  ],
  'NodeAgent.logging.banzaicloud.io': ['spec.nodeAgentFluentbit.daemonSet.spec.template'],
  'SyslogNGConfig.logging.banzaicloud.io': ['spec.statefulSet.spec.template'],
  'ClusterServiceVersion.operators.coreos.com': ['spec.install.spec.deployments[*].spec.template'],
  'DeploymentRuntimeConfig.pkg.crossplane.io': ['spec.deploymentTemplate.spec.template'],
  'FlinkDeployment.platform.confluent.io': [
    'spec.podTemplate',
    'spec.jobManager.podTemplate',
    'spec.taskManager.podTemplate',
  ],
  'FlinkBlueGreenDeployment.platform.confluent.io': [
    'spec.template.spec.podTemplate',
    'spec.template.spec.jobManager.podTemplate',
    'spec.template.spec.taskManager.podTemplate',
  ],
  'Pooler.postgresql.cnpg.io': ['spec.template'],
  'RabbitmqCluster.rabbitmq.com': ['spec.override.statefulSet.spec.template'],
  'RayCluster.ray.io': ['spec.headGroupSpec.template', 'spec.workerGroupSpecs[*].template'],
  'RayJob.ray.io': [
    'spec.rayClusterSpec.headGroupSpec.template',
    'spec.rayClusterSpec.workerGroupSpecs[*].template',
    'spec.submitterPodTemplate',
  ],
  'RayService.ray.io': [
    'spec.rayClusterConfig.headGroupSpec.template',
    'spec.rayClusterConfig.workerGroupSpecs[*].template',
  ],
  'ComputeFlinkDeployment.resource.streamnative.io': [
    'spec.communityTemplate.spec.jobManagerPodTemplate',
    'spec.communityTemplate.spec.taskManagerPodTemplate',
  ],
  'Configuration.serving.knative.dev': ['spec.template'],
  'Service.serving.knative.dev': ['spec.template'],
  'TemporalWorkerDeployment.temporal.io': ['spec.template'],
  'WorkerDeployment.temporal.io': ['spec.template'],
};

/** What looks like a place for a sidecar and is none: paths of Pod specs or lists of containers, and the reason. */
export interface LeftAlone {
  paths: readonly string[];
  reason: string;
}

const NO_METADATA = "beside this Pod spec there is no place for the Pod's annotations";
const MADE = (by: string) => `it is made by ${by}; attach there`;
const WORKFLOW = 'the steps of an Argo Workflow are not Pod templates; add to their sidecars list';
const TASK = 'the steps of a Tekton Task are not a Pod template; add to its sidecars list';
const OPERATOR = 'its operator merges these containers into Pods that it makes itself';

export const LEFT_ALONE: Readonly<Record<GroupKind, LeftAlone>> = {
  'ControllerRevision.apps': { paths: ['data.spec.template.spec'], reason: 'it records what was, for a rollback' },
  'Workload.kueue.x-k8s.io': { paths: ['spec.podSets[*].template.spec'], reason: MADE('Kueue from a Job') },
  'AutoscalingListener.actions.github.com': { paths: ['spec.template.spec'], reason: MADE('an AutoscalingRunnerSet') },
  'EphemeralRunner.actions.github.com': { paths: ['spec.spec'], reason: MADE('an AutoscalingRunnerSet') },
  'EphemeralRunnerSet.actions.github.com': {
    paths: ['spec.ephemeralRunnerSpec.spec'],
    reason: MADE('an AutoscalingRunnerSet'),
  },
  'Revision.serving.knative.dev': { paths: ['spec'], reason: MADE('a Knative Service or Configuration') },
  'Runner.actions.summerwind.dev': { paths: ['spec'], reason: NO_METADATA },
  'Workflow.argoproj.io': { paths: ['spec.templates'], reason: WORKFLOW },
  'WorkflowTemplate.argoproj.io': { paths: ['spec.templates'], reason: WORKFLOW },
  'ClusterWorkflowTemplate.argoproj.io': { paths: ['spec.templates'], reason: WORKFLOW },
  'CronWorkflow.argoproj.io': { paths: ['spec.workflowSpec.templates'], reason: WORKFLOW },
  'WorkflowTaskSet.argoproj.io': { paths: ['spec.tasks'], reason: WORKFLOW },
  'Task.tekton.dev': { paths: ['spec.steps'], reason: TASK },
  'ClusterTask.tekton.dev': { paths: ['spec.steps'], reason: TASK },
  'TaskRun.tekton.dev': { paths: ['spec.taskSpec.steps'], reason: TASK },
  'Redpanda.cluster.redpanda.com': {
    paths: [
      'spec.clusterSpec.statefulset.podTemplate.spec',
      'spec.clusterSpec.post_install_job.podTemplate.spec',
      'spec.clusterSpec.post_upgrade_job.podTemplate.spec',
    ],
    reason: NO_METADATA,
  },
  'EventTailer.logging-extensions.banzaicloud.io': { paths: ['spec.workloadOverrides'], reason: NO_METADATA },
  'HostTailer.logging-extensions.banzaicloud.io': { paths: ['spec.workloadOverrides'], reason: NO_METADATA },
  'MysqlCluster.mysql.presslabs.org': { paths: ['spec.podSpec'], reason: NO_METADATA },
  'Tenant.minio.min.io': { paths: ['spec.sideCars.containers'], reason: OPERATOR },
  'Vault.vault.banzaicloud.com': { paths: ['spec.vaultPodSpec', 'spec.vaultConfigurerPodSpec'], reason: NO_METADATA },
  'Alertmanager.monitoring.coreos.com': { paths: ['spec.containers'], reason: OPERATOR },
  'Prometheus.monitoring.coreos.com': { paths: ['spec.containers'], reason: OPERATOR },
  'PrometheusAgent.monitoring.coreos.com': { paths: ['spec.containers'], reason: OPERATOR },
  'ThanosRuler.monitoring.coreos.com': { paths: ['spec.containers'], reason: OPERATOR },
  'GrafanaAgent.monitoring.grafana.com': { paths: ['spec.containers'], reason: OPERATOR },
  'InferenceService.serving.kserve.io': {
    paths: ['spec.predictor', 'spec.predictor.workerSpec', 'spec.transformer', 'spec.explainer'],
    reason: NO_METADATA,
  },
  'ServingRuntime.serving.kserve.io': { paths: ['spec', 'spec.workerSpec'], reason: NO_METADATA },
  'ClusterServingRuntime.serving.kserve.io': { paths: ['spec', 'spec.workerSpec'], reason: NO_METADATA },
  'Sidecar.outfit.dev': { paths: ['spec.template.spec'], reason: 'it defines a sidecar' },
  'ClusterSidecar.outfit.dev': { paths: ['spec.template.spec'], reason: 'it defines a sidecar' },
  'SidecarSet.apps.kruise.io': { paths: ['spec.containers'], reason: "it defines sidecars for OpenKruise's injector" },
};
