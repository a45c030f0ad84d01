import { describe, expect, test } from 'vitest';
import { negotiate } from './accept.ts';
import { decodeObjectBody, MalformedBody, parseJson } from './body.ts';
import { findJsonFaults } from './json-fault.ts';
import { statusOf, warningHeaders } from './respond.ts';
import { parseRoute } from './route.ts';

describe('parseRoute', () => {
  const core = { kind: 'resource', group: '', version: 'v1' };
  test.each([
    ['/api/v1/pods', { ...core, resource: 'pods' }],
    ['/api/v1/pods/', { ...core, resource: 'pods' }],
    ['/api/v1/namespaces', { ...core, resource: 'namespaces' }],
    ['/api/v1/namespaces/a', { ...core, resource: 'namespaces', name: 'a' }],
    ['/api/v1/namespaces/a/status', { ...core, resource: 'namespaces', name: 'a', subresource: 'status' }],
    ['/api/v1/namespaces/a/finalize', { ...core, resource: 'namespaces', name: 'a', subresource: 'finalize' }],
    ['/api/v1/namespaces/a/pods', { ...core, namespace: 'a', resource: 'pods' }],
    ['/api/v1/namespaces/a/pods/p', { ...core, namespace: 'a', resource: 'pods', name: 'p' }],
    ['/api/v1/namespaces/a/pods/p/log', { ...core, namespace: 'a', resource: 'pods', name: 'p', subresource: 'log' }],
    [
      '/api/v1/namespaces/a/pods/p/proxy/x/y',
      { ...core, namespace: 'a', resource: 'pods', name: 'p', subresource: 'proxy', rest: 'x/y' },
    ],
    ['/api/v1/nodes/n', { ...core, resource: 'nodes', name: 'n' }],
    [
      '/apis/coordination.k8s.io/v1/namespaces/a/leases/l',
      { kind: 'resource', group: 'coordination.k8s.io', version: 'v1', namespace: 'a', resource: 'leases', name: 'l' },
    ],
    // An escaped slash is a slash: no escape smuggles a segment past authorization.
    ['/api/v1/namespaces/a/pods/p%2flog', { ...core, namespace: 'a', resource: 'pods', name: 'p', subresource: 'log' }],
    ['/', { kind: 'path', path: '/' }],
    ['/api', { kind: 'path', path: '/api' }],
    ['/api/v1', { kind: 'path', path: '/api/v1' }],
    ['/apis/coordination.k8s.io/v1', { kind: 'path', path: '/apis/coordination.k8s.io/v1' }],
    ['/version', { kind: 'path', path: '/version' }],
    ['/api/v1/pods/../secrets', { kind: 'path', path: '/api/v1/pods/../secrets' }],
    ['/api/v1/pods/%2e%2e/secrets', { kind: 'path', path: '/api/v1/pods/../secrets' }],
    ['/api//v1/pods', { kind: 'path', path: '/api//v1/pods' }],
  ])('%s', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  test.each(['/api/v1/%', '/api/v1/%zz', '/api/v1/pods%00'])('refuses %s', (path) => {
    expect(() => parseRoute(path)).toThrow();
  });
});

describe('negotiate', () => {
  const table = (v: string): string => `application/json;as=Table;v=${v};g=meta.k8s.io`;
  test.each([
    [undefined, { encoding: 'json' }],
    ['', { encoding: 'json' }],
    ['*/*', { encoding: 'json' }],
    ['application/yaml', { encoding: 'yaml' }],
    [
      `${table('v1')},${table('v1beta1')},application/json`,
      { encoding: 'json', transform: { kind: 'Table', version: 'v1' } },
    ],
    [`${table('v1beta1')},application/json`, { encoding: 'json', transform: { kind: 'Table', version: 'v1beta1' } }],
    [`${table('v9')},application/json`, { encoding: 'json' }],
    ['application/vnd.kubernetes.protobuf,application/json', { encoding: 'json' }],
    ['application/json;q=0.2,application/yaml;q=0.9', { encoding: 'yaml' }],
    ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json', { encoding: 'json' }],
  ])('%s', (accept, form) => {
    expect(negotiate(accept, ['Table', 'PartialObjectMetadata'])).toEqual(form);
  });

  test.each([
    'application/vnd.kubernetes.protobuf',
    'text/html',
    'application/json;q=0',
    'application/json;as=Foo;v=v1;g=x',
  ])('has nothing for %s', (accept) => {
    expect(() => negotiate(accept, ['Table'])).toThrow(/only the following media types are accepted/);
  });
});

describe('findJsonFaults', () => {
  test.each([
    ['{}', undefined],
    ['  [1, -2.5e3, "a\\u00e9", true, false, null] ', undefined],
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} {}', "invalid character '{' after top-level value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['-', "invalid character '-' looking for beginning of value"],
  ])('%s', (text, syntax) => {
    expect(findJsonFaults(text, 100).syntax).toBe(syntax);
  });

  test('names fields that occur twice by their paths', () => {
    const text = '{"metadata":{"name":"a","name":"b"},"spec":{"containers":[{},{"image":1,"image":2}]},"spec":1}';
    expect(findJsonFaults(text, 100).duplicates).toEqual(['metadata.name', 'spec.containers[1].image', 'spec']);
  });

  test('takes any nesting without recursion, and refuses what is too deep', () => {
    const deep = (n: number): string => '['.repeat(n) + ']'.repeat(n);
    expect(findJsonFaults(deep(100), 100).syntax).toBeUndefined();
    expect(findJsonFaults(deep(101), 100).syntax).toBe('exceeded max depth');
    expect(findJsonFaults('{"a":'.repeat(500_000), 100).syntax).toBe('exceeded max depth');
  });

  test('agrees with JSON.parse on what is JSON', () => {
    for (const text of [
      '01',
      '1.',
      '.5',
      '+1',
      'nul',
      'tru',
      '[,]',
      '{"a":}',
      "'a'",
      '"a',
      '\u00a0{}',
      '{"__proto__":1}',
    ]) {
      const ours = findJsonFaults(text, 100).syntax === undefined;
      expect({ text, valid: ours }).toEqual({ text, valid: isJson(text) });
    }
  });
});

describe('bodies', () => {
  const yaml = (text: string) => decodeObjectBody(Buffer.from(text), 'application/yaml; charset=utf-8');

  test('YAML is what Kubernetes takes for YAML', async () => {
    const { value } = await yaml('a: yes\nb: 0o17\nc: 2020-01-01\nd: 12:30:45\ne: {f: &x [1], g: *x}\nh: null\n');
    expect(value).toEqual({ a: true, b: '0o17', c: '2020-01-01', d: '12:30:45', e: { f: [1], g: [1] }, h: null });
  });

  test.each([
    ['a: [1', /error converting YAML to JSON: yaml: /],
    ['a: 1\na: 2\n', /error converting YAML to JSON: yaml: /],
    ['a: &a [*a]', /error converting YAML to JSON: yaml: .*circular/],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}`,
      /alias/i,
    ],
  ])('refuses YAML that is none, says things twice or explodes', async (text, message) => {
    await expect(yaml(text)).rejects.toThrow(message);
    await expect(yaml(text)).rejects.toThrow(MalformedBody);
  });

  test('a body that is no UTF-8 is refused', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(/not valid UTF-8/);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded'])('does not read %s', async (type) => {
    await expect(decodeObjectBody(Buffer.from('{}'), type)).rejects.toMatchObject({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
  });
});

test('warnings become headers, once each, without what a header cannot hold', () => {
  expect(warningHeaders(['a "b" \\', 'two\nlines', 'a "b" \\', 'é'])).toEqual({
    Warning: ['299 - "a \\"b\\" \\\\"', '299 - "two lines"', '299 - "\u00c3\u00a9"'],
  });
  expect(warningHeaders([])).toEqual({});
});

test('a failure that is not meant for clients is an internal error', () => {
  expect(statusOf(new TypeError('boom'))).toEqual({
    code: 500,
    status: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Internal error occurred: boom',
      reason: 'InternalError',
      code: 500,
    },
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
