/**
 * SPDY/3.1 frames (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/), as far as Kubernetes' streaming needs them: no flow control,
 * no priorities, header blocks in deflate blocks that are stored.
 */

/** A frame as it arrives. The payload of a data frame may come in several pieces; `last` marks the final one of a stream. `headers` are still packed. */
export type Frame =
  | { type: 'data'; stream: number; payload: Buffer; last: boolean }
  | { type: 'syn-stream'; stream: number; headers: Buffer }
  | { type: 'syn-reply'; stream: number; last: boolean }
  | { type: 'rst-stream'; stream: number; status: number }
  | { type: 'ping'; id: number; raw: Buffer }
  | { type: 'other' };

const FLAG_FIN = 1;
const HEAD = 8;
/** Control frames here are small: SYN_STREAM and SYN_REPLY with a few headers. Longer ones are no SPDY. */
const MAX_CONTROL = 1 << 20;
/** spdystream makes a buffer of the length that a frame claims, so what is sent stays modest, bytes. */
const MAX_DATA = 64 * 1024;
const REFUSED_STREAM = 3;
/** A stored deflate block of no bytes. */
const FLUSHED = Buffer.from([0, 0, 0, 0xff, 0xff]);

class SpdyProtocolError extends Error {
  override readonly name = 'SpdyProtocolError';
}

/** Data frames for one payload. `last` half-closes the stream; an empty payload makes a frame only then. */
export function encodeData(stream: number, payload: Buffer, last = false): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < payload.length || (last && out.length === 0); at += MAX_DATA) {
    const part = payload.subarray(at, at + MAX_DATA);
    const head = Buffer.alloc(HEAD);
    head.writeUInt32BE(stream, 0);
    head.writeUInt32BE(part.length, 4);
    if (last && at + MAX_DATA >= payload.length) head.writeUInt8(FLAG_FIN, 4);
    out.push(head, part);
  }
  return out;
}

export function encodePing(id: number): Buffer {
  return control(6, uint32(id));
}

export function encodeReset(stream: number, status = REFUSED_STREAM): Buffer {
  return control(3, uint32(stream), uint32(status));
}

/**
 * Makes SYN_STREAM frames of one connection. All header blocks are one zlib stream, whose two bytes of head come with the first; nothing is
 * compressed, so neither SPDY's dictionary nor a running deflate is needed. The empty block at the end of each is what a flush leaves: Go's reader
 * hands out what it has when it meets one, and without it waits for more and breaks.
 */
export function synStreamEncoder(): (stream: number, headers: Record<string, string>) => Buffer {
  let started = false;
  return (stream, headers) => {
    const fields = Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value].flatMap(counted));
    const block = Buffer.concat([uint32(Object.keys(headers).length), ...fields]);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const zlibHead = started ? [] : [Buffer.from([0x78, 0x01])];
    started = true;
    return control(1, uint32(stream), uint32(0), Buffer.alloc(2), ...zlibHead, stored, block, FLUSHED);
  };
}

/** Takes a connection apart: give it what arrives, it gives back the frames that are complete, and pieces of data at once. */
export function frameDecoder(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let data: { stream: number; left: number; fin: boolean } | undefined;

  const next = (): Frame | undefined => {
    if (data) {
      if (rest.length === 0 && data.left > 0) return undefined;
      const payload = rest.subarray(0, data.left);
      rest = rest.subarray(payload.length);
      data.left -= payload.length;
      const { stream, left, fin } = data;
      if (left === 0) data = undefined;
      return { type: 'data', stream, payload, last: fin && left === 0 };
    }
    if (rest.length < HEAD) return undefined;
    const length = rest.readUIntBE(5, 3);
    if (rest[0]! < 0x80) {
      data = { stream: rest.readUInt32BE(0), left: length, fin: (rest[4]! & FLAG_FIN) !== 0 };
      rest = rest.subarray(HEAD);
      return next();
    }
    if (length > MAX_CONTROL) throw new SpdyProtocolError(`control frame of ${length} bytes`);
    if (rest.length < HEAD + length) return undefined;
    const frame = decodeControl(rest.subarray(0, HEAD + length));
    rest = rest.subarray(HEAD + length);
    return frame;
  };

  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = next(); frame; frame = next()) frames.push(frame);
    return frames;
  };
}

function decodeControl(frame: Buffer): Frame {
  const type = frame.readUInt16BE(2);
  const last = (frame[4]! & FLAG_FIN) !== 0;
  const minimum = { 1: 10, 2: 4, 3: 8, 6: 4 }[type] ?? 0;
  if (frame.length < HEAD + minimum) throw new SpdyProtocolError(`control frame ${type} is too short`);
  const id = minimum === 0 ? 0 : frame.readUInt32BE(HEAD) & 0x7fffffff;
  if (type === 1) return { type: 'syn-stream', stream: id, headers: Buffer.from(frame.subarray(HEAD + 10)) };
  if (type === 2) return { type: 'syn-reply', stream: id, last };
  if (type === 3) return { type: 'rst-stream', stream: id, status: frame.readUInt32BE(HEAD + 4) };
  if (type === 6) return { type: 'ping', id: frame.readUInt32BE(HEAD), raw: Buffer.from(frame) };
  return { type: 'other' };
}

function control(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.from([0x80, 3, 0, type, 0, 0, 0, 0]);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function counted(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [uint32(bytes.length), bytes];
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value >>> 0);
  return out;
}
