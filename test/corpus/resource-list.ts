import type { ManifestFile } from '../../src/manifest/parse.ts';

/** A ResourceList of the documents of files, each indented as it is written, as an orchestrator would give it. */
export function resourceListOf(sidecars: readonly ManifestFile[], input: ManifestFile): string {
  return [
    'apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n',
    'functionConfig:\n  apiVersion: v1\n  kind: List\n',
    `  items:\n${sidecars.flatMap((file) => bodies(file).map((text) => indented(text, '  - ', '    '))).join('')}`,
    input.documents.length === 0 ? 'items: []\n' : 'items:\n',
    ...bodies(input).map((text) => indented(text, '- ', '  ')),
  ].join('');
}

/** The lines of each document, from its first with content to its last, with the comments in between. */
function bodies({ text, documents }: ManifestFile): string[] {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  return documents.map(({ lines: { first, last } }) => {
    const body = lines.slice(first - 1, last).join('\n');
    return `${body.replace(/^--- */, '')}\n`;
  });
}

function indented(text: string, first: string, others: string): string {
  return first + text.replace(/\n(?=[^\r\n])/g, `\n${others}`);
}
