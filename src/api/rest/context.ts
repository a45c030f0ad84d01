import type { Logger } from 'pino';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource, Subresource } from '../../kube/resources.ts';
import type { Store } from '../../store/store.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Identity } from '../auth/identity.ts';
import type { CustomKinds } from '../custom/custom-kind.ts';
import type { ApiRequest } from '../http/exchange.ts';
import type { Tokens } from '../service-accounts/tokens.ts';
import type { Snapshots } from './snapshots.ts';
import type { Turns } from './turns.ts';

/** What an admission function is told beside the object. */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  resource: Resource;
  subresource?: string;
  namespace: string;
  name: string;
  identity: Identity;
  dryRun: boolean;
  /** The stored object before the change. */
  previous?: KubeObject;
  /** Says something to the client beside the answer. */
  warn(sentence: string): void;
}

/**
 * Looks at an object before it is validated and stored; answers the object, possibly another one. It must not alter what it is given.
 * @throws StatusError Forbidden or what else the client shall read
 */
export type Admit = (object: KubeObject, request: AdmissionRequest) => KubeObject | Promise<KubeObject>;

/** What all verbs work with. */
export interface RestContext {
  store: Store;
  now(): Date;
  ids: { uid(): string; random(): number };
  admit: Admit;
  /** Fields that the node accepts and cannot honour, as sentences for the client. */
  warningsFor(object: KubeObject, resource: Resource): string[];
  customKinds: CustomKinds;
  snapshots: Snapshots;
  /** Of those who change one object at the same time. */
  turns: Turns;
  namespaces: NamespaceLife;
  authorizer: Authorizer;
  /** Of service accounts. */
  tokens: Tokens;
  log: Logger;
}

/** What happens with a namespace beside its own object. */
interface NamespaceLife {
  /** Makes what every namespace has. */
  furnish(name: string): Promise<void>;
  /** Removes a namespace's content and then the namespace; returns at once. */
  terminate(name: string): void;
}

/** A request for a resource that is served, by somebody who may. */
export interface RestRequest {
  resource: Resource;
  subresource?: Subresource;
  /** '' for cluster-scoped resources; undefined for all namespaces. */
  namespace: string | undefined;
  name?: string;
  query: URLSearchParams;
  identity: Identity;
  http: ApiRequest;
  /** Collects Warning headers. */
  warnings: string[];
  /** Everything happens but the write. */
  dryRun: boolean;
}

/** What a verb answers: an object in the version of its resource, or a Status or List. */
export interface Answer {
  status: number;
  object: Record<string, unknown>;
}
