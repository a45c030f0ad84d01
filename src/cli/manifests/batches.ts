import { ManifestError } from '../../manifest/errors.ts';
import { splitDocuments } from '../../manifest/split.ts';

/** Some whole documents of a stream. */
export interface Batch {
  text: string;
  /** The line of the stream on which `text` begins, from 1. */
  firstLine: number;
}

/** UTF-16 units after which a batch is full: enough that many small documents are read at one go, and little to hold. */
const FULL = 256 * 1024;

/**
 * A stream in batches of documents; joined they are the stream. Where it is cut follows from the text alone, not from how it arrives.
 * @throws ManifestError TooLarge for a single document that is too large to be held
 */
export async function* batches(chunks: AsyncIterable<string>, file: string): AsyncGenerator<Batch> {
  let texts: string[] = [];
  let size = 0;
  let firstLine = 1;
  let lastLine = 1;
  try {
    for await (const document of splitDocuments(chunks)) {
      if (size + document.text.length > FULL && size > 0) {
        yield { text: texts.join(''), firstLine };
        texts = [];
        size = 0;
      }
      if (size === 0) firstLine = document.firstLine;
      lastLine = document.firstLine;
      texts.push(document.text);
      size += document.text.length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const line = lastLine + (texts.at(-1)?.split('\n').length ?? 1) - 1;
    throw new ManifestError('TooLarge', { file, line, column: 1 }, error.message);
  }
  yield { text: texts.join(''), firstLine };
}
