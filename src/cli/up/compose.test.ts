import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../files/finding.ts';
import { readSidecars } from '../../files/sidecars.ts';
import { parseManifests } from '../../manifest/parse.ts';
import { parseTemplatePath } from '../../manifest/pod-templates.ts';
import type { Resource } from '../client/resources.ts';
import { compose } from './compose.ts';
import { textOf } from './said.ts';

const core = (name: string, kind: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  name,
  kind,
  namespaced,
  aliases: [],
});
const SERVED = [core('pods', 'Pod'), core('secrets', 'Secret'), core('namespaces', 'Namespace', false)];

const HELLO = `apiVersion: outfit.dev/v1alpha1
kind: Sidecar
metadata: {name: hello}
spec:
  selector: {names: [web]}
  template: {spec: {containers: [{name: side, image: busybox}]}}
`;

function composed(text: string, options: { namespace?: string; sidecar?: string; paths?: string[] } = {}) {
  const { namespace = 'default', sidecar = '', paths = [] } = options;
  const file = parseManifests(text, { file: 'all.yaml' });
  const sidecars = readSidecars([
    { ...file, mixed: true },
    { ...parseManifests(sidecar, { file: 'hello.yaml' }), mixed: true },
  ]);
  const served = (apiVersion: string, kind: string) => SERVED.find((one) => apiVersion === 'v1' && one.kind === kind);
  const { wanted, notes, findings } = compose({
    files: [file],
    sidecars,
    served,
    namespace,
    paths: paths.map(parseTemplatePath),
  });
  return { wanted, notes: notes.map(textOf), findings: findings.map(formatFinding) };
}

const workload = (kind: string, apiVersion: string, spec: string, podSpec = '') => `apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: web}
spec:
${spec ? `  ${spec}\n` : ''}  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: app, image: nginx}]
${podSpec ? `      ${podSpec}\n` : ''}`;

describe('what becomes of the objects of files', () => {
  test('a Pod goes to its namespace with what joins attached, and who joined is told', () => {
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: nginx}]}\n';
    const { wanted, notes, findings } = composed(pod, { sidecar: HELLO, namespace: 'team' });
    expect(findings).toEqual([]);
    expect(notes).toEqual(['hello joins pod/web: selected by names; it brings side']);
    expect(wanted).toMatchObject([
      {
        namespace: 'team',
        name: 'web',
        label: 'pod/web',
        source: 'all.yaml:1:1',
        finishes: false,
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web', namespace: 'team' },
          spec: { containers: [{ name: 'app' }, { name: 'side' }] },
        },
      },
    ]);
  });

  test('sidecars among the manifests join, and need no resource of the node', () => {
    const { wanted, notes } = composed(`${HELLO}---\n${workload('Deployment', 'apps/v1', 'replicas: 3')}`);
    expect(wanted.map(({ label }) => label)).toEqual(['pod/web']);
    expect(notes).toEqual([
      'deployment/web runs here as pod/web (1 of 3 replicas): this node has no Deployments',
      'hello joins pod/web: selected by names; it brings side',
    ]);
  });

  test('a Pod for a Deployment is made as in a cluster', () => {
    const { wanted } = composed(workload('Deployment', 'apps/v1', 'selector: {}'));
    expect(wanted[0]!.object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web',
        namespace: 'default',
        labels: { app: 'web' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', controller: true, uid: expect.any(String) },
        ],
      },
      spec: { containers: [{ name: 'app', image: 'nginx' }] },
    });
  });

  test('of a StatefulSet the first Pod, with an empty volume for each claim', () => {
    const spec = 'serviceName: peers\n  volumeClaimTemplates: [{metadata: {name: data}}]';
    const { wanted, notes } = composed(workload('StatefulSet', 'apps/v1', spec));
    expect(notes).toEqual([
      'statefulset/web runs here as pod/web-0 (an emptyDir for each volume claim: data): this node has no StatefulSets',
    ]);
    expect(wanted[0]).toMatchObject({
      name: 'web-0',
      object: {
        metadata: {
          labels: { app: 'web', 'apps.kubernetes.io/pod-index': '0', 'statefulset.kubernetes.io/pod-name': 'web-0' },
        },
        spec: { hostname: 'web-0', subdomain: 'peers', volumes: [{ name: 'data', emptyDir: {} }] },
      },
    });
  });

  test('of a Job a Pod that is done when it has succeeded', () => {
    const spec = 'completions: 5\n  completionMode: Indexed\n  activeDeadlineSeconds: 60';
    const { wanted, notes } = composed(workload('Job', 'batch/v1', spec, 'restartPolicy: OnFailure'));
    expect(notes).toEqual(['job/web runs here as pod/web (1 of 5 completions): this node has no Jobs']);
    expect(wanted[0]).toMatchObject({
      finishes: true,
      object: {
        metadata: {
          labels: { app: 'web', 'job-name': 'web', 'batch.kubernetes.io/job-name': 'web' },
          annotations: { 'batch.kubernetes.io/job-completion-index': '0' },
        },
        spec: {
          restartPolicy: 'OnFailure',
          activeDeadlineSeconds: 60,
          containers: [{ name: 'app', env: [{ name: 'JOB_COMPLETION_INDEX', value: '0' }] }],
        },
      },
    });
  });

  test('of a CronJob one run, now', () => {
    const cron = `apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: nginx}]}}}}
`;
    expect(composed(cron)).toMatchObject({
      notes: ['cronjob/nightly runs here as pod/nightly (once, now): this node has no CronJobs'],
      wanted: [{ name: 'nightly', finishes: true }],
    });
  });

  test.each([
    {
      what: 'a Service',
      text: 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {}\n',
      note: 'service/web skipped: this node has no Services',
    },
    {
      what: 'an Ingress',
      text: 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {}\n',
      note: 'ingress/web skipped: this node has no Ingresses',
    },
    {
      what: 'a custom resource',
      text: 'apiVersion: example.com/v1\nkind: Policy\nmetadata: {name: web}\nspec: {}\n',
      note: 'policy.example.com/web skipped: this node has no Policies',
    },
    {
      what: 'a Deployment without replicas',
      text: workload('Deployment', 'apps/v1', 'replicas: 0'),
      note: 'deployment/web skipped: it wants 0 replicas',
    },
    {
      what: 'a suspended Job',
      text: workload('Job', 'batch/v1', 'suspend: true'),
      note: 'job/web skipped: it is suspended',
    },
  ])('$what is named, with the reason', ({ text, note }) => {
    expect(composed(text)).toEqual({ wanted: [], notes: [note], findings: [] });
  });

  test('of a kind that nobody knows, where the user says that its template is', () => {
    const text =
      'apiVersion: x.dev/v1\nkind: App\nmetadata: {name: web}\nspec: {run: {spec: {containers: [{name: app, image: nginx}]}}}\n';
    expect(composed(text, { paths: ['App.x.dev=.spec.run'] })).toMatchObject({
      notes: ['app.x.dev/web runs here as pod/web: this node has no Apps'],
      wanted: [{ label: 'pod/web' }],
    });
  });

  test('two workloads of one name are two Pods', () => {
    const both = `${workload('Deployment', 'apps/v1', '')}---\n${workload('DaemonSet', 'apps/v1', '')}`;
    expect(composed(both).wanted.map(({ label }) => label)).toEqual(['pod/web', 'pod/web-daemonset']);
  });

  test('a generated name stays the same', () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {generateName: try-}\nspec: {containers: [{name: app, image: nginx}]}\n';
    expect(composed(pod).wanted[0]!.label).toBe('pod/try-up');
  });

  test('stringData of a Secret is data, so that a key can be taken away again', () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: QQ==}\nstringData: {b: B}\n';
    expect(composed(secret).wanted[0]!.object).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      data: { a: 'QQ==', b: 'Qg==' },
    });
  });

  test.each([
    { what: 'no kind', text: 'apiVersion: v1\nmetadata: {name: a}\n', finding: 'all.yaml:1:1: error: kind not set' },
    {
      what: 'no name',
      text: 'apiVersion: v1\nkind: Pod\n',
      finding: 'all.yaml:1:1: error: metadata.name: Required value: name or generateName is required',
    },
    {
      what: 'one object twice',
      text: 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n',
      finding: 'all.yaml:5:1: error: secret/s is given twice: also at all.yaml:1:1',
    },
  ])('$what is an error at its place', ({ text, finding }) => {
    expect(composed(text).findings).toEqual([`${finding} [InvalidField]`]);
  });

  test('a conflict is an error, and the Pod is not wanted', () => {
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: side, image: nginx}]}\n';
    const { wanted, findings } = composed(pod, { sidecar: HELLO });
    expect(wanted).toEqual([]);
    expect(findings).toEqual([expect.stringMatching(/^hello\.yaml:\d+:\d+: error: .*"side".*\[ContainerConflict\]$/)]);
  });
});
