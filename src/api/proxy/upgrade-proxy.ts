import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../kube/errors.ts';
import { answerStatus, answerSwitching } from '../streams/raw-answer.ts';
import { closeGently, joinSockets, tuneSocket } from '../streams/sockets.ts';
import { connectPod, unreachable } from './connect.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { type Proxied, wirePath } from './proxied.ts';

/**
 * Takes a request that asks for another protocol (WebSocket and the like) to a Pod's port, and joins both connections when the Pod agrees. A refusal of the
 * Pod's comes back as it is; an answer that is neither is an error, as in kube-apiserver. Resolves when all is over; never rejects.
 */
export async function upgradeProxy(
  proxied: Proxied,
  { socket, head }: { socket: Duplex; head: Buffer },
): Promise<void> {
  const { signal } = proxied;
  const asked = askPod(proxied);
  const end = () => {
    asked.destroy();
    socket.destroy();
  };
  tuneSocket(socket);
  socket.once('close', () => asked.destroy());
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const { answer, pod, podHead } = await answerOf(proxied, asked);
    if (!pod) return refuse(socket, answer);
    pod.on('error', () => {});
    answerSwitching(socket, answer.rawHeaders);
    socket.write(podHead);
    pod.write(head);
    await joinSockets(socket, pod);
  } catch (error) {
    answerStatus(socket, error instanceof StatusError ? error : new StatusError('InternalError', String(error)));
  } finally {
    signal.removeEventListener('abort', end);
  }
}

interface Answered {
  answer: IncomingMessage;
  /** The connection, when the Pod has agreed. */
  pod?: Duplex;
  podHead: Buffer;
}

function askPod(proxied: Proxied): ClientRequest {
  const { req, address, dial, remoteAddress } = proxied;
  const headers = requestHeaders({ req, uri: '', remoteAddress, upgrade: true });
  return connectPod({ address, method: req.method ?? 'GET', path: wirePath(proxied), headers, dial });
}

function answerOf({ address }: Proxied, asked: ClientRequest): Promise<Answered> {
  return new Promise((resolve, reject) => {
    asked.once('upgrade', (answer, pod, podHead) => {
      tuneSocket(pod);
      resolve({ answer, pod, podHead });
    });
    asked.once('response', (answer) => resolve({ answer, podHead: Buffer.alloc(0) }));
    asked.on('error', (error) => reject(new StatusError('InternalError', unreachable(error, address, asked.socket))));
    asked.end();
  });
}

/** @throws StatusError InternalError for an answer that refuses nothing */
function refuse(socket: Duplex, answer: IncomingMessage): void {
  const { statusCode = 0, statusMessage = '', rawHeaders } = answer;
  if (statusCode < 400) {
    answer.destroy();
    throw new StatusError('InternalError', `invalid upgrade response: status code ${statusCode}`);
  }
  const headers = responseHeaders(rawHeaders, undefined);
  const lines = headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}\r\n`] : []));
  socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}Connection: close\r\n\r\n`);
  answer.pipe(socket, { end: false });
  answer.once('close', () => closeGently(socket));
}
