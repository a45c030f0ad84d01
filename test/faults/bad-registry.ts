import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a registry can be of no use. The first part of an image's name says it: `example.com/resets/tools/busybox:2`. */
export const MALADIES = ['hangs', 'resets', 'lies', 'is-busy', 'is-broken', 'breaks-off'] as const;

export interface BadRegistry {
  url: string;
  /** From now on it serves everybody, and whoever hangs is let go. */
  heal(): void;
  close(): void;
}

/** A registry before another one, with what can be wrong with registries. */
export async function badRegistry(good: string): Promise<BadRegistry> {
  let isWell = false;
  const hanging = new Set<ServerResponse>();
  const server = createServer((asked, response) => {
    const [, malady = '', path] = /^\/v2\/([^/]+)(\/.*)$/.exec(asked.url ?? '') ?? [];
    if (path === undefined) return void response.writeHead(200).end();
    if (isWell) return pass(good, asked, path, response, (body) => body);
    switch (malady) {
      case 'hangs':
        return void hanging.add(response);
      case 'resets':
        return void asked.socket.resetAndDestroy();
      case 'is-busy':
        return void response.writeHead(429, { 'retry-after': '1' }).end();
      case 'is-broken':
        return void response.writeHead(500).end('{"errors":[]}');
      case 'breaks-off':
        return pass(good, asked, path, response, (body) => (path.includes('/blobs/') ? body.subarray(0, 9) : body));
      default:
        return pass(good, asked, path, response, lie(path));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heal() {
      isWell = true;
      for (const response of hanging) response.destroy();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A layer whose bytes are not those of its digest. */
function lie(path: string): (body: Buffer) => Buffer {
  return (body) => (path.includes('/blobs/') ? Buffer.alloc(body.length, 'x') : body);
}

function pass(
  good: string,
  asked: IncomingMessage,
  path: string,
  response: ServerResponse,
  change: (body: Buffer) => Buffer,
): void {
  const forwarded = request(`${good}/v2${path}`, { method: asked.method ?? 'GET' }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      const changed = change(body);
      response.write(changed);
      // Less than was announced: the connection ends too early.
      if (changed.length < body.length) response.destroy();
      else response.end();
    });
  });
  forwarded.on('error', () => response.destroy());
  forwarded.end();
}
