import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadProtobuf, decodeProtobuf, UnknownMessage } from './decode-protobuf.ts';
import bodies from './fixtures/bodies.json' with { type: 'json' };

/** As kubectl 1.33 sends them, or as the descriptors in it encode an object with all that Go always writes. */
const fixtures = bodies.map(({ name, base64, json }) => ({ name, body: Buffer.from(base64, 'base64'), json }));
const pod = fixtures.find(({ name }) => name.startsWith('a Pod'))!.body;
const unknown = (...raw: number[]): Buffer => Buffer.from([0x6b, 0x38, 0x73, 0, ...raw]);
const field = (number: number, bytes: readonly number[]): number[] => [(number << 3) | 2, bytes.length, ...bytes];
const long = (number: number, bytes: Buffer): Buffer => {
  const length = [0, 7, 14].map((shift) => ((bytes.length >> shift) & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, bytes.length >> 21]), bytes]);
};
const text = (value: string): number[] => [...Buffer.from(value)];
const message = (kind: string, raw: readonly number[]): Buffer =>
  unknown(...field(1, [...field(1, text('v1')), ...field(2, text(kind))]), ...field(2, raw));

describe('decodeProtobuf', () => {
  test.each(fixtures)('$name', ({ body, json }) => {
    expect(decodeProtobuf(body)).toEqual(json);
  });

  test('a body without its kind is of the kind that is expected', () => {
    const expected = { apiVersion: 'v1', kind: 'ConfigMap' };
    const body = unknown(...field(2, field(1, field(1, text('x')))));
    expect(decodeProtobuf(body, expected)).toEqual({ ...expected, metadata: { name: 'x' } });
  });

  test('unknown field numbers are passed over, parts of one message are joined, packed numbers are read', () => {
    const metadata = [...field(1, field(1, text('x'))), ...field(1, field(3, text('n')))];
    expect(decodeProtobuf(message('ConfigMap', [...metadata, ...field(15, [1, 2]), 0x78, 1]))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', namespace: 'n' },
    });
    const packed = field(2, field(14, field(4, [5, 6])));
    expect(decodeProtobuf(message('Pod', packed))).toMatchObject({
      spec: { securityContext: { supplementalGroups: [5, 6] } },
    });
  });

  test('a key of a map may be any text', () => {
    const entry = [...field(1, text('__proto__')), ...field(2, text('x'))];
    const { data } = decodeProtobuf(message('ConfigMap', field(2, entry))) as { data: object };
    expect(Object.entries(data)).toEqual([['__proto__', 'x']]);
  });

  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /does not appear to be a protobuf message, expected prefix \[107 56 115 0\]/],
    ['JSON', Buffer.from('{"kind":"Pod"}'), /expected prefix/],
    ['another wire type', message('ConfigMap', [0x08, 1]), /wrong wireType = 0 for field metadata/],
    ['a length beyond the end', message('ConfigMap', [0x0a, 0x7f]), /^proto: index out of range/],
    ['a group without an end', message('ConfigMap', [0x7b]), /^proto: /],
    ['field 0', message('ConfigMap', [0x02, 0]), /illegal tag 0/],
    ['text that is no UTF-8', message('ConfigMap', field(1, field(1, [0xff]))), /^proto: /],
    [
      'a time beyond all calendars',
      message('ConfigMap', field(1, field(8, [8, ...Array(8).fill(0xff), 0x7f]))),
      /time/,
    ],
    ['another encoding', unknown(...field(3, text('gzip'))), /the content encoding gzip is not read/],
  ])('refuses %s', (_, body, why) => {
    expect(() => decodeProtobuf(body)).toThrow(BadProtobuf);
    expect(() => decodeProtobuf(body)).toThrow(why);
  });

  test.each(['Sidecar', 'constructor', '__proto__', ''])('names a kind that it does not know: %s', (kind) => {
    expect(() => decodeProtobuf(message(kind, []))).toThrow(UnknownMessage);
  });

  test('a bomb of empty values ends early', () => {
    const metadata = long(1, Buffer.alloc(3_000_000, Buffer.from([0x72, 0])));
    const type = field(1, [...field(1, text('v1')), ...field(2, text('ConfigMap'))]);
    const body = Buffer.concat([unknown(...type), long(2, metadata)]);
    expect(() => decodeProtobuf(body)).toThrow(/more than 1000000 values/);
  });

  test('a body that is cut off or altered is refused or read, and nothing else happens', () => {
    const read = (body: Buffer): void => {
      try {
        decodeProtobuf(body);
      } catch (error) {
        expect(error instanceof BadProtobuf || error instanceof UnknownMessage).toBe(true);
      }
    };
    for (let end = 0; end < pod.length; end++) read(pod.subarray(0, end));
    fc.assert(
      fc.property(fc.nat(pod.length - 1), fc.nat(255), (at, byte) => {
        const altered = Buffer.from(pod);
        altered[at] = byte;
        read(altered);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => read(message('Pod', [...raw.subarray(0, 127)]))));
  });
});
