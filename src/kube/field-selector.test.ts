import { describe, expect, test } from 'vitest';
import { fieldMatcher, parseFieldSelector, requiredField } from './field-selector.ts';
import { findResource, type Resource } from './resources.ts';

const resource = (group: string, name: string): Resource => {
  const found = findResource(group, 'v1', name);
  if (found === undefined) throw new Error(name);
  return found;
};
const PODS = resource('', 'pods');
const POD = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'n1', restartPolicy: 'Always' },
  status: { phase: 'Running', podIP: '10.0.0.1' },
};
const EVENT = {
  metadata: { name: 'e', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'web' },
  reason: 'Started',
  source: { component: 'kubelet' },
};

describe('which objects a field selector takes', () => {
  test.each([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web', true],
    ['metadata.name!=web', false],
    ['status.phase!=Running', false],
    ['spec.nodeName=n1,status.phase=Running', true],
    ['spec.host=n1', true],
    ['spec.hostNetwork=false', true],
    ['spec.serviceAccountName=', true],
    ['status.nominatedNodeName!=', false],
    ['metadata.name=a\\,b', false],
  ])('%j takes the Pod: %s', (selector, expected) => {
    expect(fieldMatcher(PODS, selector)(POD)).toBe(expected);
  });

  test.each([
    ['', 'involvedObject.name=web,involvedObject.kind=Pod'],
    ['', 'source=kubelet,reason=Started'],
    ['events.k8s.io', 'regarding.name=web'],
  ])('events of group %j: %s', (group, selector) => {
    expect(fieldMatcher(resource(group, 'events'), selector)(EVENT)).toBe(true);
  });

  test('an event without source counts its reporting component', () => {
    const event = { ...EVENT, source: {}, reportingComponent: 'node' };
    expect(fieldMatcher(resource('', 'events'), 'source=node')(event)).toBe(true);
  });
});

describe('what is refused', () => {
  test.each([
    [PODS, 'foo=bar', 'field label not supported: foo'],
    [PODS, 'metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    [PODS, 'metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
    [PODS, 'metadata.name=a=b', 'invalid field selector: unescaped character in value: ='],
    [
      resource('', 'configmaps'),
      'data=x',
      '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [resource('', 'namespaces'), 'metadata.namespace=x', 'field label not supported: metadata.namespace'],
  ])('%#: %s', (of, selector, message) => {
    expect(() => parseFieldSelector(of, selector)).toThrow(message);
  });
});

test('a name that is asked for can be looked up', () => {
  expect(requiredField(parseFieldSelector(PODS, 'metadata.name=web'), 'metadata.name')).toBe('web');
  expect(requiredField(parseFieldSelector(PODS, 'metadata.name!=web'), 'metadata.name')).toBeUndefined();
});
