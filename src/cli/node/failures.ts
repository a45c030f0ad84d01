import { ListenError } from '../../api/http/node-server.ts';
import { SetupError } from '../../cri/setup-error.ts';
import { ImageError } from '../../image/image-error.ts';
import { StoreError } from '../../store/store-error.ts';
import { Failure } from '../command.ts';

/** What a start cannot go on with, as the user should read it: these errors name the way out themselves. Anything else is a bug and comes back as it is. */
export function startFailure(error: unknown, port: number): unknown {
  if (error instanceof ListenError) {
    const hint =
      error.code === 'AddressInUse'
        ? `choose another port: --port ${port + 1}, or --port 0 for any free one`
        : undefined;
    return new Failure(error.message, { hint, cause: error });
  }
  const told = error instanceof SetupError || error instanceof StoreError || error instanceof ImageError;
  return told ? new Failure(error.message, { cause: error }) : error;
}
