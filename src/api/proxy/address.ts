import { BlockList, isIP } from 'node:net';
import { badRequest } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { joinHostPort } from '../../kube/go-errors.ts';

/** What the name in a proxy URL asks for: `web`, `web:8080`, `web:http`, `https:web:8443`. */
export interface ProxyName {
  scheme: 'http' | 'https';
  name: string;
  /** A number, or the name of a container's port; '' for the first one that the Pod declares. */
  port: string;
}

/** Where a request goes. */
export interface ProxyAddress {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  /** As Go names it in errors. */
  text: string;
}

/**
 * Takes the name apart as kube-apiserver does (apimachinery `util/net.SplitSchemeNamePort`).
 * @throws StatusError BadRequest
 */
export function parseProxyName(resource: 'pod' | 'node', id: string): ProxyName {
  const parts = id.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme!))
    throw badRequest(`invalid ${resource} request ${JSON.stringify(id)}`);
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port ?? '' };
}

/**
 * Where a Pod's port is (`pkg/registry/core/pod/strategy.go`, ResourceLocation). A name is looked up among the Pod's ports, which kube-apiserver
 * does for Services only; it is an extension that costs nobody anything.
 * @throws StatusError BadRequest for a Pod without an address that may be asked
 * @throws UnreachableError for a port that is none
 */
export function addressOf(pod: Pod, { scheme, port }: ProxyName): ProxyAddress {
  const host = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (!isGlobalUnicast(host)) throw badRequest('address not allowed');
  const containers = pod.spec?.containers ?? [];
  const first = containers.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort;
  const wanted = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : portNumber(pod, port);
  if (wanted === undefined) throw new UnreachableError(`dial tcp: lookup tcp/${port}: unknown port`);
  if (wanted < 1 || wanted > 65535) throw new UnreachableError(`dial tcp: address ${port}: invalid port`);
  return { scheme, host, port: wanted, text: joinHostPort(host, wanted) };
}

/** Nobody answers there; the message is Go's. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

function portNumber({ spec }: Pod, port: string): number | undefined {
  if (/^\d+$/.test(port)) return Number(port);
  const { containers = [], initContainers = [] } = spec ?? {};
  const all = [...containers, ...initContainers].flatMap(({ ports = [] }) => ports);
  return all.find(({ name }) => name === port)?.containerPort;
}

const NOT_UNICAST = blockList();

/** Go's `net.IP.IsGlobalUnicast`: neither unspecified, loopback, link-local, multicast nor broadcast. */
function isGlobalUnicast(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !NOT_UNICAST.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function blockList(): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of [
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['224.0.0.0', 4],
    ['0.0.0.0', 32],
    ['255.255.255.255', 32],
  ] as const)
    list.addSubnet(net, prefix, 'ipv4');
  for (const [net, prefix] of [
    ['::', 128],
    ['::1', 128],
    ['fe80::', 10],
    ['ff00::', 8],
  ] as const)
    list.addSubnet(net, prefix, 'ipv6');
  return list;
}
