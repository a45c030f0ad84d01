import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeMessage, encodeMessage, keepAlive } from './websocket.ts';

describe('messages with a channel', () => {
  it.each([
    ['binary', 1, 'out', Buffer.from('\x01out')],
    ['base64', 1, 'out', '1b3V0'],
    ['binary', 3, '', Buffer.from([3])],
    ['base64', 0, '', '0'],
  ] as const)('%s %i %j', (encoding, channel, text, expected) => {
    expect(encodeMessage(encoding, channel, Buffer.from(text))).toEqual(expected);
  });

  it('what goes in comes out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('binary' as const, 'base64' as const),
        fc.nat(9),
        fc.uint8Array(),
        (encoding, channel, bytes) => {
          const message = Buffer.from(encodeMessage(encoding, channel, Buffer.from(bytes)));
          expect(decodeMessage(encoding, message)).toEqual({ channel, payload: Buffer.from(bytes) });
        },
      ),
    );
  });

  it('an empty message means nothing', () => expect(decodeMessage('binary', Buffer.alloc(0))).toBeUndefined());
});

describe('keepAlive', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('touches both ends until the client is gone', () => {
    let close = (): void => {};
    const ws = {
      OPEN: 1 as const,
      readyState: 1 as 1 | 2,
      ping: vi.fn(),
      once: vi.fn((_: string, listener: () => void) => (close = listener)),
    };
    const other = vi.fn();
    keepAlive(ws as never, other, 1000);
    vi.advanceTimersByTime(3000);
    expect([ws.ping.mock.calls.length, other.mock.calls.length]).toEqual([3, 3]);
    ws.readyState = 2;
    vi.advanceTimersByTime(1000);
    expect([ws.ping.mock.calls.length, other.mock.calls.length]).toEqual([3, 4]);
    close();
    vi.advanceTimersByTime(5000);
    expect(other.mock.calls.length).toBe(4);
  });
});
