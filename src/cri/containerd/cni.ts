import type { NodePlaces } from '../places.ts';

export interface PodNetwork {
  bridge: string;
  /** IPv4, such as 10.244.0.0/24. */
  podCidr: string;
}

/**
 * The CNI configuration: a bridge, addresses of our own subnet, and host ports. Without the plugin's own masquerading: it adds a
 * chain for every Pod, where one rule for the subnet does (host-network.ts). The addresses lie in the run folder: a reboot frees them.
 */
export function cniConflist({ cni }: NodePlaces, { bridge, podCidr }: PodNetwork): object {
  return {
    cniVersion: '0.4.0',
    name: cni.network,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: cni.addresses,
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}
