import { constants, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeData, encodePing, encodeReset, type Frame, frameDecoder, synStreamEncoder } from './spdy-frames.ts';

describe('sending', () => {
  it('a data frame is 31 bits of stream, flags, 24 bits of length', () => {
    expect(Buffer.concat(encodeData(3, Buffer.from('hi'))).toString('hex')).toBe('00000003' + '00000002' + '6869');
    expect(Buffer.concat(encodeData(3, Buffer.from('hi'), true)).toString('hex')).toBe(
      '00000003' + '01000002' + '6869',
    );
    expect(Buffer.concat(encodeData(5, Buffer.alloc(0), true)).toString('hex')).toBe('00000005' + '01000000');
    expect(encodeData(5, Buffer.alloc(0))).toEqual([]);
  });

  it('control frames carry version 3 and their type', () => {
    expect(encodePing(7).toString('hex')).toBe('80030006' + '00000004' + '00000007');
    expect(encodeReset(4).toString('hex')).toBe('80030003' + '00000008' + '00000004' + '00000003');
  });

  it('header blocks of a connection are one zlib stream of stored blocks', () => {
    const encode = synStreamEncoder();
    const frames = [encode(1, { streamType: 'error' }), encode(3, { streamType: 'data', port: '80' })];
    expect(frames.map((frame) => frame.subarray(0, 18).toString('hex'))).toEqual([
      '80030001' + '00000031' + '00000001' + '00000000' + '0000',
      '80030001' + '0000003c' + '00000003' + '00000000' + '0000',
    ]);
    const zlib = Buffer.concat(frames.map((frame) => frame.subarray(18)));
    const plain = inflateSync(zlib, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(plain.toString('latin1')).toBe(
      `${count(1)}${text('streamtype')}${text('error')}` +
        `${count(2)}${text('streamtype')}${text('data')}${text('port')}${text('80')}`,
    );
  });
});

describe('receiving', () => {
  const sent = [
    Buffer.from('800300020000000400000001', 'hex'),
    ...encodeData(1, Buffer.from('some output')),
    Buffer.from('8003000400000000', 'hex'),
    encodePing(2),
    encodeReset(3, 5),
    ...encodeData(1, Buffer.from('!'), true),
    Buffer.from('800300020100000400000005', 'hex'),
    Buffer.from('80030001' + '0000000a' + '00000002' + '00000000' + '0000', 'hex'),
    Buffer.from('800300070000000800000000' + '00000000', 'hex'),
  ];
  const expected: Frame[] = [
    { type: 'syn-reply', stream: 1, last: false },
    { type: 'data', stream: 1, payload: Buffer.from('some output'), last: false },
    { type: 'other' },
    { type: 'ping', id: 2, raw: encodePing(2) },
    { type: 'rst-stream', stream: 3, status: 5 },
    { type: 'data', stream: 1, payload: Buffer.from('!'), last: true },
    { type: 'syn-reply', stream: 5, last: true },
    { type: 'syn-stream', stream: 2, headers: Buffer.alloc(0) },
    { type: 'other' },
  ];

  it('takes frames apart', () => expect(frameDecoder()(Buffer.concat(sent))).toEqual(expected));

  it('does so wherever the packets are cut', () => {
    const all = Buffer.concat(sent);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(all.length), { maxLength: 30 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), all.length];
        const decode = frameDecoder();
        const frames = edges.slice(1).flatMap((edge, i) => decode(all.subarray(edges[i], edge)));
        expect(joined(frames)).toEqual(joined(expected));
      }),
    );
  });

  it('hands on data before its frame is complete', () => {
    const decode = frameDecoder();
    const [head, payload] = encodeData(1, Buffer.from('abcdef'), true);
    expect(decode(Buffer.concat([head!, payload!.subarray(0, 2)]))).toEqual([
      { type: 'data', stream: 1, payload: Buffer.from('ab'), last: false },
    ]);
    expect(decode(payload!.subarray(2))).toEqual([
      { type: 'data', stream: 1, payload: Buffer.from('cdef'), last: true },
    ]);
  });

  it('what is written comes out again, in frames of bounded size', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.boolean(), (length, last) => {
        const bytes = Buffer.from(Array.from({ length }, (_, i) => i % 251));
        const frames = frameDecoder()(Buffer.concat(encodeData(9, bytes, last)));
        const data = frames.filter((frame) => frame.type === 'data');
        expect(Buffer.concat(data.map((frame) => frame.payload)).equals(bytes)).toBe(true);
        expect(data.map((frame) => frame.last)).toEqual(data.map((_, i) => last && i === data.length - 1));
        expect(data.every((frame) => frame.payload.length <= 65_536)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['a control frame beyond reason', '8003000200ffffff', 'control frame of 16777215 bytes'],
    ['a control frame cut short', '800300030000000400000001', 'control frame 3 is too short'],
  ])('refuses %s', (_, hex, message) => expect(() => frameDecoder()(Buffer.from(hex, 'hex'))).toThrow(message));
});

function joined(frames: Frame[]): string[] {
  const out: string[] = [];
  for (const frame of frames)
    if (frame.type === 'data') out.push(...[...frame.payload].map(String), ...(frame.last ? ['end'] : []));
    else out.push(JSON.stringify(frame));
  return out;
}

function count(value: number): string {
  return `\0\0\0${String.fromCharCode(value)}`;
}

function text(value: string): string {
  return count(value.length) + value;
}
