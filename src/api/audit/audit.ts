import type { Identity } from '../auth/identity.ts';
import { verbOf } from '../auth/verb.ts';
import type { ApiRequest, ApiResponse, BodyResponse } from '../http/exchange.ts';
import { parseRoute, type Route } from '../http/route.ts';
import {
  type AuditEvent,
  microTime,
  type ObjectRef,
  objectRefOf,
  type ResponseStatus,
  responseStatusOf,
  type Stage,
  userOf,
} from './event.ts';

/** Takes an entry of the audit log. It must neither throw nor wait. */
export type AuditSink = (event: AuditEvent) => void;

/** Who has shown who they are, and who the request is to be taken for. */
export interface Asker {
  user: Identity;
  actingAs: Identity;
}

export interface AuditOptions {
  sink: AuditSink;
  now(): Date;
  uid(): string;
  /** @throws StatusError when nobody can be told, or the one may not be the other */
  whoAsks(request: ApiRequest): Asker;
}

type Base = Omit<AuditEvent, 'stage' | 'stageTimestamp' | 'responseStatus'>;

/** Subresources whose answers go on, so that their start is worth an entry (kube-apiserver's long-running requests). */
const LONG_RUNNING = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/** Writes down every request in Kubernetes' form: when it came, when a long answer began, and how it ended. */
export class Audit {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Answers by `handle`, and tells the log. The answer has the header Audit-Id. */
  async request(request: ApiRequest, handle: (request: ApiRequest) => Promise<ApiResponse>): Promise<ApiResponse> {
    const trail = this.begin(request);
    const response = await handle(request).catch((error: unknown) => {
      trail.panic(error);
      throw error;
    });
    return trail.follow(response);
  }

  /** Notes that a request has come. */
  begin(request: ApiRequest): Trail {
    const { now, sink } = this.#options;
    const trail = new Trail(this.#base(request), sink, now);
    trail.tell('RequestReceived');
    return trail;
  }

  #base(request: ApiRequest): Base {
    const { now, uid } = this.#options;
    const { 'user-agent': userAgent, 'audit-id': given = '' } = request.headers;
    const { verb, objectRef } = targetOf(request);
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: /^[\w-]{1,64}$/.test(given) ? given : uid(),
      requestURI: request.url,
      verb,
      ...this.#users(request),
      sourceIPs: request.remoteAddress === undefined ? [] : [request.remoteAddress],
      ...(userAgent !== undefined && { userAgent }),
      ...(objectRef && { objectRef }),
      requestReceivedTimestamp: microTime(now()),
    };
  }

  #users(request: ApiRequest): Pick<AuditEvent, 'user' | 'impersonatedUser'> {
    try {
      const { user, actingAs } = this.#options.whoAsks(request);
      return { user: userOf(user), ...(actingAs !== user && { impersonatedUser: userOf(actingAs) }) };
    } catch {
      return { user: userOf(undefined) };
    }
  }
}

/** The entries about one request. */
export class Trail {
  readonly #base: Base;
  readonly #sink: AuditSink;
  readonly #now: () => Date;

  constructor(base: Base, sink: AuditSink, now: () => Date) {
    this.#base = base;
    this.#sink = sink;
    this.#now = now;
  }

  tell(stage: Stage, responseStatus?: ResponseStatus, name?: string): void {
    const { objectRef, ...rest } = this.#base;
    this.#sink({
      ...rest,
      stage,
      ...(objectRef && { objectRef: name === undefined ? objectRef : { ...objectRef, name } }),
      ...(responseStatus && { responseStatus }),
      stageTimestamp: microTime(this.#now()),
    });
  }

  /** Notes that an answer with this code has begun, or is over. */
  answered(stage: 'ResponseStarted' | 'ResponseComplete', code: number): void {
    this.tell(stage, { metadata: {}, code });
  }

  /** Notes that a bug has cut the request off. */
  panic(error: unknown): void {
    const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
    const body = { kind: 'Status', status: 'Failure', message, reason: 'InternalError' };
    this.tell('Panic', responseStatusOf(500, body, this.#base.objectRef));
  }

  /** The answer, which from now on tells the log how it goes. */
  follow(response: ApiResponse): ApiResponse {
    if (response.kind === 'raw') return { kind: 'raw', serve: (req, res) => this.#serve(response, req, res) };
    const headers = { ...response.headers, 'Audit-Id': this.#base.auditID };
    if (response.kind === 'stream')
      return { ...response, headers, run: (write, signal) => this.#run(response, write, signal) };
    this.#complete(response);
    return { ...response, headers };
  }

  #complete(response: BodyResponse): void {
    const { objectRef, verb } = this.#base;
    const made = response.status === 201 && verb === 'create' && objectRef?.name === undefined;
    const body = response.status >= 400 || made ? readJson(response) : undefined;
    this.tell('ResponseComplete', responseStatusOf(response.status, body, objectRef), made ? nameOf(body) : undefined);
  }

  async #run(
    { run, status }: Extract<ApiResponse, { kind: 'stream' }>,
    ...[write, signal]: Parameters<Extract<ApiResponse, { kind: 'stream' }>['run']>
  ): Promise<void> {
    this.answered('ResponseStarted', status);
    await run(write, signal).catch((error: unknown) => {
      this.panic(error);
      throw error;
    });
    this.answered('ResponseComplete', status);
  }

  async #serve(
    { serve }: Extract<ApiResponse, { kind: 'raw' }>,
    ...[req, res]: Parameters<Extract<ApiResponse, { kind: 'raw' }>['serve']>
  ): Promise<void> {
    res.setHeader('Audit-Id', this.#base.auditID);
    if (LONG_RUNNING.includes(this.#base.objectRef?.subresource ?? '')) this.tell('ResponseStarted');
    await serve(req, res).catch((error: unknown) => {
      this.panic(error);
      throw error;
    });
    this.answered('ResponseComplete', res.statusCode);
  }
}

/** What a request is about; a URL that cannot be read is about nothing. */
function targetOf({ method, url }: ApiRequest): { verb: string; objectRef: ObjectRef | undefined } {
  const [path = '/', ...search] = url.split('?');
  let route: Route;
  try {
    route = parseRoute(path);
  } catch {
    route = { kind: 'path', path };
  }
  return { verb: verbOf(method, route, new URLSearchParams(search.join('?'))), objectRef: objectRefOf(route) };
}

function readJson({ headers, body }: BodyResponse): unknown {
  if (headers['Content-Encoding'] !== undefined) return undefined;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function nameOf(object: unknown): string | undefined {
  const name = (object as { metadata?: { name?: unknown } } | undefined)?.metadata?.name;
  return typeof name === 'string' ? name : undefined;
}
