import type { Status } from '../../kube/generated/objects.ts';
import type { Identity } from '../auth/identity.ts';
import type { Route } from '../http/route.ts';

export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** One entry of the audit log: `Event` of audit.k8s.io/v1 (apiserver `pkg/apis/audit/v1/types.go`) at level Metadata, so without any body. */
export interface AuditEvent {
  kind: 'Event';
  apiVersion: 'audit.k8s.io/v1';
  level: 'Metadata';
  auditID: string;
  stage: Stage;
  requestURI: string;
  verb: string;
  user: AuditUser;
  impersonatedUser?: AuditUser;
  sourceIPs: string[];
  userAgent?: string;
  objectRef?: ObjectRef;
  responseStatus?: ResponseStatus;
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
}

export interface AuditUser {
  username?: string;
  uid?: string;
  groups?: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ObjectRef {
  resource: string;
  namespace?: string;
  name?: string;
  apiGroup?: string;
  apiVersion: string;
  subresource?: string;
}

export type ResponseStatus = Pick<Status, 'status' | 'message' | 'reason' | 'details' | 'code'> & { metadata: object };

/** Nobody is known before somebody has been believed. */
export function userOf(identity: Identity | undefined): AuditUser {
  if (!identity) return {};
  const { name, uid, groups, extra } = identity;
  return { username: name, ...(uid !== undefined && { uid }), groups, ...(extra && { extra }) };
}

/** The object that a URL names; undefined for paths beside resources. */
export function objectRefOf(route: Route): ObjectRef | undefined {
  if (route.kind === 'path') return undefined;
  const { resource, namespace, name, group, version, subresource } = route;
  const inItself = group === '' && resource === 'namespaces' ? name : undefined;
  const place = namespace ?? inItself;
  return {
    resource,
    ...(place !== undefined && { namespace: place }),
    ...(name !== undefined && { name }),
    ...(group !== '' && { apiGroup: group }),
    apiVersion: version,
    ...(subresource !== undefined && { subresource }),
  };
}

/** Resources whose refusals may quote what must not be written down. */
const CONFIDENTIAL = ['secrets', 'tokenreviews', 'serviceaccounts/token'];

/**
 * What the log says of an answer: its code and, of a refusal, why. Refusals about secrets are told without their words, because those of a patch
 * quote its whole result.
 * @param body the answer; only a Status is looked at
 */
export function responseStatusOf(code: number, body: unknown, ref: ObjectRef | undefined): ResponseStatus {
  if (!isStatus(body) || body.status !== 'Failure') return { metadata: {}, code };
  const { status, message, reason, details } = body;
  const what = ref && [ref.resource, ref.subresource].filter(Boolean).join('/');
  if (what !== undefined && CONFIDENTIAL.includes(what))
    return { metadata: {}, status, ...(reason !== undefined && { reason }), code };
  return {
    metadata: {},
    status,
    ...(message !== undefined && { message }),
    ...(reason !== undefined && { reason }),
    ...(details && { details }),
    code,
  };
}

/** Kubernetes' MicroTime. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/Z$/, '000Z');
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
}
