import type { Image, Runtime } from '../../cri/runtime.ts';
import type { Context } from '../command.ts';
import type { Progress } from '../progress.ts';
import { sizeText } from './machine-images.ts';

/** Pulls an image into the container runtime and shows the bytes. @throws RuntimeError */
export async function pullImage(
  runtime: Runtime,
  name: string,
  progress: Progress,
  context: Context,
): Promise<Image | undefined> {
  progress.step(`pulling ${name}`);
  await runtime.pullImage(name, {
    signal: context.signal,
    onProgress: ({ completedBytes, totalBytes }) =>
      progress.detail(`pulling ${name}: ${sizeText(completedBytes)} of ${sizeText(totalBytes)}`),
  });
  return runtime.imageStatus(name);
}
