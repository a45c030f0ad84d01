import { describe, expect, test } from 'vitest';
import { JsonPathError, jsonPathTemplate, jsonPathValues } from './jsonpath.ts';

/** The example of kubernetes.io/docs/reference/kubectl/jsonpath, shortened. */
const object = {
  kind: 'List',
  items: [
    {
      kind: 'None',
      metadata: { name: '127.0.0.1', labels: { 'kubernetes.io/hostname': '127.0.0.1' } },
      status: { capacity: { cpu: '4' }, ready: true, addresses: [{ type: 'LegacyHostIP', address: '127.0.0.1' }] },
    },
    {
      kind: 'None',
      metadata: { name: '127.0.0.2' },
      status: { capacity: { cpu: '8' }, ready: false, addresses: [{ type: 'Other', address: '127.0.0.2' }] },
    },
  ],
  users: [
    { name: 'myself', user: {} },
    { name: 'e2e', user: { username: 'admin', password: 'secret' } },
  ],
};

describe('a JSONPath template gives what kubectl gives', () => {
  test.each([
    ['{.kind}', 'List'],
    ['{@.kind}', 'List'],
    ['{$.kind}', 'List'],
    ["{['kind']}", 'List'],
    ['kind is {.kind}', 'kind is List'],
    ['{..name}', '127.0.0.1 127.0.0.2 myself e2e'],
    ['{.items[*].metadata.name}', '127.0.0.1 127.0.0.2'],
    ['{.items[0].metadata.name}', '127.0.0.1'],
    ['{.items[-1].metadata.name}', '127.0.0.2'],
    ['{.items[0:1].metadata.name}', '127.0.0.1'],
    ['{.items[-1:].metadata.name}', '127.0.0.2'],
    ['{.items[::2].metadata.name}', '127.0.0.1'],
    ["{.items[*]['metadata.name', 'status.capacity']}", ''],
    ["{.items[0]['kind','metadata']}", 'None {"name":"127.0.0.1","labels":{"kubernetes.io/hostname":"127.0.0.1"}}'],
    ['{.users[?(@.name=="e2e")].user.password}', 'secret'],
    ["{.users[?(@.name!='e2e')].name}", 'myself'],
    ['{.items[?(@.status.ready==true)].metadata.name}', '127.0.0.1'],
    ['{.users[?(@.user.username)].name}', 'e2e'],
    ['{.items[0].metadata.labels.kubernetes\\.io/hostname}', '127.0.0.1'],
    [
      '{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}',
      '[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] ',
    ],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.capacity.cpu}{"\\n"}{end}', '127.0.0.1\t4\n127.0.0.2\t8\n'],
    ['{.nothing.here}', ''],
    ['{.items[7].metadata.name}', ''],
    ['{.items[0].status.ready}', 'true'],
    ['{.users[0].user}', '{}'],
    ['{"}{"}', '}{'],
  ])('%s', (template, text) => {
    expect(jsonPathTemplate(template)(object)).toBe(text);
  });
});

test.each(['{.a', '{range .items[*]}{.x}', '{end}', '{.items[}', '{.items[x]}', '{"open}', '{.a}{!}'])(
  '%s is refused',
  (template) => {
    expect(() => jsonPathTemplate(template)).toThrow(JsonPathError);
  },
);

test.each([
  ['{.status.phase}', ['Running']],
  ['.status.phase', ['Running']],
  ['status.phase', ['Running']],
  ['{.status.podIP}', []],
  ['{.status.conditions[?(@.type=="Ready")].status}', ['True']],
])('wait takes %s', (path, values) => {
  const pod = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
  expect(jsonPathValues(path)(pod)).toEqual(values);
});
