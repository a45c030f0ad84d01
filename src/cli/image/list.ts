import type { Image } from '../../cri/runtime.ts';
import type { ImageSummary } from '../../image/layout.ts';
import { TablePrinter } from '../client/table.ts';
import { type Command, print } from '../command.ts';
import { OUTPUT_OPTION, wantsJson } from '../json-output.ts';
import { sizeText, withImages } from './machine-images.ts';

export const imageList: Command = {
  name: 'image list',
  summary: 'list the images of the node',
  usage: ['[-o json]'],
  description: `LOCAL says that an image was built or loaded here: it is found before any registry is asked, until "outfit image rm". READY
says that the container runtime has it, so that a container starts without a pull.`,
  options: [OUTPUT_OPTION],
  examples: [{ command: 'outfit image list', summary: 'What is here' }],
  async run(args, context) {
    const rows = await withImages(context, async ({ layout, runtime }) =>
      merge(await layout.list(), (await runtime?.listImages()) ?? []),
    );
    if (wantsJson(args)) print(context, JSON.stringify(rows, null, 2));
    else for (const line of tableOf(rows)) print(context, line);
    return undefined;
  },
};

interface Row {
  name: string;
  /** In the runtime the unpacked size, else what its blobs take. Bytes. */
  size: number;
  digest: string | undefined;
  local: boolean;
  ready: boolean;
}

function merge(local: ImageSummary[], inRuntime: Image[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { name, digest, size } of local) rows.set(name, { name, size, digest, local: true, ready: false });
  for (const image of inRuntime)
    for (const name of image.repoTags.length > 0 ? image.repoTags : image.repoDigests) {
      const digest = image.repoDigests[0]?.split('@')[1];
      rows.set(name, { digest, ...rows.get(name), name, size: image.size, local: rows.has(name), ready: true });
    }
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tableOf(rows: Row[]): string[] {
  const columns = ['Image', 'Size', 'Digest', 'Local', 'Ready'].map((name) => ({ name, priority: 0 }));
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const cells = rows.map((r) => ({
    cells: [r.name, sizeText(r.size), r.digest?.slice(0, 19), yes(r.local), yes(r.ready)],
  }));
  return new TablePrinter({ wide: false }).lines({ kind: 'Table', columnDefinitions: columns, rows: cells });
}
