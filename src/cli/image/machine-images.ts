import { existsSync } from 'node:fs';
import pino from 'pino';
import { containerdRuntime } from '../../cri/containerd-runtime.ts';
import { type Runtime, RuntimeError } from '../../cri/runtime.ts';
import { ImageError } from '../../image/image-error.ts';
import { ImageLayout } from '../../image/layout.ts';
import { InvalidImageName, normalizeImageName } from '../../kube/image-name.ts';
import { type Context, Failure, UsageError } from '../command.ts';
import { runningNode } from '../node/lock.ts';
import { nodePaths } from '../node/paths.ts';
import { readSettings } from '../node/settings.ts';

/** The images of a node: those that were built or loaded here, and those that its container runtime has. */
export interface MachineImages {
  layout: ImageLayout;
  /** undefined while the node does not run. */
  runtime: Runtime | undefined;
  /** Socket of a runtime that is not the node's own (`--cri`): it does not ask the local registry. */
  foreign: string | undefined;
}

/**
 * Runs `work` with the images of this machine's node; the errors of `image` and `cri` become messages for people.
 * @throws Failure, UsageError
 */
export async function withImages<T>(context: Context, work: (images: MachineImages) => Promise<T>): Promise<T> {
  const paths = nodePaths(context);
  if (process.getuid?.() !== 0) throw new Failure('only root can see to the images of a node', { hint: 'use sudo' });
  if (!existsSync(paths.home))
    throw new Failure(`there is no node in ${paths.home}`, { hint: 'start one: outfit node start' });
  let runtime: Runtime | undefined;
  try {
    const layout = await ImageLayout.open(paths.images);
    const foreign = (await readSettings(paths.settings))?.cri;
    if (await runningNode(paths.lock))
      runtime = containerdRuntime({ socket: foreign ?? paths.containerd.socket, log: pino({ level: 'silent' }) });
    return await work({ layout, runtime, foreign });
  } catch (error) {
    context.signal.throwIfAborted();
    throw asFailure(error);
  } finally {
    runtime?.close();
  }
}

/** @throws Failure when the node does not run */
export function requireRuntime({ runtime }: MachineImages): Runtime {
  if (runtime) return runtime;
  throw new Failure('the node does not run, and its container runtime neither', { hint: 'outfit node start' });
}

/** The full form of a name that was typed. @throws UsageError */
export function fullName(typed: string): string {
  try {
    return normalizeImageName(typed);
  } catch (error) {
    throw error instanceof InvalidImageName ? new UsageError(error.message) : error;
  }
}

function asFailure(error: unknown): unknown {
  const told = error instanceof ImageError || error instanceof RuntimeError;
  return told ? new Failure(error.message, { cause: error }) : error;
}

/** 12.3 MB, as image tools count: thousands. */
export function sizeText(bytes: number): string {
  const unit = ['B', 'kB', 'MB', 'GB', 'TB'].findIndex((_, i) => bytes < 1000 ** (i + 1));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}
