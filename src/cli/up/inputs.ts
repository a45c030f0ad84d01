import type { SidecarFile } from '../../files/sidecars.ts';
import { ManifestError } from '../../manifest/errors.ts';
import { type ManifestFile, parseManifests } from '../../manifest/parse.ts';
import type { Context } from '../command.ts';
import { decode } from '../manifests/decode.ts';
import { findInputs, type Input } from '../manifests/find-inputs.ts';
import { readBytes } from '../manifests/open-input.ts';

/** What was given with `-f` and `-s`, as it is in the files now. */
export interface Inputs {
  files: ManifestFile[];
  /** Where sidecars are looked for: the files of `-s`, and those of `-f`, which hold other things too. */
  sidecarFiles: SidecarFile[];
}

/** Reads the inputs of one run of `up`, as often as they change. Standard input is read once. */
export class InputReader {
  readonly values: readonly string[];
  private readonly given: { files: readonly string[]; sidecars: readonly string[] };
  private readonly context: Context;
  private stdin: string | undefined;

  constructor(given: { files: readonly string[]; sidecars: readonly string[] }, context: Context) {
    this.given = given;
    this.context = context;
    this.values = [...given.files, ...given.sidecars].filter((value) => value !== '-');
  }

  /** @throws Failure when something is not there or cannot be read */
  async read(): Promise<Inputs> {
    const files = await this.parse(await findInputs(this.given.files, this.context));
    const own = await findInputs(this.given.sidecars, this.context);
    const fresh = own.filter(({ path, regular }) => !(regular && files.some(({ input }) => input.path === path)));
    const sidecars = await this.parse(fresh);
    return {
      files: files.map(({ file }) => file),
      sidecarFiles: [
        ...files.map(({ file }) => ({ ...file, mixed: true })),
        ...sidecars.map(({ file, input }) => ({ ...file, mixed: input.inFolder })),
      ],
    };
  }

  private async parse(inputs: readonly Input[]): Promise<{ input: Input; file: ManifestFile }[]> {
    const parsed: { input: Input; file: ManifestFile }[] = [];
    for (const input of inputs) parsed.push({ input, file: await this.parseOne(input) });
    return parsed;
  }

  private async parseOne(input: Input): Promise<ManifestFile> {
    const file = input.name;
    try {
      return parseManifests(await this.textOf(input), { file });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      return { file, text: '', documents: [], errors: [error] };
    }
  }

  private async textOf(input: Input): Promise<string> {
    if (input.path === undefined && this.stdin !== undefined) return this.stdin;
    const pieces: string[] = [];
    for await (const piece of decode(readBytes(input, this.context), input.name)) pieces.push(piece);
    const text = pieces.join('');
    if (input.path === undefined) this.stdin = text;
    return text;
  }
}
