import type { Pod } from '../kube/generated/objects.ts';
import { type PodFailure, rejected } from './pod-failure.ts';

/** Sysctls that a Pod may set because they touch nobody else (`pkg/kubelet/sysctl/safe_sysctls.go`), with the namespace that keeps them apart. */
const SAFE: Readonly<Record<string, 'IPC' | 'Net'>> = {
  'kernel.shm_rmid_forced': 'IPC',
  'net.ipv4.ip_local_port_range': 'Net',
  'net.ipv4.ip_local_reserved_ports': 'Net',
  'net.ipv4.ip_unprivileged_port_start': 'Net',
  'net.ipv4.ping_group_range': 'Net',
  'net.ipv4.tcp_fin_timeout': 'Net',
  'net.ipv4.tcp_keepalive_intvl': 'Net',
  'net.ipv4.tcp_keepalive_probes': 'Net',
  'net.ipv4.tcp_keepalive_time': 'Net',
  'net.ipv4.tcp_rmem': 'Net',
  'net.ipv4.tcp_syncookies': 'Net',
  'net.ipv4.tcp_wmem': 'Net',
};

/** Names as the kernel's files have them: `net/ipv4/tcp_rmem` and `net.ipv4.tcp_rmem` are one. */
export function sysctlName(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  return separator === '/' ? name.replaceAll(/[./]/g, (found) => (found === '/' ? '.' : '/')) : name;
}

/** The Pod fails for a sysctl that is not known to be safe, or that would be the machine's own (`pkg/kubelet/sysctl/allowlist.go`). */
export function sysctlFailure({ spec }: Pod): PodFailure | undefined {
  const shared = { IPC: spec?.hostIPC, Net: spec?.hostNetwork };
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const namespace = SAFE[sysctlName(name)];
    if (!namespace) return forbidden(`"${name}" not allowlisted`);
    if (shared[namespace]) return forbidden(`"${name}" not allowed with host ${namespace} enabled`);
  }
  return undefined;
}

function forbidden(why: string): PodFailure {
  return rejected('SysctlForbidden', `forbidden sysctl: ${why}`);
}
