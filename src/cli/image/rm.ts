import { ImageError } from '../../image/image-error.ts';
import { type Command, Failure, print, tell, UsageError } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { fullName, type MachineImages, withImages } from './machine-images.ts';

export const imageRm: Command = {
  name: 'image rm',
  summary: 'remove images from this machine',
  usage: ['IMAGE...'],
  description:
    'Takes the name away from the images that were built or loaded here, and from the container runtime. Containers that run keep what they have.',
  options: [],
  examples: [{ command: 'outfit image rm nginx', summary: 'The next Pod gets it from a registry again' }],
  async run(args, context) {
    if (args.positionals.length === 0) throw new UsageError('expected the name of an image', 'outfit image rm nginx');
    const names = args.positionals.map(fullName);
    return withImages(context, async (images) => {
      let code: number = EXIT.done;
      for (const name of names)
        if (await remove(images, name)) print(context, `${name} removed`);
        else {
          tell(context, `error: no such image: ${name}`);
          code = EXIT.error;
        }
      return code;
    });
  },
};

/** @returns false when it was nowhere */
async function remove({ layout, runtime }: MachineImages, name: string): Promise<boolean> {
  const wasLocal = await layout.remove(name).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ImageError && error.code === 'NotFound') return false;
      throw error;
    },
  );
  const inRuntime = await runtime?.imageStatus(name);
  if (inRuntime) await runtime?.removeImage(name);
  if (wasLocal || inRuntime) return true;
  if (!runtime)
    throw new Failure(`${name} was neither built nor loaded here, and the node does not run`, {
      hint: 'outfit node start',
    });
  return false;
}
