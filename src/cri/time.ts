/** Nanoseconds since the epoch as ISO-8601 with nine digits; undefined for 0, which the protocol uses for "not yet". */
export function isoOfNanos(nanos: bigint): string | undefined {
  if (nanos <= 0n) return undefined;
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`;
}
