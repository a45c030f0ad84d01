/**
 * A volume cannot be put in place now. The Pod waits with ContainerCreating, an event FailedMount carries the message, and it is tried
 * again. `message` is whole, in the kubelet's words.
 */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly code = 'FailedMount';
  readonly volume: string;

  /** `step` is what failed; without it the kubelet's word for the last step is taken. */
  constructor(volume: string, reason: string, { step, cause }: { step?: string; cause?: unknown } = {}) {
    super(`${step ?? `MountVolume.SetUp failed for volume "${volume}" :`} ${reason}`, { cause });
    this.volume = volume;
  }
}
