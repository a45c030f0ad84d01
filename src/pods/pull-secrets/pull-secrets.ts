import type { Pod, Secret } from '../../kube/generated/objects.ts';
import type { PodEvents } from '../ports.ts';
import type { Credentials } from './docker-config.ts';
import { dockerConfigOf } from './docker-config.ts';
import { credentialsFor } from './keyring.ts';

export interface PullSecretsOptions {
  /** A Secret by namespace and name. */
  secret(namespace: string, name: string): Secret | undefined;
  events: PodEvents;
}

/** Credentials for images from the Secrets that Pods name in `imagePullSecrets`. Nothing is kept: a changed Secret counts at the next pull. */
export class PullSecrets {
  readonly #options: PullSecretsOptions;

  constructor(options: PullSecretsOptions) {
    this.#options = options;
  }

  /** Says which of the Pod's Secrets are missing: its images are pulled all the same (`getPullSecretsForPod` in the kubelet). */
  check(pod: Pod): void {
    const missing = names(pod).filter((name) => !this.#find(pod, name));
    if (missing.length === 0) return;
    const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
    this.#options.events.event(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message);
  }

  /**
   * What to try for the image, in this order; nothing for a pull without credentials.
   * @throws Error for a Secret that cannot be read; InvalidImageName
   */
  credentials(pod: Pod, image: string): Credentials[] {
    const secrets = names(pod).map((name) => this.#find(pod, name));
    const configs = secrets.map((secret) => secret && dockerConfigOf(secret)).filter((config) => config !== undefined);
    return credentialsFor(image, configs);
  }

  #find({ metadata }: Pod, name: string): Secret | undefined {
    return this.#options.secret(metadata?.namespace ?? '', name);
  }
}

function names({ spec }: Pod): string[] {
  return (spec?.imagePullSecrets ?? []).map(({ name = '' }) => name).filter((name) => name !== '');
}
