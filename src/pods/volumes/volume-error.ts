/**
 * A volume cannot be put in place now. The Pod waits with ContainerCreating, an event FailedMount carries the message, and it is tried
 * again. `message` is whole, in the kubelet's words.
 */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly code = 'FailedMount';
  readonly volume: string;

  constructor(volume: string, reason: string, options?: { cause?: unknown }) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${reason}`, options);
    this.volume = volume;
  }
}
