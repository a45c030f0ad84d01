import { SetupError } from '../setup-error.ts';
import { formatSubnet, overlap, parseSubnet, type Subnet } from './subnet.ts';

export interface Route {
  subnet: Subnet;
  link: string;
  /** Reached through a router, not on the link itself. */
  gateway: boolean;
}

/** The IPv4 routes of the main table. @param text of /proc/net/route, whose numbers are hexadecimal with the bytes turned round */
export function parseRoutes(text: string): Route[] {
  const number = (hex = '0') => Number.parseInt(hex.match(/../g)?.reverse().join('') ?? '0', 16);
  const lines = text.trim().split('\n').slice(1);
  return lines.map((line) => {
    const [link = '', destination, gateway, , , , , mask] = line.split('\t').map((field) => field.trim());
    const first = number(destination);
    const size = 2 ** 32 - number(mask);
    return {
      link,
      gateway: number(gateway) !== 0,
      subnet: { first, last: first + size - 1, prefix: 32 - Math.log2(size) },
    };
  });
}

/** What another node of this machine has taken; its bridge is not there before its first Pod. */
interface OtherNode {
  home: string;
  bridge: string;
  podCidr: string;
}

export interface HostView {
  routes: Route[];
  otherNodes?: OtherNode[];
  /** What has the bridge's name now: nothing, the bridge this node made, or something of somebody else. */
  bridgeIs: 'free' | 'ours' | 'foreign';
}

/**
 * Refuses a bridge name or Pod subnet that somebody else holds. A wider route through a router (a VPN's 10.0.0.0/8, the default
 * route) is no conflict: the bridge's own route is more specific and wins.
 * @throws SetupError Taken, naming the holder and the flags
 */
export function refuseConflicts({ bridge, podCidr }: { bridge: string; podCidr: string }, host: HostView): void {
  if (host.bridgeIs === 'foreign') {
    const wayOut = `choose another with --bridge, or remove it with "ip link delete ${bridge}" if nobody uses it`;
    throw new SetupError(
      'Taken',
      `the network interface "${bridge}" exists already and was not made by this node: ${wayOut}`,
    );
  }
  const subnet = parsePodCidr(podCidr);
  refuseOtherNodes(bridge, subnet, host.otherNodes ?? []);
  const holder = host.routes.find(
    (route) =>
      route.link !== bridge &&
      overlap(route.subnet, subnet) &&
      (!route.gateway || route.subnet.prefix >= subnet.prefix),
  );
  if (!holder) return;
  const who = `${formatSubnet(holder.subnet)} on network interface "${holder.link}"`;
  throw new SetupError(
    'Taken',
    `the Pod subnet ${podCidr} overlaps ${who}: choose another with --pod-cidr (and --bridge, if that is another node)`,
  );
}

function refuseOtherNodes(bridge: string, subnet: Subnet, nodes: OtherNode[]): void {
  const node = nodes.find((other) => other.bridge === bridge || overlap(parseSubnet(other.podCidr), subnet));
  if (!node) return;
  const [what, flag] =
    node.bridge === bridge
      ? [`the bridge "${bridge}"`, '--bridge (and --pod-cidr)']
      : [`the Pod subnet ${formatSubnet(subnet)} overlaps ${node.podCidr}, which`, '--pod-cidr (and --bridge)'];
  const wayOut = `choose another with ${flag}, or take that node away: OUTFIT_HOME=${node.home} outfit node reset`;
  throw new SetupError('Taken', `${what} belongs to the node in ${node.home}: ${wayOut}`);
}

function parsePodCidr(podCidr: string): Subnet {
  try {
    const subnet = parseSubnet(podCidr);
    if (subnet.prefix <= 30) return subnet;
  } catch (error) {
    throw new SetupError('Failed', `--pod-cidr: ${(error as Error).message}`);
  }
  throw new SetupError('Failed', `--pod-cidr: ${podCidr} has no room for a bridge and a Pod`);
}
