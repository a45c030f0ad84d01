import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { busybox, makePod, pass, virtualTime } from '../../test/pods/world.ts';
import { FakeRuntime } from '../cri/fake.ts';
import { RuntimeError } from '../cri/runtime.ts';
import { systemClock } from './clock.ts';
import { type ImageError, Images } from './images.ts';

let runtime: FakeRuntime;
let images: Images;
let events: string[];

beforeEach(() => {
  virtualTime();
  runtime = new FakeRuntime({
    images: ['here:1'],
    registry: { 'there:1': { bytes: 7 }, 'latest-there': { bytes: 9 } },
  });
  events = [];
  const event = (_: unknown, type: string, reason: string, message: string, path?: string) =>
    void events.push(`${type} ${reason} ${message} ${path}`);
  images = new Images({ runtime, events: { event }, clock: systemClock });
});

afterEach(() => void vi.useRealTimers());

const NEVER = new AbortController().signal;
const pod = makePod('p');

/** What became of it: the words of the announcement, or of the failure. */
async function ensure(image: string, imagePullPolicy?: string, of = pod): Promise<string> {
  const container = { ...busybox('c', { image }), imagePullPolicy };
  try {
    const { announcement } = await images.ensure(of, container, NEVER);
    return `${announcement.reason}: ${announcement.message}`;
  } catch (error) {
    const { reason, message } = error as ImageError;
    return `${reason}: ${message}`;
  }
}

const PRESENT = 'Pulled: Container image "here:1" already present on machine';
const PULLED = 'Pulled: Successfully pulled image "there:1" in 0s (0s including waiting). Image size: 7 bytes.';

describe('by policy', () => {
  test.each([
    { policy: 'IfNotPresent', image: 'here:1', expected: PRESENT, asks: ['imageStatus'] },
    { policy: 'Never', image: 'here:1', expected: PRESENT, asks: ['imageStatus'] },
    { policy: undefined, image: 'here:1', expected: PRESENT, asks: ['imageStatus'] },
    { policy: 'IfNotPresent', image: 'there:1', expected: PULLED, asks: ['imageStatus', 'pullImage', 'imageStatus'] },
    { policy: 'Always', image: 'there:1', expected: PULLED, asks: ['pullImage', 'imageStatus'] },
    {
      policy: undefined,
      image: 'latest-there',
      expected: 'Pulled: Successfully pulled image "latest-there" in 0s (0s including waiting). Image size: 9 bytes.',
      asks: ['pullImage', 'imageStatus'],
    },
    {
      policy: 'Never',
      image: 'there:1',
      expected: 'ErrImageNeverPull: Container image "there:1" is not present with pull policy of Never',
      asks: ['imageStatus'],
    },
    {
      policy: 'Always',
      image: 'here:1',
      expected:
        'ErrImagePull: failed to resolve reference "docker.io/library/here:1": docker.io/library/here:1: not found',
      asks: ['pullImage'],
    },
    {
      policy: 'Always',
      image: 'Not An Image',
      expected:
        'InvalidImageName: Failed to apply default image tag "Not An Image": couldn\'t parse image name "Not An Image": invalid reference format: repository name (library/Not An Image) must be lowercase',
      asks: [],
    },
  ])('$policy, $image', async ({ policy, image, expected, asks }) => {
    expect(await ensure(image, policy)).toBe(expected);
    expect(runtime.calls.map(({ method }) => method)).toEqual(asks);
  });
});

test('how long a pull took, with and without waiting for another of the same image', async () => {
  runtime.delay('pullImage', 1500);
  const both = Promise.all([ensure('there:1', 'Always'), ensure('there:1', 'Always', makePod('q'))]);
  await pass(3000);
  expect(await both).toEqual([
    'Pulled: Successfully pulled image "there:1" in 1.5s (1.5s including waiting). Image size: 7 bytes.',
    'Pulled: Successfully pulled image "there:1" in 1.5s (3s including waiting). Image size: 7 bytes.',
  ]);
  expect(events).toEqual([
    'Normal Pulling Pulling image "there:1" spec.containers{c}',
    'Normal Pulling Pulling image "there:1" spec.containers{c}',
  ]);
});

test('different images are pulled side by side', async () => {
  runtime.delay('pullImage', 1500);
  const both = Promise.all([ensure('there:1'), ensure('latest-there')]);
  await pass(1500);
  expect(await both).toHaveLength(2);
});

test('back-off: 10 s after the first failure, doubled up to five minutes; the pull’s own words are kept', async () => {
  const why = 'failed to resolve reference "docker.io/library/no:1": docker.io/library/no:1: not found';
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    expect(await ensure('no:1')).toBe(`ErrImagePull: ${why}`);
    expect(await ensure('no:1')).toBe(`ImagePullBackOff: Back-off pulling image "no:1": ErrImagePull: ${why}`);
    const error = await images.ensure(pod, busybox('c', { image: 'no:1' }), NEVER).catch((e: ImageError) => e);
    const wait = ((error as ImageError).retryAt ?? 0) - Date.now();
    waits.push(wait / 1000);
    await pass(wait - 1);
    expect(await ensure('no:1')).toContain('ImagePullBackOff');
    await pass(1);
  }
  expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
});

test('back-off is each Pod’s own, and forgotten with the Pod', async () => {
  await ensure('no:1');
  expect(await ensure('no:1', undefined, makePod('q'))).toContain('ErrImagePull: ');
  images.forget('uid-p');
  expect(await ensure('no:1')).toMatch(/^ErrImagePull: /);
});

test('an image that cannot be inspected', async () => {
  runtime.fail('imageStatus', new RuntimeError('Failed', 'metadata broken'));
  expect(await ensure('here:1')).toBe('ImageInspectError: Failed to inspect image "here:1": metadata broken');
});

test('a runtime that is down says nothing about the image', async () => {
  runtime.available = false;
  for (const policy of ['Always', 'IfNotPresent']) {
    const result = images.ensure(pod, { ...busybox('c', { image: 'here:1' }), imagePullPolicy: policy }, NEVER);
    await expect(result).rejects.toMatchObject({ code: 'Unavailable' });
  }
  runtime.available = true;
  expect(await ensure('here:1')).toBe(PRESENT);
});

test('giving up: rejects with the signal’s reason and leaves no back-off', async () => {
  runtime.delay('pullImage', 60_000);
  const control = new AbortController();
  const given = images.ensure(pod, busybox('c', { image: 'there:1' }), control.signal);
  given.catch(() => {});
  await pass(1000);
  control.abort(new Error('deleted'));
  await expect(given).rejects.toThrow('deleted');
  runtime.delay('pullImage', 0);
  expect(await ensure('there:1')).toBe(PULLED);
});

describe('with credentials', () => {
  const as = (username: string) => ({ username, password: 'x' });
  /** A registry that lets only `good` in. */
  function strict(offered: { username: string; password: string }[]): string[] {
    const asked: string[] = [];
    const pull = runtime.pullImage.bind(runtime);
    runtime.pullImage = async (image, options) => {
      asked.push(options?.auth?.username ?? 'nobody');
      if (options?.auth?.username === 'good') return pull(image, options);
      throw new RuntimeError('Failed', `${options?.auth?.username ?? 'nobody'} may not`);
    };
    const secrets = { check: () => {}, credentials: () => offered };
    images = new Images({ runtime, events: { event: () => {} }, clock: systemClock, secrets });
    return asked;
  }

  test.each<[string, string[], string, string[]]>([
    ['none', [], 'ErrImagePull: nobody may not', ['nobody']],
    ['one after the other is tried', ['bad', 'good', 'later'], PULLED, ['bad', 'good']],
    ['all are wrong', ['bad', 'worse'], 'ErrImagePull: [bad may not, worse may not]', ['bad', 'worse']],
    ['all are wrong alike', ['bad', 'bad'], 'ErrImagePull: bad may not', ['bad', 'bad']],
  ])('%s', async (_, names, outcome, tried) => {
    const asked = strict(names.map(as));
    expect(await ensure('there:1')).toBe(outcome);
    expect(asked).toEqual(tried);
  });

  test('a Secret that cannot be read fails the pull', async () => {
    const credentials = () => {
      throw new Error('image pull secret "s" cannot be read: the data is no JSON');
    };
    const secrets = { check: () => {}, credentials };
    images = new Images({ runtime, events: { event: () => {} }, clock: systemClock, secrets });
    expect(await ensure('there:1')).toBe('ErrImagePull: image pull secret "s" cannot be read: the data is no JSON');
  });
});
