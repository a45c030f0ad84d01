import type { Duplex } from 'node:stream';
import type { Trail } from './audit.ts';

/**
 * Tells the log of a connection that changes its protocol, whoever answers on it: which code was written first, and that it is over.
 * The connection may be written to as before.
 */
export function auditConnection(trail: Trail, socket: Duplex): void {
  let code: number | undefined;
  const write = socket.write;
  const observed = function observed(this: Duplex, ...given: Parameters<Duplex['write']>): boolean {
    code = statusCode(given[0]);
    socket.write = write;
    if (code === 101) trail.answered('ResponseStarted', code);
    return write.apply(socket, given);
  };
  socket.write = observed as Duplex['write'];
  // Nothing was written to a client that left before: 499, as others log it.
  socket.once('close', () => trail.answered('ResponseComplete', code ?? 499));
}

function statusCode(chunk: unknown): number | undefined {
  const line = Buffer.isBuffer(chunk) ? chunk.subarray(0, 12).toString('latin1') : String(chunk).slice(0, 12);
  const code = /^HTTP\/1\.1 (\d{3})/.exec(line)?.[1];
  return code === undefined ? undefined : Number(code);
}
