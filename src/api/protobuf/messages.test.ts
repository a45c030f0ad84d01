import { expect, test } from 'vitest';
import { definitionOf } from '../../kube/decode.ts';
import { RESOURCES } from '../../kube/resources.ts';
import messages from './messages.json' with { type: 'json' };

const MESSAGES: Record<string, Record<string, string>> = messages;

/** Fields that only JSON has, and those that JSON still has although protobuf never had them. */
const ONLY_JSON = /^(apiVersion|kind)$/;

/** JSON field names of a message, those of embedded structs among them. */
function fieldsOf(name: string): string[] {
  return Object.values(MESSAGES[name] ?? {}).flatMap((said) => {
    const [, mark, field = '', type = ''] = /^([!<]?)(\S+) (.+)$/.exec(said) ?? [];
    return mark === '<' ? fieldsOf(type.slice(1)) : [field];
  });
}

const definitionName = (message: string): string =>
  message.startsWith('events.v1.') ? `EventsV1${message.slice('events.v1.'.length)}` : message.replace(/^.*\./, '');

test.each(Object.keys(MESSAGES).filter((name) => definitionOf(definitionName(name))))(
  '%s has the fields of v1.33 (else: node scripts/generate-protobuf.mjs KUBECTL)',
  (name) => {
    const known = Object.keys(definitionOf(definitionName(name))!.properties).filter((field) => !ONLY_JSON.test(field));
    const read = fieldsOf(name).filter((field) => !ONLY_JSON.test(field));
    expect(read.sort()).toEqual(known.sort());
  },
);

test('every kind that is served has a message, but those of CustomResourceDefinitions', () => {
  const missing = RESOURCES.filter(({ custom }) => !custom).filter(({ group, version, kind }) => {
    const name = `${group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')}.${version}.${kind}`;
    return !MESSAGES[name];
  });
  expect(missing.map(({ kind }) => kind)).toEqual([]);
});
