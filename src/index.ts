/**
 * Outfit as a library: attach sidecars to Pod templates or to the text of manifests, take them off again, and say what would change. Pure and
 * browser-safe: plain JSON or text in, plain JSON or text out.
 *
 * @example
 * const sidecars = compileSidecars([sidecar]);
 * const { template, findings } = attach({ template: deployment.spec.template, workload: deployment, sidecars });
 * @module
 */
export { type AttachedFile, type AttachFileOptions, attachFile } from './files/attach-file.ts';
export { type DetachedFile, type DetachFileOptions, detachFile } from './files/detach-file.ts';
export { formatFinding, type PlacedFinding } from './files/finding.ts';
export { namespacesIn } from './files/namespaces.ts';
export { type ReadSidecars, readSidecars, type SidecarFile } from './files/sidecars.ts';
export { type FileTarget, type TargetOptions, targetsIn } from './files/targets.ts';
export { type DocumentEdit, type EditOptions, editText } from './manifest/edit-text.ts';
export { type ManifestDocument, type ManifestFile, type ParseOptions, parseManifests } from './manifest/parse.ts';
export { podTemplates, type TemplatePlace } from './manifest/pod-templates.ts';
export { type Attached, type AttachOptions, attach, type Joined } from './sidecar/attach.ts';
export { type CompiledSidecar, type CompiledSidecars, checkSidecar, compileSidecars } from './sidecar/compile.ts';
export { sidecarCrds } from './sidecar/crds.ts';
export { type Detached, type DetachOptions, detach } from './sidecar/detach.ts';
export { type ExplainedSidecar, type Explanation, explain, type WorkloadName } from './sidecar/explain.ts';
export type { Finding, FindingCode, FindingPlace } from './sidecar/finding.ts';
export { type Change, type PlannedWorkload, type PlanOptions, plan } from './sidecar/plan.ts';
export { sidecarSchema } from './sidecar/schema.ts';
export { type Rule, type Selection, selects } from './sidecar/selects.ts';
export type { Sidecar, SidecarSpec } from './sidecar/sidecar.ts';
export { type AttachmentState, type AttachmentStatus, status } from './sidecar/status.ts';
export type { NamespaceFacts, Target, Template, Workload } from './sidecar/target.ts';
