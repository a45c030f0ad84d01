import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import type { Pod } from '../kube/generated/objects.ts';

/** What the sandbox's /etc/resolv.conf is made of. */
export interface DNSConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

/** An event that the Pod's user should see; type Warning. */
export interface DNSWarning {
  reason: 'MissingClusterDNS' | 'DNSConfigForming';
  message: string;
}

export interface DNSDecision {
  dns: DNSConfig;
  warnings: DNSWarning[];
}

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

/**
 * The Pod's resolver by `dnsPolicy` and `dnsConfig` (`pkg/kubelet/network/dns/dns.go`). `resolvConf` is the text of the machine's file
 * (see `readResolvConf`). There is no cluster DNS on this node, so ClusterFirst falls back to Default, as with a kubelet that has none. That
 * kubelet warns each Pod of it; here only the Pod that asked for a cluster DNS in so many words (ClusterFirstWithHostNet) is warned: ClusterFirst
 * is the default of every Pod, and there is no Service whose name it could have resolved.
 * Loopback servers of the machine are left out for Pods with a network of their own: they are nobody in there.
 */
export function dnsConfig({ pod, resolvConf }: { pod: Pod; resolvConf: string }): DNSDecision {
  const { dnsPolicy = 'ClusterFirst', dnsConfig: custom, hostNetwork = false } = pod.spec ?? {};
  const warnings: DNSWarning[] = [];
  const machine = dnsPolicy === 'None' ? empty() : parseResolvConf(resolvConf);
  if (!hostNetwork) leaveOutLoopback(machine, warnings);
  if (dnsPolicy === 'ClusterFirstWithHostNet') {
    warnings.push({ reason: 'MissingClusterDNS', message: missingClusterDNS(pod, dnsPolicy) });
  }
  const merged = {
    servers: unique([...machine.servers, ...(custom?.nameservers ?? [])]),
    searches: unique([...machine.searches, ...(custom?.searches ?? [])]),
    options: mergeOptions(machine.options, custom?.options ?? []),
  };
  return { dns: withinLimits(merged, warnings), warnings };
}

/** The parts of a resolv.conf(5) text that a sandbox takes over. The last `search` line wins; `options` lines add up. */
export function parseResolvConf(text: string): DNSConfig {
  const config = empty();
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) config.servers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') config.searches = values.filter((v) => v !== '.').map(withoutDot);
    if (keyword === 'options') config.options.push(...values);
  }
  return { ...config, servers: unique(config.servers), options: unique(config.options) };
}

/**
 * The machine's resolver as text. Where /etc/resolv.conf names loopback servers only (systemd-resolved's 127.0.0.53), the file that
 * systemd keeps for containers is read instead. A machine without any file gives ''.
 */
export async function readResolvConf(
  read: (path: string) => Promise<string> = (path) => readFile(path, 'utf8'),
): Promise<string> {
  const own = await read('/etc/resolv.conf').catch(() => '');
  if (parseResolvConf(own).servers.some((server) => !isLoopback(server))) return own;
  const real = await read('/run/systemd/resolve/resolv.conf').catch(() => '');
  return real || own;
}

function leaveOutLoopback(config: DNSConfig, warnings: DNSWarning[]): void {
  const loopback = config.servers.filter(isLoopback);
  if (loopback.length === 0) return;
  config.servers = config.servers.filter((server) => !isLoopback(server));
  if (config.servers.length > 0) return;
  warnings.push({
    reason: 'DNSConfigForming',
    message: `The machine's resolver (${loopback.join(' ')}) cannot be reached from a pod; name servers can be given in dnsConfig`,
  });
}

function isLoopback(server: string): boolean {
  return server === '::1' || (isIPv4(server) && server.startsWith('127.'));
}

function missingClusterDNS({ metadata }: Pod, policy: string): string {
  const pod = `${metadata?.name}_${metadata?.namespace}(${metadata?.uid})`;
  return `pod: "${pod}". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${policy}" policy. Falling back to "Default" policy.`;
}

/** A Pod's option replaces the machine's one of the same name. */
function mergeOptions(machine: string[], custom: { name?: string; value?: string }[]): string[] {
  const byName = new Map(machine.map((option) => [option.split(':')[0], option]));
  for (const { name, value } of custom) if (name) byName.set(name, value ? `${name}:${value}` : name);
  return [...byName.values()];
}

function withinLimits(config: DNSConfig, warnings: DNSWarning[]): DNSConfig {
  const servers = config.servers.slice(0, MAX_NAMESERVERS);
  if (servers.length < config.servers.length) {
    warnings.push({
      reason: 'DNSConfigForming',
      message: `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    });
  }
  const searches = config.searches.slice(0, MAX_SEARCHES);
  while (searches.join(' ').length > MAX_SEARCH_CHARACTERS) searches.pop();
  if (searches.length < config.searches.length) {
    warnings.push({
      reason: 'DNSConfigForming',
      message: `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`,
    });
  }
  return { servers, searches, options: config.options };
}

function withoutDot(domain: string): string {
  return domain.replace(/\.$/, '');
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}

function empty(): DNSConfig {
  return { servers: [], searches: [], options: [] };
}
