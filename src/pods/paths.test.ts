import { expect, test } from 'vitest';
import { podPaths } from './paths.ts';

const paths = podPaths('/var/lib/outfit');
const pod = { metadata: { namespace: 'shop', name: 'web', uid: 'u-1' } };

test('files are where the kubelet has them, below the state directory', () => {
  expect({
    pod: paths.podDirectory('u-1'),
    logs: paths.logDirectory(pod),
    log: paths.containerLog(pod, 'c', 2),
    relativeLog: paths.containerLogPath('c', 2),
    hosts: paths.etcHosts('u-1'),
    volume: paths.volume('u-1', 'kubernetes.io~empty-dir', 'data'),
    subPath: paths.subPath('u-1', 'data', 'c', 0),
    terminationLog: paths.terminationLog('u-1', 'c', 2),
    seccomp: paths.seccompProfile('profiles/strict.json'),
  }).toEqual({
    pod: '/var/lib/outfit/pods/u-1',
    logs: '/var/lib/outfit/logs/shop_web_u-1',
    log: '/var/lib/outfit/logs/shop_web_u-1/c/2.log',
    relativeLog: 'c/2.log',
    hosts: '/var/lib/outfit/pods/u-1/etc-hosts',
    volume: '/var/lib/outfit/pods/u-1/volumes/kubernetes.io~empty-dir/data',
    subPath: '/var/lib/outfit/pods/u-1/volume-subpaths/data/c/0',
    terminationLog: '/var/lib/outfit/pods/u-1/containers/c/2',
    seccomp: '/var/lib/outfit/seccomp/profiles/strict.json',
  });
});

test.each(['', '.', '..', 'a/b', 'a\0b'])('%j is no part of a path', (name) => {
  expect(() => paths.podDirectory(name)).toThrow(RangeError);
  expect(() => paths.containerLogPath(name, 0)).toThrow(RangeError);
});
