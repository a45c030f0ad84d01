import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildImage } from '../../image/build.ts';
import { recipeNames } from '../../image/recipe.ts';
import { type Command, print, UsageError } from '../command.ts';
import { nodePaths } from '../node/paths.ts';
import { Progress } from '../progress.ts';
import { fullName, withImages } from './machine-images.ts';
import { takeUp } from './take-up.ts';

export const imageBuild: Command = {
  name: 'image build',
  summary: 'make a small image from Debian packages, by a recipe',
  usage: ['RECIPE|FILE|DIR [--tag IMAGE...]', '--list'],
  description: `Recipes ship with Outfit (images/); a path with a slash, or one that ends in .yaml, is a recipe of your own. Packages come from where
this machine's apt gets them. The image takes the recipe's names, and Pods find it before any registry is asked.`,
  options: [
    {
      name: 'tag',
      short: 't',
      type: 'string',
      multiple: true,
      value: 'IMAGE',
      summary: "name of the image in place of the recipe's; may repeat",
    },
    { name: 'list', type: 'boolean', summary: 'list the recipes that ship with Outfit' },
  ],
  examples: [
    { command: 'outfit image build nginx', summary: 'docker.io/library/nginx:latest, without Docker Hub' },
    { command: 'outfit image build ./images/mine --tag registry.example/mine:1', summary: 'A recipe of your own' },
  ],
  async run(args, context) {
    const recipes = join(context.root, 'images');
    if (args.flag('list')) {
      for (const name of await recipeNames(recipes)) print(context, name);
      return undefined;
    }
    const [recipe, ...more] = args.positionals;
    if (recipe === undefined || more.length > 0)
      throw new UsageError('expected one recipe', `one of: ${(await recipeNames(recipes)).join(', ')}`);
    const tags = args.values('tag').map(fullName);
    await withImages(context, async (images) => {
      const progress = new Progress(context);
      try {
        const cache = context.env.OUTFIT_CACHE
          ? resolve(context.cwd, context.env.OUTFIT_CACHE)
          : join(nodePaths(context).home, 'cache');
        await mkdir(cache, { recursive: true });
        const built = await buildImage(/\/|\.yaml$/.test(recipe) ? resolve(context.cwd, recipe) : recipe, {
          layout: images.layout,
          recipes,
          cache,
          ...(tags.length > 0 && { tags }),
          onProgress: (step) => progress.step(step),
          signal: context.signal,
        });
        await takeUp(images, built.names, progress, context);
        progress.end();
        for (const name of built.names) print(context, `${name} built (${built.digest.slice(0, 19)})`);
      } finally {
        progress.end();
      }
    });
    return undefined;
  },
};
