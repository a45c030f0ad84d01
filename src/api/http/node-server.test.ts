import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import type { ApiRequest } from './exchange.ts';
import { listen } from './node-server.ts';

test('nothing of a request stays behind when it is over', async () => {
  const signals: WeakRef<AbortSignal>[] = [];
  const handle = async ({ signal }: ApiRequest) => {
    signals.push(new WeakRef(signal));
    signal.addEventListener('abort', () => {});
    return { kind: 'body' as const, status: 200, headers: {}, body: 'ok' };
  };
  const server = await listen({ handle, upgrade: async () => {} }, { host: '127.0.0.1', port: 0 });
  try {
    for (let i = 0; i < 50; i += 1) await (await fetch(server.url)).text();
    expect(signals).toHaveLength(50);
    const collect = garbageCollector();
    // The last request's connection is kept alive, and may keep its request.
    await vi.waitFor(() => {
      collect();
      expect(signals.filter((signal) => signal.deref()).length).toBeLessThanOrEqual(1);
    }, 8_000);
  } finally {
    await server.close();
  }
});

function garbageCollector(): () => void {
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void;
}
