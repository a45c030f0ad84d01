import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What container settings need to know of the machine. */
export interface MachineSize {
  cpuMillis: number;
  memoryBytes: number;
  /** Bytes of the disk under the state directory; 0 where nobody asked. */
  storageBytes: number;
  /** Whether control groups are version 2 alone (the unified hierarchy). */
  unifiedCgroups: boolean;
}

/** Reads the size of this machine. `storageBytes` is the caller's to know. */
export function machineSize(storageBytes = 0): MachineSize {
  return {
    cpuMillis: availableParallelism() * 1000,
    memoryBytes: totalmem(),
    storageBytes,
    unifiedCgroups: existsSync('/sys/fs/cgroup/cgroup.controllers'),
  };
}
