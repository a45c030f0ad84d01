import type { Runtime } from '../../cri/runtime.ts';
import type { HTTPGetAction, Probe } from '../../kube/generated/objects.ts';
import { type ProbeAnswer, ProbeError, type ProbeTarget, type RunProbe, timeoutMs } from './answer.ts';
import { containerPort } from './container-port.ts';
import { execProbe } from './exec.ts';
import { grpcProbe } from './grpc.ts';
import { httpGet, NoAnswer } from './http-get.ts';
import { tcpProbe } from './tcp.ts';

export interface ProbersOptions {
  runtime: Pick<Runtime, 'execSync'>;
  /** `v1.33.0`: servers see `kube-probe/1.33`. */
  kubernetesVersion: string;
}

/** Probes for real: commands through the runtime, everything else from this process to the Pod's address. */
export function probers({ runtime, kubernetesVersion }: ProbersOptions): RunProbe {
  const userAgent = userAgentOf('probe', kubernetesVersion);
  return async (probe, target, signal) => {
    const { exec, httpGet: action, tcpSocket, grpc, timeoutSeconds = 1 } = probe;
    const { container, ip } = target;
    if (exec) return execProbe(runtime, exec, target, timeoutSeconds);
    if (action) return httpProbe({ action, probe, target, userAgent, signal });
    if (tcpSocket)
      return tcpProbe(tcpSocket.host || ip, containerPort(tcpSocket.port, container), timeoutMs(probe), signal);
    if (grpc) {
      const { port, service = '' } = grpc;
      return grpcProbe({ host: ip, port, service, timeoutMs: timeoutMs(probe), userAgent, signal });
    }
    throw new ProbeError(`missing probe handler for ${target.pod.metadata?.name}:${container.name}`);
  };
}

/** `kube-probe/1.33`, `kube-lifecycle/1.33`: what servers see of the kubelet. */
export function userAgentOf(purpose: 'probe' | 'lifecycle', kubernetesVersion: string): string {
  return `kube-${purpose}/${kubernetesVersion.replace(/^v/, '').split('.').slice(0, 2).join('.')}`;
}

interface HttpProbe {
  action: HTTPGetAction;
  probe: Probe;
  target: ProbeTarget;
  userAgent: string;
  signal: AbortSignal;
}

/** 200 to 399 is success; a redirect that leaves the host is a warning (`DoHTTPProbe`). */
async function httpProbe({ action, probe, target, userAgent, signal }: HttpProbe): Promise<ProbeAnswer> {
  const { container, ip } = target;
  try {
    const { status, body } = await httpGet({ action, container, ip, userAgent, timeoutMs: timeoutMs(probe), signal });
    if (status < 200 || status >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    if (status >= 300) return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    return { result: 'success', output: body };
  } catch (error) {
    if (error instanceof NoAnswer) return { result: 'failure', output: error.message };
    throw error;
  }
}
