import type { CgroupDriver } from './runtime.ts';

/**
 * Reads the answer of a verbose CRI Status. containerd (1.6 to 2.x) puts its configuration there as JSON; what says nothing is taken
 * for cgroupfs, the default of runc.
 */
export function cgroupDriverOf(info: Record<string, string>): CgroupDriver {
  const { containerd } = parsed(info.config ?? '') ?? {};
  const runtime = containerd?.runtimes?.[containerd.defaultRuntimeName ?? 'runc'];
  return runtime?.options?.SystemdCgroup === true ? 'systemd' : 'cgroupfs';
}

interface Configuration {
  containerd?: {
    defaultRuntimeName?: string;
    runtimes?: Record<string, { options?: { SystemdCgroup?: unknown } | null }>;
  };
}

function parsed(text: string): Configuration | undefined {
  try {
    return JSON.parse(text) as Configuration;
  } catch {
    return undefined;
  }
}
