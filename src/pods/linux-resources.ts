import type { LinuxResources } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import { qosClass } from '../kube/qos.ts';
import { quantityMilliValue, quantityValue } from '../kube/quantity.ts';
import type { MachineSize } from './machine-size.ts';
import { isSidecar, mainContainers } from './pod-spec.ts';

/** Microseconds (`pkg/kubelet/cm/helpers_linux.go`). */
const QUOTA_PERIOD = 100_000;
const MIN_QUOTA = 1000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

const GUARANTEED_OOM_SCORE = -997;
const BEST_EFFORT_OOM_SCORE = 1000;

/** cpu and memory of the container as the kernel takes them (`kuberuntime_container_linux.go`). What is not limited is left out. */
export function linuxResources(pod: Pod, container: Container, machine: MachineSize): LinuxResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpuLimit = limits.cpu === undefined ? 0 : quantityMilliValue(limits.cpu);
  const cpuRequest = requests.cpu ?? limits.cpu;
  const memoryLimit = limits.memory === undefined ? 0 : quantityValue(limits.memory);
  return {
    cpuShares: cpuShares(cpuRequest === undefined ? 0 : quantityMilliValue(cpuRequest)),
    ...(cpuLimit > 0 && { cpuPeriod: QUOTA_PERIOD, cpuQuota: cpuQuota(cpuLimit) }),
    ...(memoryLimit > 0 && { memoryLimitInBytes: memoryLimit }),
    oomScoreAdj: oomScore(pod, container, machine.memoryBytes),
    // The kernel then kills all of a container that runs out of memory, not one process of it that nobody watches.
    ...(machine.unifiedCgroups && { unified: { 'memory.oom.group': '1' } }),
  };
}

/**
 * How readily the kernel kills the container when the machine runs out of memory (`pkg/kubelet/qos/policy.go`). A sidecar is never more
 * killable than the most killable main container.
 */
function oomScore(pod: Pod, container: Container, machineMemory: number): number {
  const isCritical = pod.spec?.priorityClassName === 'system-node-critical';
  const quality = qosClass(pod);
  if (isCritical || quality === 'Guaranteed') return GUARANTEED_OOM_SCORE;
  if (quality === 'BestEffort') return BEST_EFFORT_OOM_SCORE;
  const own = burstableScore(memoryRequest(container), machineMemory);
  if (!isSidecar(container)) return own;
  const smallest = Math.min(...mainContainers(pod).map(memoryRequest));
  return Math.min(own, burstableScore(smallest, machineMemory));
}

/** The larger the part of the machine's memory that was asked for, the safer; always between the two other qualities. */
function burstableScore(request: number, machineMemory: number): number {
  const score = 1000 - Math.floor((1000 * request) / machineMemory);
  return Math.min(Math.max(score, 1000 + GUARANTEED_OOM_SCORE), BEST_EFFORT_OOM_SCORE - 1);
}

function memoryRequest({ resources }: Container): number {
  const request = resources?.requests?.memory ?? resources?.limits?.memory;
  return request === undefined ? 0 : quantityValue(request);
}

function cpuShares(millis: number): number {
  return Math.min(Math.max(Math.floor((millis * 1024) / 1000), MIN_SHARES), MAX_SHARES);
}

function cpuQuota(millis: number): number {
  return Math.max(Math.floor((millis * QUOTA_PERIOD) / 1000), MIN_QUOTA);
}
