export type SetupErrorCode =
  | 'Missing' // a program or plugin is not installed
  | 'TooOld' // containerd is older than 1.6
  | 'Taken' // a bridge, subnet or file belongs to somebody else
  | 'NotPermitted'
  | 'Failed';

/** The machine cannot be made ready for Pods. The message names what is wrong and a way out; it is meant for the user. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: SetupErrorCode;
  constructor(code: SetupErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
