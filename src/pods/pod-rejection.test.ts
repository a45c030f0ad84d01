import { expect, test } from 'vitest';
import type { PodSpec } from '../kube/generated/objects.ts';
import { podRejection } from './pod-rejection.ts';
import { NO_ABILITIES } from './runtime-abilities.ts';
import { sysctlFailure, sysctlName } from './sysctls.ts';

const message = (names: string[], spec: Partial<PodSpec> = {}) =>
  sysctlFailure({
    spec: { containers: [], securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) }, ...spec },
  })?.event;

test.each<[string, string[], Partial<PodSpec>, string | undefined]>([
  ['none', [], {}, undefined],
  ['safe ones', ['kernel.shm_rmid_forced', 'net.ipv4.tcp_rmem'], {}, undefined],
  ['a safe one, spelled as a path', ['net/ipv4/tcp_rmem'], {}, undefined],
  ['an unsafe one', ['kernel.shm_rmid_forced', 'kernel.msgmax'], {}, '"kernel.msgmax" not allowlisted'],
  [
    "one of the network that is the machine's",
    ['net.ipv4.tcp_rmem'],
    { hostNetwork: true },
    '"net.ipv4.tcp_rmem" not allowed with host Net enabled',
  ],
  [
    "one of the IPC that is the machine's",
    ['kernel.shm_rmid_forced'],
    { hostIPC: true },
    '"kernel.shm_rmid_forced" not allowed with host IPC enabled',
  ],
])('%s', (_, names, spec, why) => {
  const expected = why && { type: 'Warning', reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` };
  expect(message(names, spec)).toEqual(expected);
});

test.each([
  ['net.ipv4.conf.eth0/1.x', 'net.ipv4.conf.eth0/1.x'],
  ['net/ipv4/conf/eth0.1/x', 'net.ipv4.conf.eth0/1.x'],
])('%s is written %s', (name, expected) => {
  expect(sysctlName(name)).toBe(expected);
});

test('strict supplemental groups are refused where the runtime would add the groups of the image all the same', () => {
  const strict = (supplementalGroupsPolicy: string, runtime = NO_ABILITIES) =>
    podRejection({ spec: { containers: [], securityContext: { supplementalGroupsPolicy } } }, runtime);
  expect(strict('Strict', { ...NO_ABILITIES, supplementalGroupsPolicy: true })).toBeUndefined();
  expect(strict('Merge')).toBeUndefined();
  expect(strict('Strict')).toMatchObject({
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node',
  });
});

test.each([
  [undefined, undefined],
  ['linux', undefined],
  ['windows', 'PodOSNotSupported'],
])('a Pod for the operating system %s', (name, reason) => {
  const pod = { spec: { containers: [], ...(name && { os: { name } }) } };
  expect(podRejection(pod, NO_ABILITIES)?.reason).toBe(reason);
});
