import type { Logger } from 'pino';
import type { TokenRequest } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { findResource, type Resource } from '../kube/resources.ts';
import type { Store } from '../store/store.ts';
import { askerOf } from './audit/asker.ts';
import { Audit, type AuditSink } from './audit/audit.ts';
import { auditConnection } from './audit/upgrades.ts';
import type { ServiceAccountRole } from './auth/access-rules.ts';
import { Authorizer } from './auth/authorizer.ts';
import type { CustomKinds } from './custom/custom-kind.ts';
import { VERSION, type VersionInfo } from './discovery/version.ts';
import { asClient } from './gc/as-client.ts';
import { Collector } from './gc/collector.ts';
import type { ApiRequest, ApiResponse } from './http/exchange.ts';
import { type ApiContext, handle } from './http/handle.ts';
import type { HealthChecks } from './http/health.ts';
import { type Listening, type ListenOptions, listen } from './http/node-server.ts';
import { handleUpgrade } from './http/upgrade.ts';
import { EncodingCache } from './http/watch-lines.ts';
import { Metrics } from './metrics/metrics.ts';
import { Namespaces } from './namespaces/namespaces.ts';
import type { NodeFunctions } from './node-functions.ts';
import { OpenApiFiles } from './openapi/files.ts';
import { createSigningKey, SigningKey } from './pki/signing-key.ts';
import { type Dial, dialTcp } from './proxy/connect.ts';
import type { Admit, RestContext } from './rest/context.ts';
import { removeCollection } from './rest/delete.ts';
import { Snapshots } from './rest/snapshots.ts';
import { Turns } from './rest/turns.ts';
import { grantToken } from './service-accounts/grant-token.ts';
import { Tokens } from './service-accounts/tokens.ts';

export interface ApiServerOptions {
  store: Store;
  functions: NodeFunctions;
  log: Logger;
  /** Signs the tokens of service accounts. Without it they end with the process. */
  signingKey?: SigningKey;
  /** PEM of the authority that signs the API's certificate; Pods find it in the ConfigMap `kube-root-ca.crt` of their namespace. */
  rootCertificate?: string;
  /** What service accounts may do; the default is `view`. */
  serviceAccountRole?: ServiceAccountRole;
  /** Looks at every object that is written. Without it all are taken as they are. */
  admit?: Admit;
  /** Sentences on what the node cannot honour of an object; clients get them as warnings. */
  warningsFor?: (object: KubeObject, resource: Resource) => string[];
  /** Schemas and rules of custom resources. */
  customKinds?: CustomKinds;
  /** Is told of every request and how it was answered. Without it nothing is written down. */
  audit?: AuditSink;
  /** What /livez, /readyz and /healthz ask beside `ping`. */
  checks?: HealthChecks;
  /** Where scripts/generate-openapi.mjs has put its documents; without it there is no /openapi. */
  openapiDirectory?: string;
  /** How pods/proxy reaches a Pod's port; a plain connection to its address is the default. */
  proxyDial?: Dial;
  version?: Partial<VersionInfo>;
  now?: () => Date;
  ids?: { uid(): string; random(): number };
}

export interface ApiServer {
  /** Answers one request in memory. Never rejects. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Answers a TokenRequest without HTTP, for the kubelet's side of this process. @throws StatusError */
  grantToken(account: { namespace: string; name: string }, request: Pick<TokenRequest, 'spec'>): TokenRequest;
  /** @throws ListenError */
  listen(options: ListenOptions): Promise<Listening>;
  /** Ends background work. Listeners are closed on their own. */
  stop(): void;
}

/** The Kubernetes API over a store. Resolves when the namespaces that every cluster has are there. */
export async function apiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { context, namespaces } = assemble(options);
  await namespaces.start();
  const collector = new Collector({ store: options.store, log: options.log, ...asClient(context.rest) });
  collector.start();
  const audit = auditOf(options, context.rest);
  const plain = (request: ApiRequest) => handle(context, request);
  const answer = audit ? (request: ApiRequest) => audit.request(request, plain) : plain;
  return {
    handle: answer,
    grantToken: (account, request) => grantToken({ ...context.rest, warn: () => {} }, account, request),
    listen: (where) =>
      listen(
        {
          handle: answer,
          upgrade: (request, req, socket, head) => {
            if (audit) auditConnection(audit.begin(request), socket);
            return handleUpgrade(context, request, { req, socket, head });
          },
        },
        where,
      ),
    stop: () => {
      collector.stop();
      namespaces.stop();
    },
  };
}

function assemble(options: ApiServerOptions): { context: ApiContext; namespaces: Namespaces } {
  const { store, functions, log } = options;
  const now = options.now ?? (() => new Date());
  const ids = options.ids ?? { uid: () => crypto.randomUUID(), random: Math.random };
  const namespaces = new Namespaces({
    store,
    now,
    uid: () => ids.uid(),
    removeAll: (resource, namespace) => removeAll(rest, resource, namespace),
    ...(options.rootCertificate !== undefined && { rootCertificate: options.rootCertificate }),
    log,
  });
  const key = options.signingKey ?? new SigningKey(createSigningKey());
  const rest: RestContext = {
    store,
    now,
    ids,
    admit: options.admit ?? ((object) => object),
    warningsFor: options.warningsFor ?? (() => []),
    customKinds: options.customKinds ?? {},
    snapshots: new Snapshots({ now }),
    turns: new Turns(),
    namespaces,
    authorizer: new Authorizer(options.serviceAccountRole ?? 'view'),
    tokens: new Tokens({ key, store, now, uid: () => ids.uid() }),
    log,
  };
  const paths = {
    version: { ...VERSION, ...options.version },
    checks: { ping: () => undefined, ...options.checks },
    openapi: new OpenApiFiles(options.openapiDirectory),
    signingKey: key,
  };
  const metrics = new Metrics({ store, process: processFacts });
  const proxyDial = options.proxyDial ?? dialTcp;
  return { context: { rest, paths, functions, encodings: new EncodingCache(), metrics, proxyDial, log }, namespaces };
}

function processFacts() {
  const { user, system } = process.cpuUsage();
  const startedAt = Date.now() / 1000 - process.uptime();
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6, startedAt };
}

function auditOf({ audit: sink }: ApiServerOptions, rest: RestContext): Audit | undefined {
  const { now } = rest;
  return sink && new Audit({ sink, now, uid: () => rest.ids.uid(), whoAsks: (request) => askerOf(rest, request) });
}

/** Deletes as a client would, so that Pods get their grace periods and finalizers are waited for. */
async function removeAll(rest: RestContext, { group, version, resource }: Resource, namespace: string): Promise<void> {
  const http: ApiRequest = {
    method: 'DELETE',
    url: '',
    headers: {},
    readBody: async () => Buffer.alloc(0),
    signal: new AbortController().signal,
  };
  await removeCollection(rest, {
    resource: findResource(group, version, resource)!,
    namespace,
    query: new URLSearchParams(),
    identity: { name: 'system:serviceaccount:kube-system:namespace-controller', groups: ['system:masters'] },
    http,
    warnings: [],
    dryRun: false,
  });
}
