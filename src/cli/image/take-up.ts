import { type Context, tell } from '../command.ts';
import type { Progress } from '../progress.ts';
import type { MachineImages } from './machine-images.ts';
import { pullImage } from './pull-image.ts';

/**
 * Makes images that were built or loaded here ready in the node's own containerd. Another runtime would fetch what the registry has by
 * that name, so there the user is told how it gets ours.
 * @throws RuntimeError
 */
export async function takeUp(
  { layout, runtime, foreign }: MachineImages,
  names: string[],
  progress: Progress,
  context: Context,
): Promise<void> {
  if (foreign !== undefined) {
    progress.end();
    tell(context, wayToForeign(foreign, layout.path));
  } else if (runtime) for (const name of names) await pullImage(runtime, name, progress, context);
}

function wayToForeign(socket: string, layout: string): string {
  return `The container runtime at ${socket} does not ask here. To give it all images that were built or loaded:
  tar -C ${layout} -c . | ctr -a ${socket.replace(/^unix:\/\//, '')} -n k8s.io images import -`;
}
