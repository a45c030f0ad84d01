/** An IPv4 subnet as its first and last address, for comparing. */
export interface Subnet {
  first: number;
  last: number;
  prefix: number;
}

/** @throws Error for what is no IPv4 subnet in CIDR notation, or has bits set after its prefix */
export function parseSubnet(cidr: string): Subnet {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a = 256, b = 0, c = 0, d = 0, prefix = 33] = match?.slice(1).map(Number) ?? [];
  if (![a, b, c, d].every((part) => part < 256) || prefix > 32)
    throw new Error(`"${cidr}" is not an IPv4 subnet like 10.244.0.0/24`);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  if (first % size !== 0) throw new Error(`"${cidr}" is not the first address of its subnet`);
  return { first, last: first + size - 1, prefix };
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function formatSubnet({ first, prefix }: Subnet): string {
  return `${formatAddress(first)}/${prefix}`;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
