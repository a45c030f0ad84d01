import { StoreError, type StoreErrorCode } from './store-error.ts';

/** What to tell for a failure of LevelDB or of the file system under it. LevelDB has no error numbers: only the system's texts tell them apart. */
export function levelError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = deepest(error);
  const kind = storeErrorCode(code, message);
  return new StoreError(kind, EXPLANATIONS[kind](path, message), { cause: error });
}

const EXPLANATIONS: Record<StoreErrorCode, (path: string, why: string) => string> = {
  InUse: (path) => `the store ${path} is in use by another process; stop that one, or use another state directory`,
  NotWritable: (path, why) =>
    `the store ${path} cannot be written (${why}); use a directory that this user can write, or run as root`,
  DiskFull: (path) => `no room left on the disk of ${path}; nothing was changed: free some space and try again`,
  Corrupt: (path, why) => `the store ${path} is damaged (${why})`,
  Failed: (path, why) => `the store ${path} failed: ${why}`,
  NewerVersion: (path, why) => `the store ${path} was written by a newer Outfit (${why})`,
  Closed: (path) => `the store ${path} is closed`,
};

function storeErrorCode(code: string | undefined, message: string): StoreErrorCode {
  if (code === 'LEVEL_LOCKED') return 'InUse';
  // The directory is there, so a file that is missing was lost. A read behind a file's end, which was cut, is EINVAL.
  if (code === 'LEVEL_CORRUPTION' || /No such file or directory|Invalid argument/.test(message)) return 'Corrupt';
  if (/^(ENOSPC|EDQUOT)$/.test(code ?? '') || /No space left on device|Disk quota exceeded/.test(message))
    return 'DiskFull';
  const unfit = /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG)$/;
  const unfitText = /Permission denied|Operation not permitted|Read-only file system|Not a directory/;
  return unfit.test(code ?? '') || unfitText.test(message) ? 'NotWritable' : 'Failed';
}

/** abstract-level wraps what the database said in an error of its own. */
function deepest(error: unknown): { code?: string; message: string } {
  let current = error as Error & { code?: string };
  while (current.cause instanceof Error) current = current.cause;
  return { ...(current.code && { code: current.code }), message: current.message ?? String(current) };
}
