import { createHash, type Hash } from 'node:crypto';
import { Transform } from 'node:stream';

const SHA256 = /^sha256:[0-9a-f]{64}$/;

export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Whether the text is a digest that can name a blob here. Nothing else may become part of a file name. */
export function isDigest(text: string): boolean {
  return SHA256.test(text);
}

/** Counts and hashes what passes through. `digest` may be asked once, at the end. */
export class Meter extends Transform {
  readonly #hash: Hash = createHash('sha256');
  readonly #onBytes: (count: number) => void;
  size = 0;

  /** `onBytes` is told of every chunk and may throw to stop the stream. */
  constructor(onBytes: (count: number) => void = () => {}) {
    super();
    this.#onBytes = onBytes;
  }

  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, chunk?: Buffer) => void): void {
    this.#hash.update(chunk);
    this.size += chunk.length;
    try {
      this.#onBytes(chunk.length);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, chunk);
  }
}
