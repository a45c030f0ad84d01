import { connect } from 'node:net';
import { goError, joinHostPort } from '../../kube/go-errors.ts';
import type { ProbeAnswer } from './answer.ts';

/** Opens a connection and closes it: that it opens is success. */
export function tcpProbe(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  const address = joinHostPort(host, port);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answer: ProbeAnswer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(answer);
    };
    const fail = (output: string) => done({ result: 'failure', output });
    const giveUp = () => fail('operation was canceled');
    const timer = setTimeout(() => fail(`dial tcp ${address}: i/o timeout`), timeoutMs);
    socket.once('connect', () => done({ result: 'success', output: '' }));
    socket.on('error', (error) => fail(goError(error, address)));
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
