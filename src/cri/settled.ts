import { setTimeout as sleep } from 'node:timers/promises';
import { type Runtime, RuntimeError } from './runtime.ts';

/** Milliseconds. */
const LONGEST_WAIT = 128;
const ALL_WAITS = 10_000;
const ALIVE = ['CREATED', 'RUNNING'];
/** The kernel's out-of-memory kill is told beside the exit, and now and then after it: so long a container that SIGKILL ended is waited for. */
const OOM_WAITS = 15;
const SIGKILLED = 137;

/**
 * Resolves when the runtime's own records say that this container or sandbox has ended, or is gone; after 10 s in any case. containerd tells of
 * an exit some milliseconds before its CRI plugin has noted it, and may even tell it before the plugin has noted the start: whoever looked at once
 * would see CREATED or RUNNING, and would hear of it no more.
 */
export async function settled(runtime: RecordsOf, id: string, signal: AbortSignal): Promise<void> {
  let waited = 0;
  let killedFor = 0;
  for (let wait = 1; waited < ALL_WAITS && !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    const ended = await hasEnded(runtime, id);
    if (ended === 'yes' || (ended === 'killed' && killedFor >= OOM_WAITS)) return;
    if (ended === 'killed') killedFor += wait;
    await sleep(wait, undefined, { signal }).catch(() => {});
    waited += wait;
  }
}

type RecordsOf = Pick<Runtime, 'containerStatus' | 'podSandboxStatus'>;

/** `killed`: by SIGKILL, and whose it was may not have been said yet. */
async function hasEnded(runtime: RecordsOf, id: string): Promise<'yes' | 'killed' | 'no'> {
  const container = await known(runtime.containerStatus(id));
  if (container === 'Unknown') return 'no';
  if (container === 'Gone') return sandboxHasEnded(runtime, id);
  if (ALIVE.includes(container.state)) return 'no';
  return container.exitCode === SIGKILLED && container.reason !== 'OOMKilled' ? 'killed' : 'yes';
}

async function sandboxHasEnded(runtime: RecordsOf, id: string): Promise<'yes' | 'no'> {
  const sandbox = await known(runtime.podSandboxStatus(id));
  return sandbox !== 'Unknown' && (sandbox === 'Gone' || sandbox.state !== 'READY') ? 'yes' : 'no';
}

/** 'Unknown': the runtime gave no answer this time. */
async function known<Status>(answer: Promise<Status>): Promise<Status | 'Gone' | 'Unknown'> {
  try {
    return await answer;
  } catch (error) {
    return error instanceof RuntimeError && error.code === 'NotFound' ? 'Gone' : 'Unknown';
  }
}
