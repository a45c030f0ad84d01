import { type Runtime, RuntimeError } from '../cri/runtime.ts';
import type { ExecAction, HTTPGetAction, LifecycleHandler } from '../kube/generated/objects.ts';
import type { Clock } from './clock.ts';
import { fieldPath, podWords } from './pod-spec.ts';
import type { PodEvents } from './ports.ts';
import { ProbeError, type ProbeTarget } from './probes/answer.ts';
import { rpcError } from './probes/exec.ts';
import { httpGet, NoAnswer } from './probes/http-get.ts';
import { userAgentOf } from './probes/run-probe.ts';

/** The hook did not succeed. The message is for the status of the container; events do not show it, since it may hold secrets. */
export class HookError extends Error {
  override readonly name = 'HookError';
}

/**
 * Runs a postStart or preStop hook to its end. `signal` ends the waiting with its reason; a command that was begun goes on in its container.
 * @throws HookError; the signal's reason
 */
export type RunHook = (handler: LifecycleHandler, target: ProbeTarget, signal: AbortSignal) => Promise<void>;

export interface HooksOptions {
  runtime: Pick<Runtime, 'execSync'>;
  events: PodEvents;
  clock: Clock;
  /** `v1.33.0`: servers see `kube-lifecycle/1.33`. */
  kubernetesVersion: string;
}

/** Runs hooks for real (`pkg/kubelet/lifecycle/handlers.go`). No hook has a time limit of its own. */
export function hooks({ runtime, events, clock, kubernetesVersion }: HooksOptions): RunHook {
  const userAgent = userAgentOf('lifecycle', kubernetesVersion);
  return ({ exec, httpGet: action, sleep, tcpSocket }, target, signal) => {
    if (exec) return untilAborted(runCommand(runtime, exec, target), signal);
    if (action) return callServer(events, { action, target, userAgent, signal });
    if (sleep) return pause(clock, sleep.seconds * 1000, signal);
    const what = tcpSocket ? 'tcpSocket' : 'empty';
    // A kubelet knows no tcpSocket hooks either: they fail when they are run.
    return Promise.reject(new HookError(`Cannot run handler: invalid handler: ${what}`));
  };
}

async function runCommand(runtime: Pick<Runtime, 'execSync'>, { command = [] }: ExecAction, target: ProbeTarget) {
  const failed = (error: string, output: string) =>
    new HookError(
      `Exec lifecycle hook ([${command.join(' ')}]) for ${whose(target)} failed - error: ${error}, message: ${JSON.stringify(output)}`,
    );
  const result = await runtime.execSync(target.containerId, command, 0).catch((error: unknown) => {
    throw failed(error instanceof RuntimeError ? rpcError(error) : String(error), '');
  });
  if (result.exitCode === 0) return;
  const output = Buffer.concat([result.stdout, result.stderr]).toString();
  throw failed(`command '${command.join(' ')}' exited with ${result.exitCode}: ${result.stderr.toString()}`, output);
}

interface ServerCall {
  action: HTTPGetAction;
  target: ProbeTarget;
  userAgent: string;
  signal: AbortSignal;
}

/** Any answer is a success, whatever its status. A server that speaks plain HTTP where HTTPS was asked for is asked again in its way. */
async function callServer(events: PodEvents, call: ServerCall): Promise<void> {
  const { action, target } = call;
  try {
    const speaksHttp = await get(call, action);
    if (!speaksHttp) return;
    await get(call, { ...action, scheme: 'HTTP' });
    const { pod, container } = target;
    const message = `request to HTTPS lifecycle hook for container ${container.name} got HTTP response, retry with HTTP succeeded`;
    events.event(pod, 'Warning', 'LifecycleHTTPFallback', message, fieldPath(pod, container.name));
  } catch (error) {
    call.signal.throwIfAborted();
    const { message } = error as Error;
    throw new HookError(`HTTP lifecycle hook (${action.path ?? '/'}) for ${whose(target)} failed - error: ${message}`, {
      cause: error,
    });
  }
}

/** true when the server speaks HTTP instead of HTTPS. */
async function get({ target, userAgent, signal }: ServerCall, action: HTTPGetAction): Promise<boolean> {
  const { container, ip } = target;
  if (!action.host && ip === '') throw new HookError('failed to find networking container');
  try {
    await httpGet({ action, container, ip, userAgent, signal });
    return false;
  } catch (error) {
    if (error instanceof NoAnswer && error.speaksHttp) return true;
    // The answer's body is not read by anybody.
    if (error instanceof ProbeError && error.cause !== undefined) return false;
    throw error;
  }
}

function whose({ pod, container }: ProbeTarget): string {
  return `Container "${container.name}" in Pod "${podWords(pod)}"`;
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let timer: unknown;
  const over = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, ms);
  });
  return untilAborted(over, signal).finally(() => clock.clearTimeout(timer));
}

function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
