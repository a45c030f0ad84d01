import { createHash } from 'node:crypto';
import {
  aggregated,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupVersions,
} from '../discovery/resource-lists.ts';
import type { VersionInfo } from '../discovery/version.ts';
import type { OpenApiFiles } from '../openapi/files.ts';
import type { SigningKey } from '../pki/signing-key.ts';
import { methodNotAllowed } from '../rest/errors.ts';
import { OPENID_PATHS, openIdDocument } from '../service-accounts/openid.ts';
import { type Form, negotiate, parseAccept } from './accept.ts';
import type { ApiRequest, BodyResponse, Headers } from './exchange.ts';
import { type HealthChecks, health } from './health.ts';
import { objectResponse, pageNotFound, type Rendering } from './respond.ts';

/** What the paths beside resources are answered from. */
export interface PathContext {
  version: VersionInfo;
  checks: HealthChecks;
  openapi: OpenApiFiles;
  /** Of the tokens of service accounts. */
  signingKey: SigningKey;
}

const ROOTS = [
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];

/** Answers health, version, discovery and OpenAPI; anything else is not there, in plain text as kube-apiserver says it. */
export async function handlePath(
  context: PathContext,
  request: ApiRequest,
  path: string,
  query: URLSearchParams,
  rendering: Omit<Rendering, 'encoding'>,
): Promise<BodyResponse> {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const found =
    health(trimmed, query, context.checks) ??
    (await context.openapi.answer(trimmed, request)) ??
    openIdDocument(trimmed, request, context.signingKey) ??
    (await document(context, request, trimmed, rendering));
  if (!found) return pageNotFound();
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  return found;
}

async function document(
  { version }: PathContext,
  request: ApiRequest,
  path: string,
  rendering: Omit<Rendering, 'encoding'>,
): Promise<BodyResponse | undefined> {
  if (path === '/api' || path === '/apis') {
    const combined = aggregatedForm(request.headers.accept);
    if (combined) return aggregatedResponse(request, path === '/api' ? 'api' : 'apis', combined, rendering);
  }
  const object = plainDocument(version, request, path);
  if (!object) return undefined;
  const form: Form = negotiate(request.headers.accept, []);
  return objectResponse(200, object, { ...rendering, encoding: form.encoding });
}

function plainDocument(version: VersionInfo, { headers }: ApiRequest, path: string): object | undefined {
  const [, root, group, groupVersion, ...rest] = path.split('/');
  if (path === '/') return { paths: [...ROOTS, ...OPENID_PATHS, ...groupVersions().flatMap(pathsOf)].sort() };
  if (path === '/version') return version;
  if (rest.length > 0) return undefined;
  if (path === '/api') return apiVersions(headers.host ?? '');
  if (root === 'api' && groupVersion === undefined) return apiResourceList('', group ?? '');
  if (path === '/apis') return apiGroupList();
  if (root !== 'apis' || !group) return undefined;
  return groupVersion === undefined ? apiGroup(group) : apiResourceList(group, groupVersion);
}

const pathsOf = ({ group, version }: { group: string; version: string }): string[] =>
  group === '' ? [] : [`/apis/${group}`, `/apis/${group}/${version}`];

type AggregatedVersion = 'v2' | 'v2beta1';

/** The aggregated form, when it is asked for before the plain one. */
function aggregatedForm(accept: string | undefined): AggregatedVersion | undefined {
  for (const { type, params } of parseAccept(accept)) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (params.as === undefined) return undefined;
    const { g, v, as } = params;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}

async function aggregatedResponse(
  { headers }: ApiRequest,
  root: 'api' | 'apis',
  version: AggregatedVersion,
  rendering: Omit<Rendering, 'encoding'>,
): Promise<BodyResponse> {
  const list = aggregated(root, version);
  const etag = `"${createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 32).toUpperCase()}"`;
  const extra: Headers = {
    'Content-Type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    ETag: etag,
    Vary: 'Accept',
  };
  if (headers['if-none-match'] === etag) return { kind: 'body', status: 304, headers: extra, body: '' };
  return objectResponse(200, list, { ...rendering, encoding: 'json' }, extra);
}
