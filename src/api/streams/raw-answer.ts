import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StatusError } from '../../kube/errors.ts';
import { closeGently } from './sockets.ts';

/** Refuses an upgrade: the Status as an HTTP answer on the bare socket, which is then closed, whether the client follows or not. */
export function answerStatus(socket: Duplex, error: StatusError): void {
  const body = `${JSON.stringify(error.toStatus())}\n`;
  const head = [
    `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-cache, private',
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  closeGently(socket);
}

/** Tells the client that the connection has changed its protocol. `rawHeaders` are names and values by turns. */
export function answerSwitching(socket: Duplex, rawHeaders: string[]): void {
  const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
}
