import { definitionOf } from '../../kube/decode.ts';
import type { Resource } from '../../kube/resources.ts';
import messages from './messages.json' with { type: 'json' };

type Json = Record<string, unknown>;

const MESSAGES: Record<string, Record<string, string>> = messages;
const ZEROS: Record<string, unknown> = { string: '', bool: false, int32: 0, int64: 0 };

/**
 * What Go has of a kind before anything is said of it: the structs that are no pointers, and fields that are written although they are empty.
 * A custom resource is nothing then.
 */
export function zeroObject({ group, version, kind, custom }: Resource): Json {
  if (custom) return { metadata: {} };
  return zeroOf(`${group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')}.${version}.${kind}`);
}

function zeroOf(message: string): Json {
  const name = message.replace(/^events\.v1\./, 'EventsV1').replace(/^.*\./, '');
  const required = definitionOf(name)?.required ?? [];
  const zero: Json = {};
  for (const said of Object.values(MESSAGES[message] ?? {})) {
    const [, mark, field = '', type = ''] = /^([!<]?)(\S+) (.+)$/.exec(said) ?? [];
    if (mark === '<') Object.assign(zero, zeroOf(type.slice(1)));
    else if (mark === '!' && type.startsWith('#')) zero[field] = zeroOf(type.slice(1));
    else if (required.includes(field)) zero[field] = ZEROS[type] ?? null;
  }
  return zero;
}
