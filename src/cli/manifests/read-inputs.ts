import { type ReadSidecars, readSidecars, type SidecarFile } from '../../files/sidecars.ts';
import { ManifestError } from '../../manifest/errors.ts';
import { type ManifestFile, parseManifests } from '../../manifest/parse.ts';
import { type Context, Failure } from '../command.ts';
import { decode } from './decode.ts';
import { findInputs, type Input } from './find-inputs.ts';
import { readBytes } from './open-input.ts';

type Outside = Pick<Context, 'stdin' | 'signal' | 'cwd'>;

/**
 * What `-f` names, read whole: for commands that have to see everything at once. Faults of the texts are in the files' `errors`.
 * @throws Failure for what is not there or cannot be read, UsageError
 */
export async function readInputs(values: readonly string[], context: Outside): Promise<ManifestFile[]> {
  return readAll(await findInputs(values, context), context);
}

/**
 * The sidecars that `-s` names, checked and compiled. In a folder other kinds are passed over.
 * @throws Failure for what is not there, cannot be read or holds no sidecar; UsageError
 */
export async function readSidecarInputs(values: readonly string[], context: Outside): Promise<ReadSidecars> {
  return readSidecarsFrom(await findInputs(values, context), context);
}

/** The same for what has been found already. */
export async function readSidecarsFrom(
  inputs: readonly Input[],
  context: Pick<Context, 'stdin' | 'signal'>,
): Promise<ReadSidecars> {
  const files = await readAll(inputs, context);
  const read = readSidecars(files.map((file, i): SidecarFile => ({ ...file, mixed: inputs[i]?.inFolder ?? false })));
  if (read.definitions.length > 0 || read.findings.length > 0) return read;
  const [first, ...more] = inputs;
  throw new Failure(
    `no Sidecar or ClusterSidecar in ${first?.name ?? 'what was given'}${more.length > 0 ? ` and ${more.length} more` : ''}`,
  );
}

async function readAll(inputs: readonly Input[], context: Pick<Context, 'stdin' | 'signal'>): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const input of inputs) files.push(await readOne(input, context));
  return files;
}

async function readOne(input: Input, context: Pick<Context, 'stdin' | 'signal'>): Promise<ManifestFile> {
  const { name: file } = input;
  try {
    const texts: string[] = [];
    for await (const text of decode(readBytes(input, context), file)) texts.push(text);
    return parseManifests(texts.join(''), { file });
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { file, text: '', documents: [], errors: [error] };
  }
}
