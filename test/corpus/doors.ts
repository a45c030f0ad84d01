import { attachFile } from '../../src/files/attach-file.ts';
import { detachFile } from '../../src/files/detach-file.ts';
import { formatFinding, formatPlace, formatWorkload, type PlacedFinding } from '../../src/files/finding.ts';
import { readSidecars } from '../../src/files/sidecars.ts';
import type { LeftTemplate } from '../../src/files/targets.ts';
import { parseManifests } from '../../src/manifest/parse.ts';

type Texts = readonly { file: string; text: string }[];

/** Text in, text out: what `outfit attach` does between reading and writing. */
export function attachText(sidecars: Texts, file: string, input: string): { text: string; findings: string } {
  const read = readSidecars(sidecars.map(({ file, text }) => parseManifests(text, { file })));
  const before = parseManifests(input, { file });
  if (read.findings.some(({ severity }) => severity === 'error'))
    return { text: input, findings: lines(read.findings) };
  const { text, findings, left } = attachFile(before, { sidecars: read });
  return { text, findings: lines([...read.findings, ...findings], left) };
}

export function detachText(file: string, input: string): { text: string } {
  return detachFile(parseManifests(input, { file }));
}

function lines(findings: readonly PlacedFinding[], left: readonly LeftTemplate[] = []): string {
  const said = [
    ...findings.map(formatFinding),
    ...left.map((one) => `${formatPlace(one)}: left alone: ${formatWorkload(one.workload)}: ${one.reason}`),
  ];
  return said.map((line) => `${line}\n`).join('');
}
