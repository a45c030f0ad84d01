import { expect } from 'vitest';
import { LABEL, metadata, rules, SUBDOMAIN } from './fixtures/table.ts';

rules('metadata', [
  ['no name', metadata({ name: undefined }), ['metadata.name: Required value: name or generateName is required']],
  ['an upper-case name', metadata({ name: 'Web' }), [`metadata.name: ${SUBDOMAIN('Web')}`]],
  ['dots in the name', metadata({ name: 'a.b' }), []],
  [
    'too long a name',
    metadata({ name: 'a'.repeat(254) }),
    [`metadata.name: Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`],
  ],
  ['a generateName that ends in a dash', metadata({ generateName: 'web-' }), []],
  ['an upper-case generateName', metadata({ generateName: 'Web-' }), [`metadata.generateName: ${SUBDOMAIN('Web-')}`]],
  ['no namespace', metadata({ namespace: undefined }), ['metadata.namespace: Required value']],
  [
    'a label key with a blank',
    metadata({ labels: { 'a b': '' } }),
    [
      `metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ],
  [
    'a label value with a blank',
    metadata({ labels: { a: 'b c' } }),
    [
      `metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  ],
  [
    'annotations that are too large',
    metadata({ annotations: { a: 'x'.repeat(256 * 1024) } }),
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  ['an upper-case annotation key', metadata({ annotations: { 'Example.com/A': '' } }), []],
  [
    'a finalizer without domain',
    metadata({ finalizers: ['mine'] }),
    [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  [
    'an owner without uid',
    metadata({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }] }),
    ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
  ],
  [
    'a deletion cost that is no number',
    metadata({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': 'much' } }),
    [
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "much": must be a 32bit integer',
    ],
  ],
  [
    'an AppArmor annotation of no container',
    metadata({ annotations: { 'container.apparmor.security.beta.kubernetes.io/x': 'unconfined' } }),
    ['metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found'],
  ],

  ['an upper-case namespace', metadata({ namespace: 'Default' }), [`metadata.namespace: ${LABEL('Default')}`]],
  [
    'two owners in control',
    metadata({
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1', controller: true },
        { apiVersion: 'v1', kind: 'Pod', name: 'b', uid: '2', controller: true },
      ],
    }),
    [
      expect.stringMatching(
        /^metadata\.ownerReferences: Invalid value: .*: Only one reference can have Controller set to true\. Found "true" in references for Pod\/a and Pod\/b$/,
      ) as unknown as string,
    ],
  ],
  [
    'an event as owner',
    metadata({ ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'a', uid: '1' }] }),
    [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  ],
  [
    'orphaned and waited for',
    metadata({ finalizers: ['orphan', 'foregroundDeletion'] }),
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  ],
  [
    'a label key with too long a prefix',
    metadata({ labels: { [`${'a'.repeat(254)}/b`]: '' } }),
    [`metadata.labels: Invalid value: "${'a'.repeat(254)}/b": prefix part must be no more than 253 characters`],
  ],
  [
    'a label value too long',
    metadata({ labels: { a: 'b'.repeat(64) } }),
    [`metadata.labels: Invalid value: "${'b'.repeat(64)}": must be no more than 63 characters`],
  ],
  [
    'the annotation of a mirror Pod without a node',
    metadata({ annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    ],
  ],
  [
    'a seccomp annotation of no profile',
    metadata({ annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'mine' } }),
    [
      'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "mine": must be a valid seccomp profile',
    ],
  ],
]);
