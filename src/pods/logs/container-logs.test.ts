import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerStatus as RuntimeContainerStatus } from '../../cri/runtime.ts';
import { badRequest } from '../../kube/errors.ts';
import type { ContainerStatus, Pod } from '../../kube/generated/objects.ts';
import { podPaths } from '../paths.ts';
import { containerLogs, loggedContainer } from './container-logs.ts';

const STATUS: ContainerStatus = { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0 };
const pod = (status: Partial<ContainerStatus> | undefined, more: Pod['status'] = {}): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'u-1' },
  status: { ...(status && { containerStatuses: [{ ...STATUS, ...status }] }), ...more },
});
const running = { state: { running: {} }, containerID: 'containerd://now' };
const terminated = (id?: string) => ({ terminated: { exitCode: 1, ...(id && { containerID: `containerd://${id}` }) } });
const waiting = (reason: string) => ({ state: { waiting: { reason } } });

describe('the container whose log is meant', () => {
  test.each<[string, Partial<ContainerStatus>, boolean, string]>([
    ['runs', running, false, 'containerd://now'],
    ['has ended', { state: terminated('ended') }, false, 'containerd://ended'],
    [
      'waits in back-off',
      { ...waiting('CrashLoopBackOff'), lastState: terminated('last') },
      false,
      'containerd://last',
    ],
    ['could not be made again', { state: terminated(), lastState: terminated('last') }, false, 'containerd://last'],
    ['is the previous one', { ...running, lastState: terminated('last') }, true, 'containerd://last'],
  ])('%s', (_, status, previous, id) => {
    expect(loggedContainer(pod(status), 'c', previous)).toBe(id);
  });

  test('may be an init container', () => {
    const init = pod(undefined, { initContainerStatuses: [{ ...STATUS, ...running }] });
    expect(loggedContainer(init, 'c', false)).toBe('containerd://now');
  });

  test.each<[Partial<ContainerStatus> | undefined, boolean, string]>([
    [undefined, false, 'container "c" in pod "p" is not available'],
    [running, true, 'previous terminated container "c" in pod "p" not found'],
    [{ ...running, lastState: terminated() }, true, 'previous terminated container "c" in pod "p" not found'],
    [waiting('ContainerCreating'), false, 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    [
      waiting('CreateContainerConfigError'),
      false,
      'container "c" in pod "p" is waiting to start: CreateContainerConfigError',
    ],
    [waiting('ErrImagePull'), false, 'container "c" in pod "p" is waiting to start: image can\'t be pulled'],
    [
      waiting('ImagePullBackOff'),
      false,
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [{ state: terminated() }, false, 'container "c" in pod "p" is terminated'],
    [{}, false, 'container "c" in pod "p" is waiting to start - no logs yet'],
  ])('is none: %j %j', (status, previous, message) => {
    expect(() => loggedContainer(pod(status), 'c', previous)).toThrow(badRequest(message));
  });
});

describe('its log', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'outfit-container-logs-'));
  });
  afterAll(() => rm(home, { recursive: true }));

  const state = { current: 'RUNNING' as RuntimeContainerStatus['state'] };
  const runtime = {
    containerStatus: async (id: string) => {
      if (id !== 'now') throw Object.assign(new Error('no such container'), { code: 'NotFound' });
      return { id, state: state.current, logPath: 'c/0.log' } as RuntimeContainerStatus;
    },
  };
  const logs = (status: Partial<ContainerStatus>, follow = false) =>
    containerLogs({ pod: pod(status), container: 'c', options: { follow }, runtime, paths: podPaths(home) });

  test('is read from where the runtime writes it, and followed until the container has ended', async () => {
    await expect(logs(running)).rejects.toThrow(
      /^failed to try resolving symlinks in path ".*\/shop_p_u-1\/c\/0.log": lstat /,
    );
    const path = podPaths(home).containerLog(pod(running), 'c', 0);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '2026-11-23T18:56:41.5Z stdout F hello\n');
    expect(await text(await logs(running))).toBe('hello\n');
    const followed = text(await logs(running, true));
    state.current = 'EXITED';
    expect(await followed).toBe('hello\n');
  });

  test('is gone with a container that was removed', async () => {
    await expect(logs({ state: terminated('gone') })).rejects.toThrow(
      badRequest('unable to retrieve container logs for containerd://gone'),
    );
  });
});
