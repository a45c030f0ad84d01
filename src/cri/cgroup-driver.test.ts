import { expect, it } from 'vitest';
import { cgroupDriverOf } from './cgroup-driver.ts';

const config = (options: unknown, defaultRuntimeName = 'runc') => ({
  config: JSON.stringify({ containerd: { defaultRuntimeName, runtimes: { runc: { options } } } }),
});

it.each([
  ['SystemdCgroup is true', config({ SystemdCgroup: true }), 'systemd'],
  ['SystemdCgroup is false', config({ SystemdCgroup: false }), 'cgroupfs'],
  ['runc has no options', config(null), 'cgroupfs'],
  ['another runtime than runc is the default', config({ SystemdCgroup: true }, 'kata'), 'cgroupfs'],
  ['no configuration is told', {}, 'cgroupfs'],
  ['it is no JSON', { config: 'version = 2' }, 'cgroupfs'],
])('%s', (_case, info, driver) => {
  expect(cgroupDriverOf(info)).toBe(driver);
});
