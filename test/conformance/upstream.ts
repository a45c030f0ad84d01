/** A file of tests of Kubernetes (v1.36), and what becomes of those tests that no scenario stands for. */
export interface UpstreamFile {
  /** Below `test/` of kubernetes/kubernetes. */
  file: string;
  /** How many there are. */
  tests: number;
  /** Behaviours that another test of this repository checks already: its file, and a piece of its text. */
  elsewhere?: { test: string; file: string; title: string }[];
  leftOut?: { tests: string[] | number; because: string }[];
}

const LATER = 'needs a feature of Kubernetes after v1.33, the version that the node claims';
const API_ONLY = 'is about stored objects alone: tests of src/api';
const NOT_YET = 'not ported yet';
const node = (file: string, tests: number, rest: Omit<UpstreamFile, 'file' | 'tests'> = {}): UpstreamFile => ({
  file: `e2e/common/node/${file}`,
  tests,
  ...rest,
});
const storage = (file: string, tests: number, rest: Omit<UpstreamFile, 'file' | 'tests'> = {}): UpstreamFile => ({
  file: `e2e/common/storage/${file}`,
  tests,
  ...rest,
});
const kubelet = (file: string, tests: number, rest: Omit<UpstreamFile, 'file' | 'tests'> = {}): UpstreamFile => ({
  file: `e2e_node/${file}`,
  tests,
  ...rest,
});
const out = (tests: string[] | number, because: string) => ({ leftOut: [{ tests, because }] });

/** Every file that says something of the life of Pods on one node. What is scenario and what is left out must add up (conformance.test.ts). */
export const upstream: UpstreamFile[] = [
  kubelet('container_lifecycle_test.go', 150, {
    leftOut: [
      {
        tests: [
          'initialized and running: should not restart any completed init container, even after the completed init container statuses have been removed and the kubelet restarted',
          'initializing: should not restart any completed init container, even after the completed init container statuses have been removed and the kubelet restarted',
        ],
        because: 'takes records out of the runtime by hand; the decision is in src/pods/plan-init.test.ts',
      },
      {
        tests: 13,
        because: `the suite "Not Change Container Status" ${LATER}; that a restart of the node restarts no container is in test/e2e/survival.e2e.ts`,
      },
    ],
  }),
  node(
    'lifecycle_hook.go',
    17,
    out(
      1,
      'a stop signal of the container itself needs the feature gate ContainerStopSignals; the node warns of the field',
    ),
  ),
  node('init_container.go', 4),
  node('container_probe.go', 46, {
    elsewhere: [
      'Probing container should *not* be restarted with a GRPC liveness probe',
      'Probing container should be restarted with a GRPC liveness probe',
      'Probing restartable init container should *not* be restarted with a GRPC liveness probe',
      'Probing restartable init container should be restarted with a GRPC liveness probe',
    ].map((test) => ({
      test,
      file: 'test/e2e/probes.e2e.ts',
      title:
        'liveness by gRPC: what is not served is restarted, of main containers and sidecars; what is served is not',
    })),
  }),
  node('runtime.go', 10, {
    elsewhere: [
      'should not be able to pull from private registry without secret',
      'should be able to pull from private registry with secret',
    ].map((test) => ({
      test: `when running a container with a new image ${test}`,
      file: 'test/e2e/volumes-and-security.e2e.ts',
      title: 's image is pulled with the Pod',
    })),
  }),
  node('expansion.go', 9),
  node('downwardapi.go', 11, out(4, 'huge pages, of which the node has none; what later versions add')),
  node('configmap.go', 6, out(3, API_ONLY)),
  node('secrets.go', 5, out(2, API_ONLY)),
  node('containers.go', 4),
  node('kubelet.go', 6),
  node('kubelet_etc_hosts.go', 1),
  node('pods.go', 13, {
    elsewhere: [
      {
        test: 'should support remote command execution over websockets',
        file: 'test/e2e/node.e2e.ts',
        title: 'exec passes on output, input and exit code',
      },
      {
        test: 'should support retrieving logs from the container over websockets',
        file: 'test/e2e/node.e2e.ts',
        title: 'logs, with and without -f',
      },
      {
        test: 'should delete a collection of pods',
        file: 'test/e2e/pod-life.e2e.ts',
        title: 'all are deleted, and nothing of them is left',
      },
      {
        test: 'should cap back-off at MaxContainerBackOff [Slow]',
        file: 'src/pods/plan.test.ts',
        title: 'never more than five minutes',
      },
    ],
    leftOut: [{ tests: ['should contain environment variables for services'], because: 'there are no Services' }],
  }),
  kubelet('pod_conditions_test.go', 12, out(4, 'the same with static Pods, and with a feature gate')),
  kubelet('deleted_pods_test.go', 7, out(3, 'eviction, and Pods of Jobs')),
  kubelet('pods_lifecycle_termination_test.go', 1),
  kubelet('terminate_pods_test.go', 1),
  kubelet('oomkiller_linux_test.go', 2),
  kubelet(
    'container_restart_test.go',
    4,
    out(3, 'other caps of the back-off: delays are checked in virtual time, src/pods/backoff.test.ts'),
  ),
  kubelet('pod_hostnamefqdn_test.go', 5, {
    elsewhere: [
      {
        test: 'a pod configured to set FQDN as hostname will remain in Pending state generating FailedCreatePodSandBox events when the FQDN is longer than 64 bytes',
        file: 'test/e2e/pod-life.e2e.ts',
        title: 'a Pod waits, and an event says why it cannot have a sandbox',
      },
    ],
  }),
  kubelet('log_path_test.go', 2, {
    elsewhere: [
      { test: 'should print log to custom log path', file: 'src/pods/paths.test.ts', title: 'log' },
      { test: 'should print log to cri log path', file: 'src/pods/paths.test.ts', title: 'log' },
    ],
  }),
  kubelet('container_log_rotation_test.go', 2, {
    elsewhere: [
      {
        test: 'should be rotated and limited to a fixed amount of files',
        file: 'test/e2e/probes.e2e.ts',
        title: 'is rotated when it has grown long, and who follows it misses nothing',
      },
    ],
    leftOut: [{ tests: 1, because: 'rotation by several workers: there is one' }],
  }),
  kubelet(
    'image_pull_test.go',
    3,
    out(3, 'about pulls in parallel and in series of several seconds: src/pods/slots.test.ts'),
  ),
  kubelet(
    'security_context_test.go',
    8,
    out(6, `namespaces of the machine: ${NOT_YET}; hostNetwork, hostPID: test/e2e, src/pods/container-config.test.ts`),
  ),
  kubelet('proc_mount_test.go', 3, {
    elsewhere: [
      {
        test: 'will fail to unmask proc mounts if not in user namespace',
        file: 'src/kube/validation/pod-rules/security.test.ts',
        title: 'must be false to use',
      },
    ],
    leftOut: [{ tests: 1, because: 'users of a Pod’s own: containerd 1.6 has none, the Pod waits with an event' }],
  }),
  kubelet(
    'mount_rro_linux_test.go',
    4,
    out(
      4,
      'recursive read-only mounts: containerd 1.6 has none; that they are refused is in test/e2e/volumes-and-security.e2e.ts',
    ),
  ),
  kubelet(
    'criproxy_test.go',
    8,
    out(8, 'faults that a runtime is made to have; here it is killed, stopped and starved: test/e2e/faults.e2e.ts'),
  ),
  node('ephemeral_containers.go', 2, {
    elsewhere: [
      {
        test: 'will start an ephemeral container in an existing pod',
        file: 'test/e2e/debug.e2e.ts',
        title: 'a debugger that stays: exec, attach, describe, events',
      },
    ],
    leftOut: [{ tests: ['should update the ephemeral containers in an existing pod'], because: API_ONLY }],
  }),
  node('container_restart_policy.go', 10, out(10, LATER)),
  node('podtemplates.go', 3, out(3, API_ONLY)),
  node('security_context.go', 27, {
    elsewhere: [
      {
        test: 'SupplementalGroupsPolicy [LinuxOnly] SupplementalGroupsPolicy was set to Strict in PodSpec … it should reject the pod [LinuxOnly]',
        file: 'test/e2e/volumes-and-security.e2e.ts',
        title: 'safe sysctls are set; unsafe ones and strict groups are not let in',
      },
    ],
    leftOut: [
      {
        tests: 4,
        because:
          'users of a Pod’s own: containerd 1.6 has none; what a runtime that has them is told: src/pods/user-namespaces.test.ts, src/pods/container-config.test.ts',
      },
      { tests: 3, because: LATER },
      {
        tests: 6,
        because: 'no image here names a user or gives it groups: src/pods/container-config.test.ts',
      },
    ],
  }),
  node('sysctl.go', 4, {
    elsewhere: [
      'should support sysctls',
      'should reject invalid sysctls',
      'should not launch unsafe, but not explicitly enabled sysctls on the node',
      'should support sysctls with slashes as separator',
    ].map((test) => ({
      test,
      file: 'test/e2e/volumes-and-security.e2e.ts',
      title: 'safe sysctls are set; unsafe ones and strict groups are not let in',
    })),
  }),
  node('privileged.go', 1),
  node('pod_hostnameoverride.go', 7, out(7, LATER)),
  node('file_key.go', 12, out(12, LATER)),
  node('image_volume.go', 1, out(1, 'image volumes: not supported by containerd 1.6, refused by name')),
  node('runtimeclass.go', 7, out(7, 'there is one runtime')),
  node('pod_resize.go', 39, out(39, 'resizing Pods in place is not served')),
  node('pod_level_resources.go', 46, out(46, LATER)),
  storage('empty_dir.go', 22),
  storage('configmap_volume.go', 16),
  storage('projected_configmap.go', 14),
  storage('secrets_volume.go', 11),
  storage('projected_secret.go', 10),
  storage('downwardapi_volume.go', 13),
  storage('projected_downwardapi.go', 13),
  storage('projected_combined.go', 1),
  storage('host_path.go', 3),
  storage('downwardapi.go', 2),
];
