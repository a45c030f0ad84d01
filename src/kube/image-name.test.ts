import { describe, expect, test } from 'vitest';
import { defaultPullPolicy, normalizeImageName, parseImageName } from './image-name.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the full name of an image', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
    ['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['quay.io/a/b/c:v1', 'quay.io/a/b/c:v1'],
    ['localhost/x', 'localhost/x:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['outfit.local/pause:1', 'outfit.local/pause:1'],
    ['[::1]:5000/x', '[::1]:5000/x:latest'],
    [`nginx@${SHA}`, `docker.io/library/nginx@${SHA}`],
    [`nginx:1@${SHA}`, `docker.io/library/nginx:1@${SHA}`],
    ['a/b__c.d-e', 'docker.io/a/b__c.d-e:latest'],
  ])('%s is %s', (image, expected) => {
    expect(normalizeImageName(image)).toBe(expected);
    expect(normalizeImageName(expected)).toBe(expected);
  });

  test('comes apart', () => {
    expect(parseImageName('quay.io/a/b:1')).toEqual({
      registry: 'quay.io',
      repository: 'a/b',
      tag: '1',
      digest: undefined,
    });
  });
});

describe('what is no image name', () => {
  test.each([
    ['', 'invalid reference format'],
    [' nginx', 'invalid reference format'],
    ['nginx:', 'invalid reference format'],
    ['nginx:la test', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['nginx@sha256:abc', 'invalid reference format'],
    [`nginx@sha256:${'a'.repeat(40)}`, 'invalid checksum digest length'],
    ['https://x/y', 'invalid reference format'],
    ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['0'.repeat(64), `invalid repository name (${'0'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ])('%j', (image, why) => {
    expect(() => parseImageName(image)).toThrow(`couldn't parse image name "${image}": ${why}`);
  });
});

describe('the pull policy that follows from the name', () => {
  test.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    [`nginx@${SHA}`, 'IfNotPresent'],
    ['localhost:5000/nginx', 'Always'],
    ['not an image', 'IfNotPresent'],
  ])('%s: %s', (image, expected) => expect(defaultPullPolicy(image)).toBe(expected));
});
