import { once } from 'node:events';
import { unifiedDiff } from '../../manifest/unified-diff.ts';
import { toKubectlYaml } from '../client/yaml-output.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { replaceFiles } from '../manifests/replace-files.ts';
import type { Kept } from '../manifests/spool.ts';
import { joinStreams } from './join-streams.ts';
import type { TransformedInput } from './transform.ts';

/** Prints everything as one stream, byte for byte where nothing changed. */
export async function printStream(
  inputs: readonly TransformedInput[],
  context: Pick<Context, 'stdout'>,
): Promise<number> {
  for (const text of joinStreams(inputs.map(({ results }) => textsOf(results)))) await write(text, context);
  return EXIT.done;
}

/** Prints the unified diff of each file that changes. */
export async function printDiff(
  inputs: readonly TransformedInput[],
  context: Pick<Context, 'stdout' | 'env'>,
): Promise<number> {
  const coloured = context.stdout.isTTY === true && !context.env.NO_COLOR;
  const changed = inputs.filter((one) => one.changed);
  for (const { input, batches, results } of changed) {
    const before = [...textsOf(batches.map(({ kept }) => kept))].join('');
    const diff = unifiedDiff(before, [...textsOf(results)].join(''), input.name.replace(/^\/+/, ''));
    await write(coloured ? colour(diff) : diff, context);
  }
  return changed.length > 0 ? EXIT.difference : EXIT.done;
}

/** Prints objects anew: as kubectl does, YAML in documents, JSON as one object or a List. */
export async function printObjects(
  objects: readonly Kept[],
  format: 'yaml' | 'json',
  context: Pick<Context, 'stdout'>,
): Promise<number> {
  if (format === 'yaml') {
    for (const [index, text] of [...textsOf(objects)].entries()) {
      await write(`${index > 0 ? '---\n' : ''}${toKubectlYaml(JSON.parse(text))}`, context);
    }
    return EXIT.done;
  }
  const items = [...textsOf(objects)].map((text) => JSON.parse(text) as unknown);
  const value = items.length === 1 ? items[0] : { apiVersion: 'v1', kind: 'List', items };
  await write(`${JSON.stringify(value, undefined, 4)}\n`, context);
  return EXIT.done;
}

/** Writes back the files that change, all or none. @returns their names @throws Failure */
export async function writeInPlace(inputs: readonly TransformedInput[], signal: AbortSignal): Promise<string[]> {
  const replacements = inputs.flatMap(({ changed, input: { name, path }, identity, results }) =>
    changed && path !== undefined && identity ? [{ name, path, identity, texts: () => textsOf(results) }] : [],
  );
  await replaceFiles(replacements, signal);
  return replacements.map(({ name }) => name);
}

function* textsOf(kept: readonly Kept[]): Generator<string> {
  for (const one of kept) yield one.text();
}

async function write(text: string, { stdout }: Pick<Context, 'stdout'>): Promise<void> {
  if (!stdout.write(text)) await once(stdout, 'drain');
}

function colour(diff: string): string {
  const codes: Record<string, string> = { '+': '32', '-': '31', '@': '36' };
  return diff.replace(
    /^(?:---|\+\+\+) .*$|^([+\-@]).*$/gm,
    (line, sign?: string) => `\x1b[${(sign && codes[sign]) ?? '1'}m${line}\x1b[0m`,
  );
}
