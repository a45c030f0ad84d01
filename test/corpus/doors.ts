import { attachFile } from '../../src/files/attach-file.ts';
import { detachFile } from '../../src/files/detach-file.ts';
import { formatFinding, formatPlace, formatWorkload, type PlacedFinding } from '../../src/files/finding.ts';
import { readSidecars } from '../../src/files/sidecars.ts';
import { type LeftTemplate, targetsIn } from '../../src/files/targets.ts';
import { runFunction } from '../../src/krm/run-function.ts';
import { type ManifestFile, parseManifests } from '../../src/manifest/parse.ts';
import { attach } from '../../src/sidecar/attach.ts';
import { compileSidecars } from '../../src/sidecar/compile.ts';
import { detach } from '../../src/sidecar/detach.ts';
import { hasErrors } from '../../src/sidecar/finding.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import type { Template } from '../../src/sidecar/target.ts';
import type { Case } from './cases.ts';
import { resourceListOf } from './resource-list.ts';

type Texts = readonly { file: string; text: string }[];

/** Text in, text out: what `outfit attach` does between reading and writing. */
export function attachText(sidecars: Texts, file: string, input: string): { text: string; findings: string } {
  const read = readSidecars(parseAll(sidecars));
  if (read.findings.some(({ severity }) => severity === 'error'))
    return { text: input, findings: lines(read.findings) };
  const { text, findings, left } = attachFile(parseManifests(input, { file }), { sidecars: read });
  return { text, findings: lines([...read.findings, ...findings], left) };
}

export function detachText(file: string, input: string): { text: string } {
  return detachFile(parseManifests(input, { file }));
}

/** Every Pod template of a text, as a door leaves it. */
export interface Templates {
  templates: Template[];
  failed: boolean;
}

export function templatesOf(file: ManifestFile): Template[] {
  return targetsIn(file).targets.map(({ target }) => target.template);
}

/** The library: objects in, objects out, one template at a time. */
export function throughLibrary({ sidecars, file, input }: Case): Templates {
  const compiled = compileSidecars(definitionsOf(sidecars));
  const { targets } = targetsIn(parseManifests(input, { file }));
  if (hasErrors(compiled.findings)) return { templates: targets.map(({ target }) => target.template), failed: true };
  const attached = targets.map(({ target }) => attach({ ...target, sidecars: compiled }));
  const failed = attached.some(({ findings }) => hasErrors(findings));
  return { templates: attached.map(({ template }, i) => (failed ? targets[i]!.target.template : template)), failed };
}

export function detachThroughLibrary({ file, expected }: Case): Template[] {
  return templatesOf(parseManifests(expected, { file })).map((template) => detach({ template }).template);
}

/** `outfit krm`: a ResourceList in, a ResourceList out. */
export function throughKrm({ sidecars, file, input }: Case): Templates & { text: string } {
  const { text, failed } = runFunction(resourceListOf(parseAll(sidecars), parseManifests(input, { file })));
  const [items = ''] = text.split(/^results:\r?\n/m);
  return { templates: templatesOf(parseManifests(items)), failed, text: items };
}

function parseAll(texts: Texts): ManifestFile[] {
  return texts.map(({ file, text }) => parseManifests(text, { file }));
}

export function definitionsOf(texts: Texts): Sidecar[] {
  return parseAll(texts).flatMap(({ documents }) => documents.map(({ object }) => object as unknown as Sidecar));
}

function lines(findings: readonly PlacedFinding[], left: readonly LeftTemplate[] = []): string {
  const said = [
    ...findings.map(formatFinding),
    ...left.map((one) => `${formatPlace(one)}: left alone: ${formatWorkload(one.workload)}: ${one.reason}`),
  ];
  return said.map((line) => `${line}\n`).join('');
}
