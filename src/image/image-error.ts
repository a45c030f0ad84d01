/**
 * What went wrong with an image, by what can be done about it:
 * - `NotFound`: there is no such image, file or recipe.
 * - `InvalidName`: an image name that cannot be read, or none where one is needed.
 * - `Corrupt`: an archive or the node's own images are damaged, cut short, or not what their digests promise.
 * - `TooLarge`: more than there is room for, or than is allowed.
 * - `Unsupported`: well-formed, but not for this machine or of a kind that cannot be used.
 * - `Unavailable`: something that is needed cannot be reached now (Debian packages, a lock); trying again later may help.
 * - `RecipeInvalid`: the recipe has a mistake; the message begins with file:line:column.
 * - `DiskFull`, `NotWritable`: the images directory cannot take it.
 */
export type ImageErrorCode =
  | 'NotFound'
  | 'InvalidName'
  | 'Corrupt'
  | 'TooLarge'
  | 'Unsupported'
  | 'Unavailable'
  | 'RecipeInvalid'
  | 'DiskFull'
  | 'NotWritable';

/** A failure with a stable code; the message says what to do where something can be done. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The ImageError of a failed write below `path`; other errors are returned as they are. */
export function writeError(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ImageError('DiskFull', `no room left on the disk of ${path}; free some space and try again`, {
      cause: error,
    });
  }
  if (code && /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST)$/.test(code)) {
    return new ImageError('NotWritable', `${path} cannot be written: ${message}`, { cause: error });
  }
  return error;
}
