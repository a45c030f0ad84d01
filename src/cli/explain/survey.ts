import { fromManifestError, type PlacedFinding } from '../../files/finding.ts';
import { namespacesIn } from '../../files/namespaces.ts';
import { objectsIn } from '../../files/objects.ts';
import type { ReadSidecars } from '../../files/sidecars.ts';
import { type FileTarget, type LeftTemplate, type TargetOptions, targetsIn } from '../../files/targets.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatFieldPath } from '../../manifest/field-path.ts';
import type { ManifestFile } from '../../manifest/parse.ts';
import { GROUP } from '../../sidecar/sidecar.ts';

/** What explain, plan and status look at: every Pod template of the files, and the sidecars. */
export interface Survey {
  sidecars: ReadSidecars;
  targets: FileTarget[];
  /** What looks like a Pod template and is left alone; definitions of sidecars are not meant. */
  left: LeftTemplate[];
  /** All objects of the files. */
  objects: KubeObject[];
  /** What is wrong with the texts and with the definitions. */
  findings: PlacedFinding[];
}

export function survey(files: readonly ManifestFile[], sidecars: ReadSidecars, options: TargetOptions = {}): Survey {
  const namespaces = namespacesIn(files);
  const found = files.map((file) => targetsIn(file, { ...options, namespaces }));
  return {
    sidecars,
    targets: found.flatMap(({ targets }) => targets),
    left: found.flatMap(({ left }) => left).filter(({ workload }) => !workload.apiVersion.startsWith(`${GROUP}/`)),
    objects: files.flatMap(objectsIn).flatMap(({ object }) => (isKubeObject(object) ? [object] : [])),
    findings: [...sidecars.findings, ...files.flatMap(({ errors }) => errors.map(fromManifestError))],
  };
}

/** Where the template is in its object, for those that may hold several: `spec.jobManager.podTemplate`. */
export function templateField({ template: { owner, template } }: FileTarget): string {
  return formatFieldPath(template.slice(owner.path.length));
}

function isKubeObject(object: Record<string, unknown>): object is KubeObject {
  return typeof object.kind === 'string' && isRecord(object.metadata);
}
