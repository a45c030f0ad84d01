import definitions from './generated/definitions.json' with { type: 'json' };
import { goStruct, goType, isOmitted, keepsNull } from './go-types.ts';
import { isRecord, jsonKind } from './json.ts';
import { formatQuantity, InvalidQuantity, parseQuantity } from './quantity.ts';
import { decodeBase64Error, InvalidTime, normalizeTime } from './scalars.ts';

/** The fields of one type: `definitions.json`, made from the OpenAPI document of Kubernetes v1.33. */
export interface Definition {
  properties: Record<string, string>;
  required?: string[];
}

/** JSON that is no object of the wanted type. `message` is that of Go's decoder, without the sentence around it. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const MAX_DEPTH = 1000;
const MAX_STRICT_ERRORS = 100;

/**
 * Decodes JSON as a type of definitions.json.
 * @throws DecodeError
 */
export function decodeValue(
  definition: string,
  value: unknown,
): { value: Record<string, unknown>; strictErrors: string[] } {
  if (isDeeperThan(value, MAX_DEPTH)) throw new DecodeError('exceeded max depth');
  const decoder = new Decoder();
  const decoded = decoder.struct(definition, value, '', `v1.${goStruct(definition)}`);
  if (decoder.firstError !== undefined) throw new DecodeError(decoder.firstError);
  return { value: decoded ?? {}, strictErrors: decoder.strictErrors };
}

/** The definition of a type, for those who walk objects by their types. */
export function definitionOf(name: string): Definition | undefined {
  return Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
}

const TABLE: Record<string, Definition> = definitions;

/**
 * Walks a document by its type. Wrong types are remembered, the first one counts, and the walk goes on (as Go's does); texts that a
 * quantity or time cannot be read from end it at once.
 */
class Decoder {
  firstError: string | undefined;
  readonly strictErrors: string[] = [];
  /** Names of the fields above, without indices: how Go's errors name the place. */
  private readonly fields: string[] = [];

  struct(definition: string, value: unknown, path: string, type: string): Record<string, unknown> | undefined {
    const known = definitionOf(definition);
    if (known === undefined) throw new Error(`unknown definition ${definition}`);
    if (!isRecord(value)) return this.mismatch(value, type);
    const result: Record<string, unknown> = {};
    for (const [field, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const place = path === '' ? field : `${path}.${field}`;
      const fieldType = Object.hasOwn(known.properties, field) ? known.properties[field] : undefined;
      if (fieldType === undefined) {
        this.unknown(place);
        continue;
      }
      const decoded = this.field(definition, field, fieldType, item, place);
      const omitted =
        !known.required?.includes(field) && (isOmitted(definition, field, decoded) || isEmptyMap(fieldType, decoded));
      if (decoded !== undefined && !omitted) result[field] = decoded;
    }
    for (const field of known.required ?? []) result[field] ??= this.zero(known.properties[field] ?? '');
    return result;
  }

  private field(definition: string, field: string, type: string, value: unknown, path: string): unknown {
    if (value === null) return keepsNull(definition, field) ? null : undefined;
    const outer = this.owner;
    this.owner = goStruct(definition);
    this.fields.push(field);
    const decoded = this.value(type, value, path, (t) => goType(definition, field, t));
    this.fields.pop();
    this.owner = outer;
    return decoded;
  }

  private owner = '';

  private value(type: string, value: unknown, path: string, name: (type: string) => string): unknown {
    if (type.startsWith('[]')) return this.list(type, value, path, name);
    if (type.startsWith('{}')) return this.map(type, value, path, name);
    if (type.startsWith('#')) return this.struct(type.slice(1), value, path, name(type));
    return this.scalar(type, value, name);
  }

  private list(type: string, value: unknown, path: string, name: (type: string) => string): unknown {
    if (!Array.isArray(value)) return this.mismatch(value, name(type));
    const items = value.map((item, i) =>
      item === null ? this.zero(type.slice(2)) : this.value(type.slice(2), item, `${path}[${i}]`, name),
    );
    return items.filter((item) => item !== undefined);
  }

  private map(type: string, value: unknown, path: string, name: (type: string) => string): unknown {
    if (!isRecord(value)) return this.mismatch(value, name(type));
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
      key,
      item === null ? this.zero(type.slice(2)) : this.value(type.slice(2), item, `${path}.${key}`, name),
    ]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  private scalar(type: string, value: unknown, name: (type: string) => string): unknown {
    switch (type) {
      case 'string':
      case 'boolean':
        return typeof value === type ? value : this.mismatch(value, name(type));
      case 'integer':
        return this.integer(value, name(type));
      case 'number':
        return typeof value === 'number' ? value : this.mismatch(value, name(type));
      case 'int-or-string':
        return typeof value === 'string' ? value : this.stop(() => this.integer(value, 'int32'));
      case 'quantity':
        return quantity(value);
      case 'byte':
        return this.bytes(value, name(type));
      case 'date-time':
      case 'micro-time':
        return this.time(type, value);
      default:
        return value;
    }
  }

  private integer(value: unknown, type: string): number | undefined {
    if (typeof value !== 'number') return this.mismatch(value, type);
    const limit = type === 'int32' ? 2 ** 31 : 2 ** 63;
    const fits = Number.isInteger(value) && value >= -limit && value < limit;
    return fits ? value : this.mismatch(value, type, `number ${value}`);
  }

  private bytes(value: unknown, type: string): string | undefined {
    if (typeof value !== 'string') return this.mismatch(value, type);
    const error = decodeBase64Error(value);
    if (error === undefined) return value.replace(/[\r\n]/g, '');
    this.firstError ??= error;
    return undefined;
  }

  private time(type: 'date-time' | 'micro-time', value: unknown): string | undefined {
    if (typeof value !== 'string') return this.stop(() => this.mismatch(value, 'string'));
    try {
      return normalizeTime(value, type);
    } catch (error) {
      throw error instanceof InvalidTime ? new DecodeError(error.message) : error;
    }
  }

  /** Types that read themselves end the walk with their first error, even when an earlier wrong type was remembered. */
  private stop<T>(read: () => T): T {
    const earlier = this.firstError;
    this.firstError = undefined;
    const result = read();
    if (this.firstError !== undefined) throw new DecodeError(this.firstError);
    this.firstError = earlier;
    return result;
  }

  private mismatch(value: unknown, type: string, kind = jsonKind(value)): undefined {
    const place = this.fields.length > 0 ? `Go struct field ${this.owner}.${this.fields.join('.')}` : 'Go value';
    this.firstError ??= `json: cannot unmarshal ${kind} into ${place} of type ${type}`;
    return undefined;
  }

  /** What Go has where nothing was given: for required fields, and for null inside a list or map. */
  private zero(type: string): unknown {
    if (type.startsWith('#')) return this.struct(type.slice(1), {}, '', type);
    if (type.startsWith('{}')) return {};
    if (type.startsWith('[]')) return [];
    if (type === 'integer' || type === 'number' || type === 'int-or-string') return 0;
    if (type === 'boolean') return false;
    if (type === 'date-time' || type === 'micro-time') return null;
    return type === 'quantity' ? '0' : '';
  }

  private unknown(path: string): void {
    const sentence = `unknown field ${JSON.stringify(path)}`;
    if (this.strictErrors.length < MAX_STRICT_ERRORS) this.strictErrors.push(sentence);
  }
}

/** Numbers count as their text; anything else is no quantity. */
function quantity(value: unknown): string {
  try {
    return formatQuantity(parseQuantity(typeof value === 'string' ? value.trim() : JSON.stringify(value)));
  } catch (error) {
    throw error instanceof InvalidQuantity ? new DecodeError(error.message) : error;
  }
}

function isEmptyMap(type: string, value: unknown): boolean {
  return type.startsWith('{}') && isRecord(value) && Object.keys(value).length === 0;
}

/** Without recursion: the value may be as deep as a client likes. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
