import { type Runtime, RuntimeError } from '../../cri/runtime.ts';
import type { EnvVar, ExecAction } from '../../kube/generated/objects.ts';
import { expand } from '../expansion.ts';
import { type ProbeAnswer, ProbeError, type ProbeTarget } from './answer.ts';

/** Bytes of output that go into an event (`maxReadLength` in `pkg/probe/exec`). */
const MAX_OUTPUT = 10 * 1024;

/**
 * Runs the command in the container: 0 is success, any other exit code and a timeout are failures. `$(VAR)` is replaced by variables that the
 * manifest gives a value; those with `valueFrom` are empty, as in a cluster.
 * @throws ProbeError when the command cannot be run
 */
export async function execProbe(
  runtime: Pick<Runtime, 'execSync'>,
  { command = [] }: ExecAction,
  { container, containerId }: Pick<ProbeTarget, 'container' | 'containerId'>,
  timeoutSeconds: number,
): Promise<ProbeAnswer> {
  const words = command.map((word) => expand(word, (name) => staticValue(container.env, name)));
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, words, timeoutSeconds);
    const output = Buffer.concat([stdout, stderr]).subarray(0, MAX_OUTPUT).toString();
    return { result: exitCode === 0 ? 'success' : 'failure', output };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.code === 'DeadlineExceeded') {
      const output = `command timed out: ${JSON.stringify(words.join(' '))} timed out after ${timeoutSeconds}s`;
      return { result: 'failure', output };
    }
    throw new ProbeError(rpcError(error), { cause: error });
  }
}

/** How Go's gRPC writes an error that a runtime gave. */
export function rpcError({ code, message }: RuntimeError): string {
  return `rpc error: code = ${code === 'Failed' ? 'Unknown' : code} desc = ${message}`;
}

function staticValue(env: EnvVar[] = [], name: string): string | undefined {
  const variable = env.findLast((one) => one.name === name);
  return variable && (variable.value ?? '');
}
