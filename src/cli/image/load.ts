import { resolve } from 'node:path';
import { loadImages } from '../../image/load.ts';
import { type Command, print, UsageError } from '../command.ts';
import { Progress } from '../progress.ts';
import { fullName, withImages } from './machine-images.ts';
import { takeUp } from './take-up.ts';

export const imageLoad: Command = {
  name: 'image load',
  summary: 'take in images from an archive or a folder',
  usage: ['FILE|DIR|- [--name IMAGE]'],
  description: `Takes what "docker save", "podman save" and "skopeo copy" write: Docker and OCI archives, gzipped or not, and OCI
layouts. Pods find such an image first, with any pull policy and without a network.`,
  options: [
    {
      name: 'name',
      type: 'string',
      value: 'IMAGE',
      summary: "name of the image, in place of the archive's; for a single image",
    },
  ],
  examples: [
    { command: 'outfit image load app.tar', summary: 'From a file' },
    { command: 'docker save app:dev | outfit image load -', summary: 'From a pipe' },
  ],
  async run(args, context) {
    const [source, ...more] = args.positionals;
    if (source === undefined || more.length > 0)
      throw new UsageError('expected one archive, folder or -', 'outfit image load app.tar');
    const name = args.value('name') === undefined ? undefined : fullName(args.value('name')!);
    await withImages(context, async (images) => {
      const progress = new Progress(context);
      try {
        const loaded = await loadImages(source === '-' ? context.stdin : resolve(context.cwd, source), {
          layout: images.layout,
          ...(name && { name }),
          onProgress: (step) => progress.step(step),
          signal: context.signal,
        });
        await takeUp(
          images,
          loaded.map(({ name }) => name),
          progress,
          context,
        );
        progress.end();
        for (const image of loaded) print(context, `${image.name} loaded (${image.digest.slice(0, 19)})`);
      } finally {
        progress.end();
      }
    });
    return undefined;
  },
};
