import { setTimeout as sleep } from 'node:timers/promises';
import { type Runtime, RuntimeError } from './runtime.ts';

/** Milliseconds. */
const LONGEST_WAIT = 128;
const ALL_WAITS = 10_000;
const ALIVE = ['CREATED', 'RUNNING'];

/**
 * Resolves when the runtime's own records say that this container or sandbox has ended, or is gone; after 10 s in any case. containerd tells of
 * an exit some milliseconds before its CRI plugin has noted it, and may even tell it before the plugin has noted the start: whoever looked at once
 * would see CREATED or RUNNING, and would hear of it no more.
 */
export async function settled(runtime: RecordsOf, id: string, signal: AbortSignal): Promise<void> {
  let waited = 0;
  for (let wait = 1; waited < ALL_WAITS && !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    if (await hasEnded(runtime, id)) return;
    await sleep(wait, undefined, { signal }).catch(() => {});
    waited += wait;
  }
}

type RecordsOf = Pick<Runtime, 'containerStatus' | 'podSandboxStatus'>;

async function hasEnded(runtime: RecordsOf, id: string): Promise<boolean> {
  const container = await known(runtime.containerStatus(id));
  if (container !== 'Unknown')
    return container === 'Gone' ? sandboxHasEnded(runtime, id) : !ALIVE.includes(container.state);
  return false;
}

async function sandboxHasEnded(runtime: RecordsOf, id: string): Promise<boolean> {
  const sandbox = await known(runtime.podSandboxStatus(id));
  return sandbox !== 'Unknown' && (sandbox === 'Gone' || sandbox.state !== 'READY');
}

/** 'Unknown': the runtime gave no answer this time. */
async function known<Status>(answer: Promise<Status>): Promise<Status | 'Gone' | 'Unknown'> {
  try {
    return await answer;
  } catch (error) {
    return error instanceof RuntimeError && error.code === 'NotFound' ? 'Gone' : 'Unknown';
  }
}
