import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { apiServer } from '../../api/api-server.ts';
import { ListenError, type Listening } from '../../api/http/node-server.ts';
import type { NodeFunctions } from '../../api/node-functions.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { claimWarnings } from '../../pods/claims/claim-rules.ts';
import { unsupportedFields } from '../../pods/unsupported.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../command.ts';
import { type Credentials, kubeconfigText, loadCredentials, writePrivate } from './credentials.ts';
import type { NodePaths } from './paths.ts';
import type { NodeSettings } from './settings.ts';
import { sidecarAdmission } from './sidecars/admission.ts';
import type { KnownSidecars } from './sidecars/known-sidecars.ts';
import { sidecarKinds } from './sidecars/sidecar-kinds.ts';
import type { Teardown } from './teardown.ts';

export interface ServeOptions {
  settings: NodeSettings;
  paths: NodePaths;
  context: Context;
  log: Logger;
  teardown: Teardown;
  store: Store;
  functions: NodeFunctions;
  credentials: Credentials;
  sidecars: KnownSidecars;
}

const HOST = '127.0.0.1';
/** What the node cannot honour, by kind. */
const WARNINGS: Record<string, (object: KubeObject) => string[]> = {
  'pods.': (object) => unsupportedFields(object as Pod),
  'persistentvolumeclaims.': (object) => claimWarnings(object as PersistentVolumeClaim),
};

const DAY_MS = 24 * 3_600_000;

/** Serves the API on loopback, writes the kubeconfig for it, and renews the certificates before they end. @throws ListenError */
export async function startApi(options: ServeOptions): Promise<{ url: string }> {
  const { settings, paths, context, log, teardown, store, functions, credentials, sidecars } = options;
  const api = await apiServer({
    store,
    functions,
    log,
    admit: sidecarAdmission(store, sidecars),
    customKinds: sidecarKinds(),
    warningsFor: (object, { storage }) => WARNINGS[`${storage.resource}.${storage.group}`]?.(object) ?? [],
    openapiDirectory: join(context.root, 'dist', 'openapi'),
  });
  teardown.add('api background work', () => api.stop());
  const listening = await listenOn(settings.port, paths, (port) =>
    api.listen({ host: HOST, port, tls: tlsOf(credentials) }),
  );
  teardown.add('api', () => listening.close());
  await writePrivate(paths.kubeconfig, kubeconfigText(listening.url, credentials));
  const timer = setInterval(() => void renew(listening, options), DAY_MS);
  teardown.add('renewal of certificates', () => clearInterval(timer));
  return { url: listening.url };
}

/** Any free port means, where it is still free, the one of last time: kubeconfigs that people copied stay good. */
async function listenOn(
  port: number,
  paths: NodePaths,
  listen: (port: number) => Promise<Listening>,
): Promise<Listening> {
  const last = port === 0 ? await lastPort(paths) : undefined;
  if (last === undefined) return listen(port);
  return listen(last).catch((error: unknown) => {
    if (error instanceof ListenError) return listen(0);
    throw error;
  });
}

async function lastPort({ kubeconfig }: NodePaths): Promise<number | undefined> {
  const text = await readFile(kubeconfig, 'utf8').catch(() => '');
  const port = /^ +server: https:\/\/127\.0\.0\.1:(\d+)$/m.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

async function renew(listening: Listening, { paths, context, log }: ServeOptions): Promise<void> {
  try {
    const { credentials, renewed } = await loadCredentials(paths.pki, context.now());
    if (!renewed) return;
    listening.renew(tlsOf(credentials));
    await writePrivate(paths.kubeconfig, kubeconfigText(listening.url, credentials));
    log.info('certificates renewed');
  } catch (error) {
    log.error({ err: error }, 'certificates could not be renewed; tried again tomorrow');
  }
}

function tlsOf({ server, authority }: Credentials): { certificate: string; key: string; authority: string } {
  return { ...server, authority: authority.certificate };
}
