import { namespacesIn } from '../../src/files/namespaces.ts';
import { type FileTarget, targetsIn } from '../../src/files/targets.ts';
import { parseManifests } from '../../src/manifest/parse.ts';
import { acceptSidecars } from '../../src/sidecar/admission/accept.ts';
import { admitPod } from '../../src/sidecar/admission/admit.ts';
import { compileSidecars } from '../../src/sidecar/compile.ts';
import { hasErrors } from '../../src/sidecar/finding.ts';
import { ownersOf, type Template } from '../../src/sidecar/target.ts';
import type { Case } from './cases.ts';
import { definitionsOf } from './doors.ts';

/** Why what a Pod gets where it is created is not what its template gets in a file. */
export const OTHERWISE_IN_ADMISSION: Readonly<Record<string, string>> = {
  'conflict-in-one-of-two-documents': 'each Pod is admitted by itself',
  'conflict-label-of-the-selector': 'the workload, whose selector it is, is not there',
  'expressions-on-the-pod': 'the workload is the Pod itself',
  'invalid-template': 'the API server refuses it in words of its own',
  'order-cycle': 'the sidecar that came later is not accepted',
};

export type Admitted = Pick<Template, 'spec'> & { labels: unknown; annotations: unknown };

/** What the node admits: each template as the Pod that its controller would create. */
export function throughAdmission({ sidecars, file, input }: Case): { pods: Admitted[]; failed: boolean } {
  const definitions = definitionsOf(sidecars);
  const compiled = compileSidecars(definitions);
  const manifests = parseManifests(input, { file });
  const { targets } = targetsIn(manifests);
  if (hasErrors(compiled.findings)) return { pods: targets.map(({ target }) => judged(target.template)), failed: true };
  const accepted = acceptSidecars(
    compiled,
    compiled.sidecars.map(({ sidecar }) => sidecar),
  );
  const namespaces = namespacesIn([manifests]);
  const admitted = targets.map((target) => {
    const name = target.workload.namespace;
    const namespace = { metadata: { ...namespaces.get(name)?.metadata, name } };
    return admitPod({ pod: podOf(target), namespace, sidecars: accepted.sidecarsOf(name) });
  });
  return {
    pods: admitted.map(({ pod }) => judged(pod)),
    failed: admitted.some(({ refusal }) => refusal !== undefined),
  };
}

/** What is compared: a Pod has a name and an owner that its template has not. */
export function judged({ metadata, spec }: Template): Admitted {
  return { labels: metadata?.labels, annotations: metadata?.annotations, ...(spec && { spec }) };
}

function podOf({ target, workload }: FileTarget): Template {
  const { template } = target;
  const { apiVersion, kind, name, namespace } = workload;
  if (kind === 'Pod') return { ...template, metadata: { ...template.metadata, namespace } };
  const owner = { apiVersion, kind, name, uid: '0', controller: true };
  const metadata = {
    ...template.metadata,
    generateName: `${name}-`,
    namespace,
    ownerReferences: [owner, ...ownersOf(target)],
  };
  return { apiVersion: 'v1', kind: 'Pod', ...template, metadata };
}
