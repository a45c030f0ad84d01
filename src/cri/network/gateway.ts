import { existsSync } from 'node:fs';
import { CommandError, commandRunner, type RunCommand } from '../command.ts';
import type { PodNetwork } from '../containerd/cni.ts';
import { SetupError } from '../setup-error.ts';
import { formatAddress, parseSubnet } from './subnet.ts';

/** The machine's own address among the Pods: the first one of their subnet, as CNI's host-local gives it to the bridge. */
export function gatewayAddress(podCidr: string): string {
  return formatAddress(parseSubnet(podCidr).first + 1);
}

/**
 * Makes the Pods' bridge with its address before CNI does with the first Pod, so that one can listen there. What is there already stays; call it after
 * `setUpHostNetwork`, whose tear-down takes the bridge away.
 * @throws SetupError
 */
export async function ensureBridge({ bridge, podCidr }: PodNetwork, run: RunCommand = commandRunner()): Promise<void> {
  const address = `${gatewayAddress(podCidr)}/${parseSubnet(podCidr).prefix}`;
  try {
    // With an address of its own the bridge keeps it; else it would take that of its lowest port, and Pods would lose their gateway for a moment.
    if (!existsSync(`/sys/class/net/${bridge}`))
      await run('ip', ['link', 'add', 'name', bridge, 'address', hardwareAddress(podCidr), 'type', 'bridge']);
    const known = await run('ip', ['-4', '-oneline', 'address', 'show', 'dev', bridge]);
    if (!known.split(/\s+/).includes(address))
      await run('ip', ['address', 'add', address, 'broadcast', '+', 'dev', bridge]);
    await run('ip', ['link', 'set', bridge, 'up']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const code = /not permitted/i.test(error.stderr) ? 'NotPermitted' : 'Failed';
    throw new SetupError(code, `cannot make the Pods' bridge: ${error.message}`, { cause: error });
  }
}

/** Locally administered, made of the address as CNI makes those of Pods: 0a:58 and the four bytes. */
function hardwareAddress(podCidr: string): string {
  const bytes = gatewayAddress(podCidr).split('.').map(Number);
  return ['0a', '58', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
