/** A failure of the network as Node tells it. */
type NetworkError = Error & { code?: string; syscall?: string; hostname?: string; errors?: NetworkError[] };

/** This end of a connection. */
interface LocalEnd {
  localAddress?: string | undefined;
  localPort?: number | undefined;
}

const SYSTEM_TEXTS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EHOSTDOWN: 'host is down',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EINVAL: 'invalid argument',
};

/** `host:port`, with brackets around an IPv6 address (Go's `net.JoinHostPort`). */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * A failure of the network in the words of Go's net package, which users know from the events of a kubelet:
 * `dial tcp 10.0.0.2:80: connect: connection refused`. `socket`: the connection it happened to, where there was one.
 */
export function goError(error: unknown, address: string, socket?: LocalEnd | null): string {
  const [first] = (error as NetworkError).errors ?? [];
  const { code = '', hostname, message } = first ?? (error as NetworkError);
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${hostname}: server misbehaving`;
  const text = SYSTEM_TEXTS[code];
  if (text === undefined) return message;
  const syscall = (first ?? (error as NetworkError)).syscall;
  if (syscall === 'connect' || !socket?.localAddress) return `dial tcp ${address}: connect: ${text}`;
  const local = joinHostPort(socket.localAddress, socket.localPort ?? 0);
  return `${syscall ?? 'read'} tcp ${local}->${address}: ${syscall ?? 'read'}: ${text}`;
}
