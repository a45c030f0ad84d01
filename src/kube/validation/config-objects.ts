import type { FieldError } from '../errors.ts';
import { forbidden, invalidEach, invalidValue, required, tooLong } from '../field-errors.ts';
import type { ConfigMap, Secret } from '../generated/objects.ts';
import { byteLength, isConfigMapKey } from '../names.ts';
import { immutable, sameJson } from './immutable.ts';

const MAX_SIZE = 1024 * 1024;
const LOCKED = 'field is immutable when `immutable` is set';

/** Keys and size of a ConfigMap. */
export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const size = [...Object.values(data).map(byteLength), ...Object.values(binaryData).map(decodedLength)];
  return [
    ...Object.keys(data).flatMap((key) => [
      ...invalidEach(`data[${key}]`, key, isConfigMapKey(key)),
      ...(Object.hasOwn(binaryData, key)
        ? [invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')]
        : []),
    ]),
    ...Object.keys(binaryData).flatMap((key) => invalidEach(`binaryData[${key}]`, key, isConfigMapKey(key))),
    ...(sum(size) > MAX_SIZE ? [tooLong('', MAX_SIZE)] : []),
  ];
}

/** What may not change once `immutable` is set. */
export function validateConfigMapUpdate(next: ConfigMap, old: ConfigMap): FieldError[] {
  return old.immutable ? locked(next, old, ['data', 'binaryData']) : [];
}

/** Keys and size of a Secret after defaulting (`stringData` is in `data`), and what its type asks for. */
export function validateSecret(secret: Secret): FieldError[] {
  const data = secret.data ?? {};
  return [
    ...Object.keys(data).flatMap((key) => invalidEach(`data[${key}]`, key, isConfigMapKey(key))),
    ...(sum(Object.values(data).map(decodedLength)) > MAX_SIZE ? [tooLong('data', MAX_SIZE)] : []),
    ...validateSecretType(secret, data),
  ];
}

/** The type never changes; the rest not once `immutable` is set. */
export function validateSecretUpdate(next: Secret, old: Secret): FieldError[] {
  return [...immutable('type', next.type, old.type), ...(old.immutable ? locked(next, old, ['data']) : [])];
}

function locked<T extends { immutable?: boolean }>(next: T, old: T, fields: (keyof T & string)[]): FieldError[] {
  return [
    ...(next.immutable ? [] : [forbidden('immutable', LOCKED)]),
    ...fields.filter((f) => !sameJson(next[f], old[f])).map((f) => forbidden(f, LOCKED)),
  ];
}

const ACCOUNT = 'kubernetes.io/service-account.name';

function validateSecretType({ type, metadata }: Secret, data: Record<string, string>): FieldError[] {
  const missing = (...keys: string[]): FieldError[] =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return metadata?.annotations?.[ACCOUNT] ? [] : [required(`metadata.annotations[${ACCOUNT}]`)];
    case 'kubernetes.io/dockercfg':
      return [...missing('.dockercfg'), ...validateJson(data, '.dockercfg')];
    case 'kubernetes.io/dockerconfigjson':
      return [...missing('.dockerconfigjson'), ...validateJson(data, '.dockerconfigjson')];
    case 'kubernetes.io/basic-auth':
      return Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password') ? [] : missing('username', 'password');
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateJson(data: Record<string, string>, key: string): FieldError[] {
  if (!Object.hasOwn(data, key)) return [];
  const fault = (why: string): FieldError[] => [invalidValue(`data[${key}]`, '<secret contents redacted>', why)];
  const text = decodeText(data[key] ?? '');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && !Array.isArray(value)) return [];
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return fault(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
  } catch {
    return fault(text === '' ? 'unexpected end of JSON input' : `invalid character ${firstBad(text)}`);
  }
}

/** Go names the first character that cannot be; ours is close for the texts that people paste. */
function firstBad(text: string): string {
  const start = text.trimStart()[0] ?? '';
  return /[[{"\d\-tfn]/.test(start)
    ? `'${text.trim().at(-1)}' after top-level value`
    : `'${start}' looking for beginning of value`;
}

function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
}

function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
