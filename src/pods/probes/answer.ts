import type { Container, Pod, Probe } from '../../kube/generated/objects.ts';

/** What a probe or hook is run against. */
export interface ProbeTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  /** Where the Pod is reached; '' while it has no address. */
  ip: string;
}

/** What a probe found, in the kubelet's words. A `warning` counts as a success. */
export interface ProbeAnswer {
  result: 'success' | 'warning' | 'failure';
  output: string;
}

/** The probe could not be run, or its answer not be read: that says nothing of the container. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/**
 * Runs a probe once, within its timeout. `signal` gives it up where that is possible; the answer then is of no interest.
 * @throws ProbeError
 */
export type RunProbe = (probe: Probe, target: ProbeTarget, signal: AbortSignal) => Promise<ProbeAnswer>;

/** `probe.timeoutSeconds` or its default, in milliseconds. */
export function timeoutMs({ timeoutSeconds = 1 }: Probe): number {
  return timeoutSeconds * 1000;
}
