import { expect, test } from 'vitest';
import { parseRange, parseRegistryPath, pulledName } from './registry-request.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.each([
  ['/v2/', { kind: 'base' }],
  ['/v2', { kind: 'base' }],
  ['/v2/library/nginx/manifests/latest', { kind: 'manifest', repository: 'library/nginx', reference: 'latest' }],
  [`/v2/a/b/c/manifests/${DIGEST}`, { kind: 'manifest', repository: 'a/b/c', reference: DIGEST }],
  [`/v2/pause/blobs/${DIGEST}`, { kind: 'blob', repository: 'pause', digest: DIGEST }],
  ['/v2/manifests/manifests/manifests', { kind: 'manifest', repository: 'manifests', reference: 'manifests' }],
  ['/v2/a/tags/list', { kind: 'tags', repository: 'a' }],
  ['/v2/a/blobs/uploads/', undefined],
  ['/v2/UPPER/manifests/x', undefined],
  ['/v2/../manifests/x', undefined],
  ['/v2/_catalog', undefined],
  ['/', undefined],
])('%s', (path, expected) => {
  expect(parseRegistryPath(path)).toEqual(expected);
});

test.each([
  ['docker.io', 'library/nginx', 'docker.io/library/nginx:1'],
  ['registry-1.docker.io', 'library/nginx', 'docker.io/library/nginx:1'],
  [null, 'library/nginx', 'docker.io/library/nginx:1'],
  ['outfit.local', 'pause', 'outfit.local/pause:1'],
  ['localhost:5000', 'app', 'localhost:5000/app:1'],
])('of ns=%s %s is meant %s', (ns, repository, expected) => {
  expect(pulledName(ns, repository, '1')).toBe(expected);
});

test.each<[string | undefined, unknown]>([
  [undefined, undefined],
  ['bytes=0-', { start: 0, end: 9 }],
  ['bytes=3-', { start: 3, end: 9 }],
  ['bytes=3-5', { start: 3, end: 5 }],
  ['bytes=3-99', { start: 3, end: 9 }],
  ['bytes=-4', { start: 6, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=9-9', { start: 9, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-3', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,3-4', undefined],
  ['items=0-1', undefined],
])('Range: %s of ten bytes', (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected);
});
