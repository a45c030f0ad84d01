import { type Image, type Runtime, RuntimeError } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import { defaultPullPolicy, InvalidImageName, parseImageName } from '../kube/image-name.ts';
import { type BackOff, type BackOffRules, backOffUntil, KUBELET_BACKOFF, nextBackOff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { goDuration } from './go-duration.ts';
import { fieldPath, podUid } from './pod-spec.ts';
import type { PodEvent, PodEvents } from './ports.ts';
import type { PullSecrets } from './pull-secrets/pull-secrets.ts';
import { Slots } from './slots.ts';

/** The waiting reasons of a container whose image is missing (`pkg/kubelet/images/types.go`). */
export type ImageReason =
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'ImageInspectError';

/** The container cannot be made for want of its image. `message` is what its waiting state says. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly reason: ImageReason;
  /** To be recorded before `Error: <reason>`, when it is the container's turn. */
  readonly announcement: PodEvent | undefined;
  /** Trying again earlier is of no use. Milliseconds since the epoch. */
  readonly retryAt: number | undefined;

  constructor(
    reason: ImageReason,
    message: string,
    more: { announcement?: PodEvent; retryAt?: number; cause?: unknown },
  ) {
    super(message, { cause: more.cause });
    this.reason = reason;
    this.announcement = more.announcement;
    this.retryAt = more.retryAt;
  }
}

/** An image that containers can be made from. `announcement` is to be recorded when it is the container's turn. */
export interface PresentImage {
  image: Image;
  announcement: PodEvent;
}

export interface ImagesOptions {
  runtime: Runtime;
  events: PodEvents;
  clock: Clock;
  backOffRules?: BackOffRules;
  /** Pulls at the same time, of different images; one image is pulled once at a time. */
  maxPulls?: number;
  /** Credentials for images, from the Pod's imagePullSecrets. Without it images are pulled without. */
  secrets?: Pick<PullSecrets, 'check' | 'credentials'>;
}

interface FailedPull extends BackOff {
  why: string;
}

/** How many failed pulls are remembered; the oldest are forgotten first. */
const MAX_REMEMBERED = 1000;

/** Sees to it that images are on the machine, by pull policy and with back-off (`pkg/kubelet/images/image_manager.go`). */
export class Images {
  readonly #options: ImagesOptions;
  readonly #rules: BackOffRules;
  readonly #slots: Slots;
  /** By Pod and image: another Pod may have the right credentials. */
  readonly #failed = new Map<string, FailedPull>();

  constructor(options: ImagesOptions) {
    this.#options = options;
    this.#rules = options.backOffRules ?? KUBELET_BACKOFF;
    this.#slots = new Slots(options.maxPulls ?? 5);
  }

  /**
   * The container's image, pulled if need be. `signal` gives up waiting.
   * @throws ImageError for the container's status; RuntimeError Unavailable when the runtime does not answer; the signal's reason
   */
  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<PresentImage> {
    const { image = '' } = container;
    checkName(image);
    const policy = container.imagePullPolicy ?? defaultPullPolicy(image);
    if (policy !== 'Always') {
      const present = await this.#inspect(image);
      if (present)
        return { image: present, announcement: pulled(`Container image "${image}" already present on machine`) };
      if (policy === 'Never') throw neverPull(image);
    }
    return this.#pull(pod, container, signal);
  }

  /** Tells the user of Secrets for images that are missing, before the Pod's images are asked for. */
  announce(pod: Pod): void {
    this.#options.secrets?.check(pod);
  }

  /** The Pod is gone: what is remembered of its pulls is not needed any more. */
  forget(uid: string): void {
    for (const key of this.#failed.keys()) if (key.startsWith(`${uid}_`)) this.#failed.delete(key);
  }

  async #inspect(image: string): Promise<Image | undefined> {
    try {
      return await this.#options.runtime.imageStatus(image);
    } catch (error) {
      passOnUnavailable(error);
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`;
      const announcement = { type: 'Warning', reason: 'InspectFailed', message } as const;
      throw new ImageError('ImageInspectError', message, { announcement, cause: error });
    }
  }

  async #pull(pod: Pod, container: Container, signal: AbortSignal): Promise<PresentImage> {
    const { events, clock } = this.#options;
    const { image = '' } = container;
    const key = `${podUid(pod)}_${image}`;
    this.#refuseEarly(key, image);
    const asked = clock.now();
    events.event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, fieldPath(pod, container.name));
    try {
      return await this.#slots.run(() => this.#pullNow({ pod, image, asked, signal }), { key: image, signal });
    } catch (error) {
      signal.throwIfAborted();
      passOnUnavailable(error);
      throw this.#pullFailed(key, image, error);
    }
  }

  async #pullNow({ pod, image, asked, signal }: { pod: Pod; image: string; asked: number; signal: AbortSignal }) {
    const { runtime, clock } = this.#options;
    const begun = clock.now();
    const reference = await this.#tryEach(pod, image, signal);
    const ended = clock.now();
    const present = (await runtime.imageStatus(reference)) ?? { id: reference, repoTags: [], repoDigests: [], size: 0 };
    const took = `${goDuration(ended - begun)} (${goDuration(ended - asked)} including waiting)`;
    const message = `Successfully pulled image "${image}" in ${took}. Image size: ${present.size} bytes.`;
    return { image: present, announcement: pulled(message) };
  }

  /** With one credential after the other, until one is good (`kuberuntime_image.go`). @throws Error with the words of all that failed */
  async #tryEach(pod: Pod, image: string, signal: AbortSignal): Promise<string> {
    const { runtime, secrets } = this.#options;
    const credentials = secrets?.credentials(pod, image) ?? [];
    if (credentials.length === 0) return runtime.pullImage(image, { signal });
    const failures: unknown[] = [];
    for (const auth of credentials) {
      try {
        return await runtime.pullImage(image, { signal, auth });
      } catch (error) {
        signal.throwIfAborted();
        passOnUnavailable(error);
        failures.push(error);
      }
    }
    const texts = [...new Set(failures.map(messageOf))];
    throw new Error(texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`, { cause: failures.at(-1) });
  }

  /** @throws ImageError ImagePullBackOff while it is too early for another pull */
  #refuseEarly(key: string, image: string): void {
    const failed = this.#failed.get(key);
    if (!failed) return;
    const until = backOffUntil(failed, failed.since, this.#options.clock.now(), this.#rules);
    if (until === undefined) return;
    const message = `Back-off pulling image "${image}"`;
    const announcement = { type: 'Normal', reason: 'BackOff', message } as const;
    throw new ImageError('ImagePullBackOff', `${message}: ErrImagePull: ${failed.why}`, {
      announcement,
      retryAt: until,
    });
  }

  #pullFailed(key: string, image: string, error: unknown): ImageError {
    const now = this.#options.clock.now();
    const why = messageOf(error);
    const backOff = nextBackOff(this.#failed.get(key), now, now, this.#rules);
    this.#failed.delete(key);
    this.#failed.set(key, { ...backOff, why });
    for (const oldest of this.#failed.keys()) if (this.#failed.size > MAX_REMEMBERED) this.#failed.delete(oldest);
    const message = `Failed to pull image "${image}": ${why}`;
    return new ImageError('ErrImagePull', why, {
      announcement: { type: 'Warning', reason: 'Failed', message },
      cause: error,
    });
  }
}

function checkName(image: string): void {
  try {
    parseImageName(image);
  } catch (error) {
    if (!(error instanceof InvalidImageName)) throw error;
    const message = `Failed to apply default image tag "${image}": ${error.message}`;
    const announcement = { type: 'Warning', reason: 'InspectFailed', message } as const;
    throw new ImageError('InvalidImageName', message, { announcement, cause: error });
  }
}

function neverPull(image: string): ImageError {
  const message = `Container image "${image}" is not present with pull policy of Never`;
  return new ImageError('ErrImageNeverPull', message, {
    announcement: { type: 'Warning', reason: 'ErrImageNeverPull', message },
  });
}

function pulled(message: string): PodEvent {
  return { type: 'Normal', reason: 'Pulled', message };
}

/** A runtime that is down says nothing about the image. */
function passOnUnavailable(error: unknown): void {
  if (error instanceof RuntimeError && error.code === 'Unavailable') throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
