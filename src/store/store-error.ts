/**
 * What went wrong with the store itself, by what can be done about it:
 * - `NewerVersion`: made by a newer Outfit; use that one, or another state directory.
 * - `InUse`: another process holds it.
 * - `NotWritable`: no permission, or a read-only or unfit place.
 * - `Corrupt`: what is on disk is not what was written.
 * - `DiskFull`: no room; the write did not happen, and works again when there is room.
 * - `Closed`: the store was closed before the call.
 * - `Failed`: any other failure of the disk; the write did not happen.
 */
export type StoreErrorCode = 'NewerVersion' | 'InUse' | 'NotWritable' | 'Corrupt' | 'DiskFull' | 'Closed' | 'Failed';

/** A failure of the store, not of what was asked of it. The message names the place and a way out. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
