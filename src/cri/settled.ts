import { setTimeout as sleep } from 'node:timers/promises';
import { type Runtime, RuntimeError } from './runtime.ts';

/** Milliseconds. */
const FIRST_WAIT = 16;
const LONGEST_WAIT = 128;
const ALL_WAITS = 10_000;
const ALIVE = ['CREATED', 'RUNNING'];
/** The kernel's out-of-memory kill is told beside the exit, and now and then after it: so long a container that SIGKILL ended is waited for. */
const OOM_WAITS = 15;
const OOM_WAIT = 4;
const SIGKILLED = 137;

/**
 * Resolves when the runtime's own records say that this container or sandbox has ended, or is gone; after 10 s in any case. containerd tells of
 * an exit some milliseconds before its CRI plugin has noted it, and may even tell it before the plugin has noted the start: whoever looked at once
 * would see CREATED or RUNNING, and would hear of it no more.
 * @param deleted resolves when the runtime has cleared away what has ended, which it notes at the same moment; may stay pending for ever
 */
export async function settled(
  runtime: RecordsOf,
  id: string,
  { deleted, signal }: { deleted: Promise<void>; signal: AbortSignal },
): Promise<void> {
  let hint: Promise<number> | undefined = deleted.then(() => 1);
  let waited = 0;
  let killedFor = 0;
  for (let next = FIRST_WAIT; waited < ALL_WAITS && !signal.aborted; ) {
    const ended = await hasEnded(runtime, id);
    if (ended === 'yes' || (ended === 'killed' && killedFor >= OOM_WAITS)) return;
    const wait = ended === 'killed' ? OOM_WAIT : next;
    if (ended === 'killed') killedFor += wait;
    const hinted: number | undefined = await Promise.race([pause(wait, signal), ...(hint ? [hint] : [])]);
    if (hinted !== undefined) hint = undefined;
    waited += wait;
    next = hinted ?? Math.min(next * 2, LONGEST_WAIT);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
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
