import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure, UsageError } from '../command.ts';
import { parse } from '../parse.ts';
import {
  checkTogether,
  DEFAULT_SETTINGS,
  differingFlags,
  givenSettings,
  readSettings,
  SETTING_OPTIONS,
  settingFlags,
  writeSettings,
} from './settings.ts';

const given = (...argv: string[]) => givenSettings(parse({ name: 'node start', options: SETTING_OPTIONS }, argv));

describe('flags', () => {
  test('all of them, there and back', () => {
    const argv = [
      '--port=0',
      '--bridge=of1',
      '--pod-cidr=10.9.0.0/16',
      '--node-name=n.example',
      '--cri=unix:///run/c.sock',
      '--restart-backoff=fast',
      '--pod-pids-limit=500',
      '--service-account-role=none',
      '--audit-log=/var/log/audit.log',
      '--log-level=debug',
      '--api-for-pods=true',
      '--registry-mirror=docker.io=http://a:5000',
      '--registry-mirror=docker.io=https://b/x',
      '--registry-mirror=quay.io:8443=http://c',
    ];
    const settings = given(...argv);
    expect(settings).toEqual({
      port: 0,
      bridge: 'of1',
      podCidr: '10.9.0.0/16',
      nodeName: 'n.example',
      cri: 'unix:///run/c.sock',
      restartBackoff: 'fast',
      podPidsLimit: 500,
      serviceAccountRole: 'none',
      auditLog: '/var/log/audit.log',
      logLevel: 'debug',
      apiForPods: true,
      registryMirrors: { 'docker.io': ['http://a:5000', 'https://b/x'], 'quay.io:8443': ['http://c'] },
    });
    expect(settingFlags(settings)).toEqual(argv);
    expect(given()).toEqual({});
  });

  test.each([
    ['--port=70000'],
    ['--port=x'],
    ['--bridge=a-name-that-is-too-long'],
    ['--bridge=a/b'],
    ['--pod-cidr=10.0.0.0'],
    ['--pod-cidr=10.0.0.1/24'],
    ['--pod-cidr=300.0.0.0/24'],
    ['--pod-cidr=10.0.0.0/30'],
    ['--pod-cidr=fd00::/64'],
    ['--node-name=Upper'],
    ['--cri=/run/c.sock'],
    ['--restart-backoff=never'],
    ['--pod-pids-limit=0'],
    ['--pod-pids-limit=-2'],
    ['--pod-pids-limit=1.5'],
    ['--service-account-role=edit'],
    ['--log-level=loud'],
    ['--registry-mirror=docker.io'],
    ['--registry-mirror=docker.io=ftp://x'],
    ['--registry-mirror=http://x=http://y'],
  ])('%s is wrong usage', (flag) => {
    expect(() => given(flag)).toThrow(UsageError);
  });

  test('Pods reach the API over a network of the node only', () => {
    expect(() => checkTogether({ ...DEFAULT_SETTINGS, apiForPods: true })).not.toThrow();
    expect(() => checkTogether({ ...DEFAULT_SETTINGS, apiForPods: true, cri: 'unix:///x' })).toThrow(Failure);
  });

  test.each([
    [{}, []],
    [{ port: 7443 }, []],
    [{ port: 0 }, []],
    [{ port: 7444, bridge: 'outfit0' }, ['--port']],
    [{ bridge: 'x', podCidr: '10.1.0.0/24' }, ['--bridge', '--pod-cidr']],
    [{ registryMirrors: { 'docker.io': ['http://x'] } }, ['--registry-mirror']],
    [{ cri: 'unix:///x' }, ['--cri']],
  ])('%j differs from the defaults in %j', (settings, flags) => {
    expect(differingFlags(settings, DEFAULT_SETTINGS)).toEqual(flags);
  });
});

describe('node.json', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outfit-settings-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('keeps settings, readable by the owner only', async () => {
    const path = join(folder, 'node.json');
    expect(await readSettings(path)).toBeUndefined();
    await writeSettings(path, { ...DEFAULT_SETTINGS, port: 1 }, '0.1.0');
    expect(await readSettings(path)).toEqual({ ...DEFAULT_SETTINGS, port: 1 });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toContain('"outfit": "0.1.0"');
  });

  test.each([
    [
      'of a newer Outfit',
      '{"stateVersion": 99, "outfit": "9.9.9", "settings": {}}',
      /made by a newer Outfit \(9\.9\.9\)/,
    ],
    ['damaged', '{"stateVersion"', /^cannot read .*node\.json/],
  ])('%s is refused with a way out', async (_name, text, message) => {
    const path = join(folder, 'node.json');
    await writeFile(path, text);
    const refused = await readSettings(path).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Failure);
    expect((refused as Failure).message).toMatch(message);
    expect((refused as Failure).hint).toBeTruthy();
  });
});
