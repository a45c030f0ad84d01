import type { Pod } from '../kube/generated/objects.ts';

/** The domain that a cluster's DNS would serve; the FQDN of a Pod with a subdomain ends with it. */
const CLUSTER_DOMAIN = 'cluster.local';
const MAX_HOSTNAME = 63;
/** Longest name that the kernel takes (`HOST_NAME_MAX`). */
const MAX_KERNEL_HOSTNAME = 64;

const LOCALHOST_LINES = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

export interface HostsFileOptions {
  /** Addresses of the sandbox; of the machine for a Pod on the host's network. */
  podIPs: string[];
  /** Text of the machine's own /etc/hosts, which Pods on the host's network keep. */
  machineHosts?: string;
}

/** Text of the Pod's /etc/hosts, as the kubelet writes it (`pkg/kubelet/kubelet_pods.go`, managedHostsFileContent). */
export function hostsFile(pod: Pod, { podIPs, machineHosts = '' }: HostsFileOptions): string {
  return ownLines(pod, podIPs, machineHosts) + aliasLines(pod);
}

/**
 * The Pod's hostname without domain: `spec.hostname`, or the Pod's name cut to 63 characters.
 */
export function podHostname(pod: Pod): string {
  if (pod.spec?.hostname) return pod.spec.hostname;
  return (pod.metadata?.name ?? '').slice(0, MAX_HOSTNAME).replace(/[-.]+$/, '');
}

/** `subdomain.namespace.svc.cluster.local`, or '' for a Pod without subdomain. */
function podDomain(pod: Pod): string {
  const { subdomain } = pod.spec ?? {};
  return subdomain ? `${subdomain}.${pod.metadata?.namespace}.svc.${CLUSTER_DOMAIN}` : '';
}

/**
 * What `hostname` prints in the Pod's containers: the FQDN with `setHostnameAsFQDN`.
 * @throws RangeError when the FQDN is longer than the kernel takes, in the kubelet's words
 */
export function kernelHostname(pod: Pod): string {
  const hostname = podHostname(pod);
  const domain = podDomain(pod);
  if (!pod.spec?.setHostnameAsFQDN || domain === '') return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > MAX_KERNEL_HOSTNAME) {
    throw new RangeError(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${MAX_KERNEL_HOSTNAME} characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return fqdn;
}

function ownLines(pod: Pod, podIPs: string[], machineHosts: string): string {
  if (pod.spec?.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${machineHosts}`;
  const hostname = podHostname(pod);
  const domain = podDomain(pod);
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname;
  return lines(['# Kubernetes-managed hosts file.', ...LOCALHOST_LINES, ...podIPs.map((ip) => `${ip}\t${names}`)]);
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return '';
  return lines([
    '',
    '# Entries added by HostAliases.',
    ...aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t')),
  ]);
}

function lines(texts: string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
