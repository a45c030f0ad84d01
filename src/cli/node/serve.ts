import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type ApiServer, apiServer } from '../../api/api-server.ts';
import type { AuditSink } from '../../api/audit/audit.ts';
import { ListenError, type Listening } from '../../api/http/node-server.ts';
import type { NodeFunctions } from '../../api/node-functions.ts';
import type { SigningKey } from '../../api/pki/signing-key.ts';
import { gatewayAddress } from '../../cri/network/gateway.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { claimWarnings } from '../../pods/claims/claim-rules.ts';
import type { MachineAbilities } from '../../pods/field-support.ts';
import { unsupportedFields } from '../../pods/unsupported.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../command.ts';
import { openAuditLog } from './audit-log.ts';
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
  signingKey: SigningKey;
  sidecars: KnownSidecars;
  /** What the machine and its runtime can now. */
  abilities(): MachineAbilities;
}

/** An API that answers. */
export interface ServedApi extends Pick<ApiServer, 'grantToken'> {
  url: string;
  /** Where Pods reach it; absent where they cannot. */
  forPods?: { host: string; port: number };
}

const HOST = '127.0.0.1';
const DAY_MS = 24 * 3_600_000;

/** Serves the API on loopback, and to Pods where that is wanted, writes the kubeconfig for it, and renews the certificates before they end. @throws ListenError */
export async function startApi(options: ServeOptions): Promise<ServedApi> {
  const { settings, paths, context, log, teardown, store, functions, credentials, signingKey, sidecars, abilities } =
    options;
  const audit = await openAudit(options);
  const api = await apiServer({
    ...(audit && { audit }),
    store,
    functions,
    log,
    admit: sidecarAdmission(store, sidecars),
    customKinds: sidecarKinds(),
    warningsFor: (object, { storage }) => warningsFor(object, `${storage.resource}.${storage.group}`, abilities()),
    signingKey,
    rootCertificate: credentials.authority.certificate,
    serviceAccountRole: settings.serviceAccountRole,
    openapiDirectory: join(context.root, 'dist', 'openapi'),
  });
  teardown.add('api background work', () => api.stop());
  const listening = await listenOn(settings.port, paths, (port) =>
    api.listen({ host: HOST, port, tls: tlsOf(credentials) }),
  );
  teardown.add('api', () => listening.close());
  const forPods = await listenForPods(api, listening.port, options);
  await writePrivate(paths.kubeconfig, kubeconfigText(listening.url, credentials));
  const all = [listening, ...(forPods ? [forPods.listening] : [])];
  const timer = setInterval(() => void renew(all, options), DAY_MS);
  teardown.add('renewal of certificates', () => clearInterval(timer));
  const { grantToken } = api;
  return { url: listening.url, grantToken, ...(forPods && { forPods: forPods.address }) };
}

/** @throws Failure */
async function openAudit({ settings, log, teardown }: ServeOptions): Promise<AuditSink | undefined> {
  if (settings.auditLog === '') return undefined;
  const file = await openAuditLog(settings.auditLog, { log });
  teardown.add('audit log', () => file.close());
  return file.write;
}

/** What the node cannot honour. @param kind `pods.`: resource and group */
function warningsFor(object: KubeObject, kind: string, machine: MachineAbilities): string[] {
  if (kind === 'pods.') return unsupportedFields(object as Pod, machine);
  return kind === 'persistentvolumeclaims.' ? claimWarnings(object as PersistentVolumeClaim) : [];
}

/** At the address that the machine has among the Pods, and the same port: containers keep it in their environment. */
async function listenForPods(
  api: ApiServer,
  port: number,
  { settings, credentials, teardown }: ServeOptions,
): Promise<{ listening: Listening; address: { host: string; port: number } } | undefined> {
  if (!settings.apiForPods) return undefined;
  const address = { host: gatewayAddress(settings.podCidr), port };
  const listening = await api.listen({ ...address, tls: { ...tlsOf(credentials), smallClients: true } });
  teardown.add('api for pods', () => listening.close());
  return { listening, address };
}

/** What the server's certificate must hold beside the addresses of loopback. */
export function podAddresses({ apiForPods, podCidr }: NodeSettings): string[] {
  return apiForPods ? [gatewayAddress(podCidr)] : [];
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

async function renew(all: Listening[], { settings, paths, context, log }: ServeOptions): Promise<void> {
  try {
    const { credentials, renewed } = await loadCredentials(paths.pki, context.now(), podAddresses(settings));
    if (!renewed) return;
    for (const listening of all) listening.renew(tlsOf(credentials));
    await writePrivate(paths.kubeconfig, kubeconfigText(all[0]?.url ?? '', credentials));
    log.info('certificates renewed');
  } catch (error) {
    log.error({ err: error }, 'certificates could not be renewed; tried again tomorrow');
  }
}

function tlsOf({ server, authority }: Credentials): { certificate: string; key: string; authority: string } {
  return { ...server, authority: authority.certificate };
}
