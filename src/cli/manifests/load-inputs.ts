import { fromManifestError, type PlacedFinding } from '../../files/finding.ts';
import { namespacesIn } from '../../files/namespaces.ts';
import { ManifestError } from '../../manifest/errors.ts';
import { parseManifests } from '../../manifest/parse.ts';
import type { NamespaceFacts } from '../../sidecar/target.ts';
import type { Context } from '../command.ts';
import { type Batch, batches } from './batches.ts';
import { decode } from './decode.ts';
import type { Input } from './find-inputs.ts';
import { type Identity, readBytes } from './open-input.ts';
import type { Kept, Spool } from './spool.ts';

/** An input that has been read and put aside. */
export interface LoadedInput {
  input: Input;
  batches: { kept: Kept; firstLine: number }[];
  /** What the file was when it was read; undefined for what is no regular file. */
  identity: Identity | undefined;
}

export interface Loaded {
  inputs: LoadedInput[];
  /** The Namespace objects of all of them. */
  namespaces: ReadonlyMap<string, NamespaceFacts>;
  /** What is no text, or holds a document that is too large to be read. */
  findings: PlacedFinding[];
}

/** Anything that can be a Namespace says so; all else need not be parsed to know that it is none. */
const MAY_HOLD_NAMESPACE = /\bNamespace(List)?\b/;

/** Reads every input once, from the first byte to the last, before anything is done with any of them. @throws Failure */
export async function loadInputs(
  inputs: readonly Input[],
  spool: Spool,
  context: Pick<Context, 'stdin' | 'signal'>,
): Promise<Loaded> {
  const loaded: LoadedInput[] = [];
  const findings: PlacedFinding[] = [];
  const namespaces = new Map<string, NamespaceFacts>();
  const take = ({ text, firstLine }: Batch) => {
    if (MAY_HOLD_NAMESPACE.test(text))
      for (const [name, facts] of namespacesIn([parseManifests(text)])) namespaces.set(name, facts);
    return { kept: spool.keep(text), firstLine };
  };
  for (const input of inputs) {
    context.signal.throwIfAborted();
    const one: LoadedInput = { input, batches: [], identity: undefined };
    loaded.push(one);
    try {
      const bytes = noting(readBytes(input, context), (identity) => {
        one.identity = identity;
      });
      for await (const batch of batches(decode(bytes, input.name), input.name)) one.batches.push(take(batch));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      findings.push(fromManifestError(error));
    }
  }
  return { inputs: loaded, namespaces, findings };
}

/** Passes on what a generator yields, and hands over what it returns. */
async function* noting<T, R>(source: AsyncGenerator<T, R>, note: (result: R) => void): AsyncGenerator<T> {
  note(yield* source);
}
