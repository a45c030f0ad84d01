import { type Command, print, UsageError } from '../command.ts';
import { Progress } from '../progress.ts';
import { fullName, requireRuntime, sizeText, withImages } from './machine-images.ts';
import { pullImage } from './pull-image.ts';

export const imagePull: Command = {
  name: 'image pull',
  summary: 'fetch images, as a Pod with pull policy Always would',
  usage: ['IMAGE...'],
  description:
    'Images that were built or loaded here come first, then the mirrors of "node start --registry-mirror", then the registry itself.',
  options: [],
  examples: [{ command: 'outfit image pull nginx', summary: 'docker.io/library/nginx:latest' }],
  async run(args, context) {
    if (args.positionals.length === 0) throw new UsageError('expected the name of an image', 'outfit image pull nginx');
    const names = args.positionals.map(fullName);
    await withImages(context, async (images) => {
      const runtime = requireRuntime(images);
      const progress = new Progress(context);
      try {
        for (const name of names) {
          const image = await pullImage(runtime, name, progress, context);
          progress.end();
          print(context, `${name} pulled${image ? ` (${sizeText(image.size)})` : ''}`);
        }
      } finally {
        progress.end();
      }
    });
    return undefined;
  },
};
