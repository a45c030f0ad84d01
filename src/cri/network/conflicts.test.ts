import { describe, expect, it } from 'vitest';
import { type HostView, parseRoutes, refuseConflicts } from './conflicts.ts';
import { parseSubnet } from './subnet.ts';

const PROC_NET_ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	0000000A	0100080A	0003	0	0	0	000000FF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

it('routes are read from /proc/net/route', () => {
  expect(parseRoutes(PROC_NET_ROUTE)).toEqual([
    { link: 'eth0', gateway: true, subnet: parseSubnet('0.0.0.0/0') },
    { link: 'docker0', gateway: false, subnet: parseSubnet('172.17.0.0/16') },
    { link: 'tun0', gateway: true, subnet: parseSubnet('10.0.0.0/8') },
    { link: 'eth0', gateway: false, subnet: parseSubnet('192.0.2.0/24') },
  ]);
});

describe('the bridge and the Pod subnet', () => {
  const NETWORK = { bridge: 'outfit0', podCidr: '10.244.0.0/24' };
  const HOST: HostView = { bridgeIs: 'free', routes: parseRoutes(PROC_NET_ROUTE) };
  const route = (cidr: string, link: string, gateway = false) => ({ subnet: parseSubnet(cidr), link, gateway });

  const accepted: [string, Partial<HostView>][] = [
    ['nobody has them; a VPN routes all of 10.0.0.0/8', {}],
    ['the node has made them before', { bridgeIs: 'ours', routes: [route('10.244.0.0/24', 'outfit0')] }],
    ['a neighbouring subnet is taken', { routes: [route('10.244.1.0/24', 'cni0')] }],
  ];
  it.each(accepted)('are free where %s', (_, change) => {
    expect(refuseConflicts(NETWORK, { ...HOST, ...change })).toBeUndefined();
  });

  const refused: [string, Partial<typeof NETWORK>, Partial<HostView>, string][] = [
    [
      'another bridge has the name',
      {},
      { bridgeIs: 'foreign' },
      'the network interface "outfit0" exists already and was not made by this node: choose another with --bridge, or remove it with "ip link delete outfit0" if nobody uses it',
    ],
    [
      'another bridge has the subnet',
      {},
      { routes: [route('10.244.0.0/24', 'cni0')] },
      'the Pod subnet 10.244.0.0/24 overlaps 10.244.0.0/24 on network interface "cni0": choose another with --pod-cidr (and --bridge, if that is another node)',
    ],
    [
      'our network is wider than it',
      {},
      { routes: [route('10.0.0.0/8', 'eth0')] },
      'overlaps 10.0.0.0/8 on network interface "eth0"',
    ],
    [
      'another node has its name',
      {},
      { otherNodes: [{ home: '/srv/a', bridge: 'outfit0', podCidr: '10.1.0.0/24' }] },
      'the bridge "outfit0" belongs to the node in /srv/a: choose another with --bridge (and --pod-cidr), or take that node away: OUTFIT_HOME=/srv/a outfit node reset',
    ],
    [
      'another node without Pods yet has the subnet',
      {},
      { otherNodes: [{ home: '/srv/a', bridge: 'other0', podCidr: '10.244.0.0/16' }] },
      'the Pod subnet 10.244.0.0/24 overlaps 10.244.0.0/16, which belongs to the node in /srv/a: choose another with --pod-cidr (and --bridge)',
    ],
    [
      'a part of it is routed elsewhere',
      {},
      { routes: [route('10.244.0.128/25', 'tun0', true)] },
      'overlaps 10.244.0.128/25 on network interface "tun0"',
    ],
    [
      'it is no subnet',
      { podCidr: '10.244.0.0' },
      {},
      '--pod-cidr: "10.244.0.0" is not an IPv4 subnet like 10.244.0.0/24',
    ],
    ['it is no IPv4 address', { podCidr: '10.256.0.0/24' }, {}, '--pod-cidr: "10.256.0.0/24" is not'],
    [
      'it is an address in a subnet',
      { podCidr: '10.244.0.1/24' },
      {},
      '--pod-cidr: "10.244.0.1/24" is not the first address of its subnet',
    ],
    [
      'it is too small',
      { podCidr: '10.244.0.0/31' },
      {},
      '--pod-cidr: 10.244.0.0/31 has no room for a bridge and a Pod',
    ],
  ];
  it.each(refused)('are refused where %s', (_, network, host, message) => {
    const check = () => refuseConflicts({ ...NETWORK, ...network }, { ...HOST, ...host });
    expect(check).toThrow(expect.objectContaining({ name: 'SetupError', message: expect.stringContaining(message) }));
  });
});
