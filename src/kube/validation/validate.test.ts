import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import { findResource, type Resource } from '../resources.ts';
import { validateBinding, validateObject, validateObjectUpdate } from './validate.ts';

const of = (resource: string, group = ''): Resource => findResource(group, 'v1', resource) as Resource;
const named = (rest: object, metadata: object = {}): KubeObject => ({
  metadata: { name: 'a', namespace: 'default', resourceVersion: '1', ...metadata },
  ...rest,
});
const show = (errors: { field: string; message: string }[]): string[] => errors.map((e) => `${e.field}: ${e.message}`);
const LOCKED = 'Forbidden: field is immutable when `immutable` is set';

describe('create', () => {
  test.each<[string, Resource, KubeObject, string[]]>([
    ['a config map', of('configmaps'), named({ data: { 'a.conf': 'x' }, binaryData: { b: 'AA==' } }), []],
    [
      'a bad key',
      of('configmaps'),
      named({ data: { '..': 'x' } }),
      ['data[..]: Invalid value: "..": must not be \'..\''],
    ],
    [
      'a key twice',
      of('configmaps'),
      named({ data: { k: 'x' }, binaryData: { k: 'AA==' } }),
      ['data[k]: Invalid value: "k": duplicate of key present in binaryData'],
    ],
    [
      'too much data',
      of('configmaps'),
      named({ data: { k: 'x'.repeat(1024 * 1024 + 1) } }),
      [': Too long: may not be more than 1048576 bytes'],
    ],
    ['a secret', of('secrets'), named({ type: 'Opaque', data: { k: 'AA==' } }), []],
    [
      'a TLS secret without key',
      of('secrets'),
      named({ type: 'kubernetes.io/tls', data: { 'tls.crt': 'AA==' } }),
      ['data[tls.key]: Required value'],
    ],
    [
      'pull credentials that are no JSON',
      of('secrets'),
      named({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'eA==' } }),
      [
        `data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
      ],
    ],
    [
      'a token without account',
      of('secrets'),
      named({ type: 'kubernetes.io/service-account-token' }),
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    ['a namespace', of('namespaces'), { metadata: { name: 'a' } }, []],
    [
      'a namespace with dots',
      of('namespaces'),
      { metadata: { name: 'a.b' } },
      ['metadata.name: Invalid value: "a.b": must not contain dots'],
    ],
    [
      'a namespace in a namespace',
      of('namespaces'),
      named({}),
      ['metadata.namespace: Forbidden: not allowed on this type'],
    ],
    [
      'a claim for nothing',
      of('persistentvolumeclaims'),
      named({ spec: { accessModes: ['ReadWriteOnce', 'Once'] } }),
      [
        'spec.accessModes: Unsupported value: "Once": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'a claim for less than nothing',
      of('persistentvolumeclaims'),
      named({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0' } } } }),
      ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    ],
    [
      'a service account in upper case',
      of('serviceaccounts'),
      named({}, { name: 'A' }),
      [
        expect.stringContaining(
          'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain',
        ) as unknown as string,
      ],
    ],
    [
      'a lease for no time',
      of('leases', 'coordination.k8s.io'),
      named({ spec: { leaseDurationSeconds: 0 } }),
      ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    ],
    ['an event', of('events'), named({ involvedObject: { namespace: 'default' } }), []],
    [
      'an event of another namespace',
      of('events'),
      named({ involvedObject: { namespace: 'other' } }),
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'a new event without reporter',
      of('events', 'events.k8s.io'),
      named({
        eventTime: 'T',
        involvedObject: { namespace: 'default' },
        reportingInstance: 'i',
        action: 'a',
        reason: 'r',
        type: 'Odd',
      }),
      [
        'reportingController: Required value',
        'reportingController: Invalid value: "": name part must be non-empty',
        expect.stringContaining(
          'reportingController: Invalid value: "": name part must consist of',
        ) as unknown as string,
        'type: Invalid value: "": has invalid value: Odd',
      ],
    ],
    [
      'a template without containers',
      of('podtemplates'),
      named({
        template: {
          spec: { containers: [], restartPolicy: 'Always', dnsPolicy: 'Default', terminationGracePeriodSeconds: 1 },
        },
      }),
      ['template.spec.containers: Required value'],
    ],
  ])('%s', (_, resource, object, expected) => expect(show(validateObject(resource, object))).toEqual(expected));
});

describe('update', () => {
  test.each<[string, Resource, KubeObject, KubeObject, string[]]>([
    ['data of a config map', of('configmaps'), named({ data: { a: 'y' } }), named({ data: { a: 'x' } }), []],
    [
      'data that is immutable',
      of('configmaps'),
      named({ immutable: true, data: { a: 'y' } }),
      named({ immutable: true, data: { a: 'x' } }),
      [`data: ${LOCKED}`],
    ],
    [
      'immutable itself',
      of('secrets'),
      named({ type: 'Opaque' }),
      named({ type: 'Opaque', immutable: true }),
      [`immutable: ${LOCKED}`],
    ],
    [
      'the type of a secret',
      of('secrets'),
      named({ type: 'x' }),
      named({ type: 'y' }),
      ['type: Invalid value: "x": field is immutable'],
    ],
    [
      'no resourceVersion',
      of('configmaps'),
      named({}, { resourceVersion: undefined }),
      named({}),
      ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
    ],
  ])('%s', (_, resource, next, old, expected) =>
    expect(show(validateObjectUpdate(resource, next, old))).toEqual(expected),
  );

  test('a claim stays as it is, but may grow once it is bound', () => {
    const claim = (storage: string, phase: string): KubeObject =>
      named({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } }, status: { phase } });
    const pvc = of('persistentvolumeclaims');
    expect(validateObjectUpdate(pvc, claim('2Gi', 'Bound'), claim('1Gi', 'Bound'))).toEqual([]);
    expect(show(validateObjectUpdate(pvc, claim('2Gi', 'Pending'), claim('1Gi', 'Pending')))).toEqual([
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n- spec.resources.requests.storage: "1Gi"\n+ spec.resources.requests.storage: "2Gi"',
    ]);
  });
});

test('a binding names a node', () => {
  expect(show(validateBinding({ target: { kind: 'Service', name: '' } }))).toEqual([
    'target.kind: Unsupported value: "Service": supported values: "Node", "<empty>"',
    'target.name: Required value',
  ]);
});
