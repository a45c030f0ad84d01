import type { Logger } from 'pino';
import { StatusError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import type { Key, Store, StoreEvent } from '../../store/store.ts';
import { pause } from './pause.ts';

export interface FurnishingOptions {
  store: Store;
  now(): Date;
  uid(): string;
  /** PEM of the authority that signs the API's certificate. Without it no ConfigMap is made of it. */
  rootCertificate?: string;
  log: Logger;
}

/** The ServiceAccount that Pods run as which name none. */
const ACCOUNT = 'default';
/** Where Pods find whom to trust when they speak to the API. */
const ROOT_CONFIG_MAP = 'kube-root-ca.crt';
const DESCRIPTION = {
  key: 'kubernetes.io/description',
  text: 'The CA that has signed the certificate of this API server, for those who speak to it from within.',
};
/** How long to wait after a write that failed, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * Gives every namespace what Pods count on, and puts it back when somebody deletes or changes it: the ServiceAccount `default` and the ConfigMap
 * `kube-root-ca.crt` (kube-controller-manager, `serviceaccounts_controller.go` and `rootcacertpublisher`).
 */
export class Furnishing {
  readonly #options: FurnishingOptions;

  constructor(options: FurnishingOptions) {
    this.#options = options;
  }

  /** Makes what is missing in a namespace. Nothing happens in one that is not there, or is being deleted. */
  async furnish(namespace: string): Promise<void> {
    const found = this.#options.store.get({ group: '', resource: 'namespaces', namespace: '', name: namespace });
    if (!found || found.metadata.deletionTimestamp) return;
    await Promise.all([this.#ensureAccount(namespace), this.#ensureRootConfigMap(namespace)]);
  }

  /** Furnishes all namespaces, and watches over it until the signal aborts; returns when all have been furnished once. */
  async start(signal: AbortSignal): Promise<void> {
    const since = this.#options.store.revision;
    await this.#furnishAll();
    for (const resource of ['serviceaccounts', 'configmaps']) void this.#watch(resource, since, signal);
  }

  async #furnishAll(): Promise<void> {
    const { items } = this.#options.store.list({ group: '', resource: 'namespaces' });
    await Promise.all(items.map(({ metadata }) => this.furnish(metadata.name ?? '')));
  }

  async #watch(resource: string, since: number, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options;
    for (let from = since; !signal.aborted; ) {
      try {
        for await (const event of store.watch({ group: '', resource }, { since: from, signal })) {
          if (isDamage(event)) await this.furnish(event.object.metadata.namespace ?? '');
          from = event.revision;
        }
      } catch (err) {
        if (signal.aborted) return;
        log.warn({ err, resource }, 'namespaces could not be furnished');
        await pause(RETRY_MS, signal);
        from = store.revision;
        await this.#furnishAll().catch((err: unknown) => log.warn({ err }, 'namespaces could not be furnished'));
      }
    }
  }

  async #ensureAccount(namespace: string): Promise<void> {
    const key = { group: '', resource: 'serviceaccounts', namespace, name: ACCOUNT };
    if (!this.#options.store.get(key)) await this.#create(key, 'ServiceAccount', {});
  }

  async #ensureRootConfigMap(namespace: string): Promise<void> {
    const { store, rootCertificate } = this.#options;
    if (rootCertificate === undefined) return;
    const key = { group: '', resource: 'configmaps', namespace, name: ROOT_CONFIG_MAP };
    const data = { 'ca.crt': rootCertificate };
    const found = store.get(key);
    if (!found)
      await this.#create(key, 'ConfigMap', { data }, { annotations: { [DESCRIPTION.key]: DESCRIPTION.text } });
    else if (!isIntact(found, data)) await store.update(key, (current) => mended(current, data)).catch(unlessGone);
  }

  async #create(key: Key, kind: string, content: object, metadata: object = {}): Promise<void> {
    const { store, now, uid } = this.#options;
    const { name, namespace } = key;
    const born = { name, namespace, uid: uid(), creationTimestamp: formatTime(now()), ...metadata };
    await store.create(key, { kind, apiVersion: 'v1', metadata: born, ...content }).catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    });
  }
}

function isDamage({ type, object }: StoreEvent): boolean {
  const { name } = object.metadata;
  return (name === ACCOUNT && type === 'DELETED') || (name === ROOT_CONFIG_MAP && type !== 'ADDED');
}

function isIntact({ data, binaryData, metadata }: KubeObject, wanted: Record<string, string>): boolean {
  const described = metadata.annotations?.[DESCRIPTION.key];
  return JSON.stringify(data) === JSON.stringify(wanted) && binaryData === undefined && !!described;
}

function mended({ binaryData: _, ...current }: KubeObject, data: Record<string, string>): KubeObject {
  const { metadata } = current as KubeObject;
  const annotations = { ...metadata.annotations };
  annotations[DESCRIPTION.key] ||= DESCRIPTION.text;
  return { ...current, metadata: { ...metadata, annotations }, data };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
}
