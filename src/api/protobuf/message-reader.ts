import protobuf, { type Reader } from 'protobufjs/light.js';
import { formatMicroTime, formatTime } from '../../kube/time.ts';
import messages from './messages.json' with { type: 'json' };

type Json = Record<string, unknown>;

/** `[!<]name []{}type` by field number, as scripts/generate-protobuf.mjs explains. */
const MESSAGES: Record<string, Record<string, string>> = messages;
/** As many values as a JSON body of the greatest size could have; each costs memory and may cost only two bytes. */
const MAX_VALUES = 1_000_000;
const [VARINT, BYTES] = [0, 2];

interface Field {
  name: string;
  type: string;
  list: boolean;
  map: boolean;
  /** Its fields are the message's own. */
  inline: boolean;
  /** Go writes it always, so that a zero says nothing. */
  always: boolean;
}

/** Reads messages of one body. Everything it throws is a fault of the body. */
export class MessageReader {
  #values = 0;
  readonly #fields = new Map<string, Field>();

  knows(message: string): boolean {
    return Object.hasOwn(MESSAGES, message);
  }

  read(message: string, bytes: Uint8Array, into: Json = {}): Json {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = this.#fieldOf(message, tag >>> 3);
      if (tag >>> 3 === 0) throw new Error(`${message}: illegal tag 0`);
      if (field === undefined) reader.skipType(tag & 7);
      else this.#field(field, reader, tag & 7, into);
    }
    return into;
  }

  #fieldOf(message: string, number: number): Field | undefined {
    const said = MESSAGES[message]?.[number];
    if (said === undefined) return undefined;
    const field = this.#fields.get(said) ?? parseField(said);
    this.#fields.set(said, field);
    return field;
  }

  #field(field: Field, reader: Reader, wire: number, into: Json): void {
    if (++this.#values > MAX_VALUES) throw new Error(`more than ${MAX_VALUES} values`);
    const { name, type } = field;
    if (field.map) this.#entry(field, reader, wire, into);
    else if (field.list) into[name] = this.#items(field, reader, wire, (into[name] as unknown[] | undefined) ?? []);
    else if (type.startsWith('#')) {
      const target = field.inline ? into : ((into[name] as Json | undefined) ?? {});
      this.read(type.slice(1), bytesOf(reader, wire, name), target);
      if (!field.inline) into[name] = target;
    } else {
      const value = this.#value(type, reader, wire, name);
      if (value === undefined || (field.always && isZero(value))) delete into[name];
      else into[name] = value;
    }
  }

  /** Numbers may come packed. */
  #items({ name, type }: Field, reader: Reader, wire: number, items: unknown[]): unknown[] {
    if (wire !== BYTES || !/^(int|bool)/.test(type)) {
      items.push(this.#value(type, reader, wire, name));
      return items;
    }
    const packed = protobuf.Reader.create(reader.bytes());
    while (packed.pos < packed.len) {
      if (++this.#values > MAX_VALUES) throw new Error(`more than ${MAX_VALUES} values`);
      items.push(this.#value(type, packed, VARINT, name));
    }
    return items;
  }

  #entry({ name, type }: Field, reader: Reader, wire: number, into: Json): void {
    const entry = protobuf.Reader.create(bytesOf(reader, wire, name));
    let key = '';
    let value: unknown;
    while (entry.pos < entry.len) {
      const tag = entry.uint32();
      if (tag === 0x0a) key = text(entry.bytes());
      else if (tag >>> 3 === 2) value = this.#value(type, entry, tag & 7, name);
      else entry.skipType(tag & 7);
    }
    const map = (into[name] as Json | undefined) ?? {};
    into[name] = map;
    // The keys are the client's: `__proto__` is one like any other.
    const item = value ?? EMPTY[type] ?? '';
    Object.defineProperty(map, key, { value: item, enumerable: true, writable: true, configurable: true });
  }

  #value(type: string, reader: Reader, wire: number, name: string): unknown {
    if (type === 'bool' || type === 'int32' || type === 'int64') {
      if (wire !== VARINT) throw new Error(`wrong wireType = ${wire} for field ${name}`);
      return type === 'bool' ? reader.bool() : type === 'int32' ? reader.int32() : Number(reader.int64());
    }
    const bytes = bytesOf(reader, wire, name);
    return type.startsWith('#') ? this.read(type.slice(1), bytes) : FORMS[type]!(bytes);
  }
}

/** What a map's entry has that says no value. */
const EMPTY: Record<string, unknown> = { quantity: '0', strings: [] };

/** Values that JSON has as text or in a form of its own; undefined where there is none. */
const FORMS: Record<string, (bytes: Uint8Array) => unknown> = {
  string: text,
  bytes: (bytes) => Buffer.from(bytes).toString('base64'),
  quantity: (bytes) => stringAt(bytes, 1),
  time: (bytes) => timeOf(bytes, (date) => formatTime(date)),
  'micro-time': (bytes) => timeOf(bytes, (date, micros) => formatMicroTime(date, micros)),
  'int-or-string': intOrString,
  json: (bytes) => JSON.parse(stringAt(bytes, 1) || 'null') ?? undefined,
  strings: (bytes) => parts(bytes).flatMap(({ field, value }) => (field === 1 ? [text(value as Uint8Array)] : [])),
};

/** Nothing written is the zero time of Go, which is none. */
function timeOf(bytes: Uint8Array, format: (date: Date, micros: number) => string): string | undefined {
  if (bytes.length === 0) return undefined;
  const [seconds, nanos] = [numberAt(bytes, 1), numberAt(bytes, 2)];
  const micros = Math.floor(nanos / 1_000);
  return format(new Date(seconds * 1_000 + Math.floor(micros / 1_000)), micros % 1_000);
}

function intOrString(bytes: Uint8Array): number | string {
  return numberAt(bytes, 1) === 1 ? stringAt(bytes, 3) : numberAt(bytes, 2) | 0;
}

function stringAt(bytes: Uint8Array, number: number): string {
  const value = parts(bytes).findLast(({ field }) => field === number)?.value;
  return value instanceof Uint8Array ? text(value) : '';
}

function numberAt(bytes: Uint8Array, number: number): number {
  const value = parts(bytes).findLast(({ field }) => field === number)?.value;
  return typeof value === 'number' ? value : 0;
}

function parts(bytes: Uint8Array): { field: number; value: Uint8Array | number | undefined }[] {
  const reader = protobuf.Reader.create(bytes);
  const found = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wire = tag & 7;
    if (wire === BYTES) found.push({ field: tag >>> 3, value: reader.bytes() });
    else if (wire === VARINT) found.push({ field: tag >>> 3, value: Number(reader.int64()) });
    else reader.skipType(wire);
  }
  return found;
}

function bytesOf(reader: Reader, wire: number, name: string): Uint8Array {
  if (wire !== BYTES) throw new Error(`wrong wireType = ${wire} for field ${name}`);
  return reader.bytes();
}

function text(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function parseField(said: string): Field {
  const [, mark, name = '', form, type = ''] = /^([!<]?)(\S+) (\[\]|\{\})?(.+)$/.exec(said) ?? [];
  return { name, type, list: form === '[]', map: form === '{}', inline: mark === '<', always: mark === '!' };
}
