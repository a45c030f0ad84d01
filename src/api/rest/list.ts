import { badRequest, StatusError } from '../../kube/errors.ts';
import type { Status } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resources.ts';
import type { Collection } from '../../store/store.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.ts';
import { type ListOptions, parseListOptions, requireRevision } from './list-options.ts';
import { selectionOf } from './selection.ts';
import { fromStorage } from './versions.ts';

/** Answers LIST: selection, pages that agree with each other, resourceVersion semantics. An absent namespace lists empty. */
export function list(context: RestContext, request: RestRequest): Answer {
  const { resource, query } = request;
  const options = parseListOptions(query);
  const selection = selectionOf(resource, query, request.name);
  const source = readSource(context, request, options);
  const matching = selection.all ? source.items : source.items.filter(selection.matches);
  const page = options.limit > 0 ? matching.slice(0, options.limit) : matching;
  const left = matching.length - page.length;
  if (left > 0) context.snapshots.keep(collectionKey(request), source.revision, source.items);
  return {
    status: 200,
    object: {
      kind: resource.listKind,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(source.revision),
        ...(left > 0 && { continue: nextPage(source, page.at(-1)!) }),
        ...(left > 0 && selection.all && { remainingItemCount: left }),
      },
      items: page.map((object) => withoutType(fromStorage(resource, object))),
    },
  };
}

/** The objects that a request is about, before selection. */
export function collectionOf({ resource, namespace }: Pick<RestRequest, 'resource' | 'namespace'>): Collection {
  return { ...resource.storage, ...(namespace !== undefined && { namespace }) };
}

function readSource(context: RestContext, request: RestRequest, options: ListOptions): Source {
  if (options.continue !== '') return continued(context, request, options);
  const now = context.store.list(collectionOf(request));
  requireRevision(options.revision, now.revision);
  if (options.match !== 'Exact' || options.revision === undefined || options.revision === now.revision) return now;
  const items = context.snapshots.find(collectionKey(request), options.revision);
  if (items) return { items, revision: options.revision };
  throw new StatusError('Expired', 'The resourceVersion for the provided list is too old.', {});
}

interface Source {
  items: readonly KubeObject[];
  revision: number;
  /** The next page is read from whatever is there then. */
  inconsistent?: boolean;
}

function continued(context: RestContext, request: RestRequest, options: ListOptions): Source {
  if (options.resourceVersion !== '' && options.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const token = decodeContinue(options.continue);
  const now = context.store.list(collectionOf(request));
  const inconsistent = token.revision === -1;
  const items =
    inconsistent || token.revision === now.revision
      ? now.items
      : context.snapshots.find(collectionKey(request), token.revision);
  if (!items) throw new LostSnapshot(token);
  return {
    items: items.filter((object) => isAfter(object, token.after)),
    revision: inconsistent ? now.revision : token.revision,
    inconsistent,
  };
}

/** 410 that carries a token for going on with what is there now. */
class LostSnapshot extends StatusError {
  readonly #continue: string;

  constructor(token: ContinueToken) {
    super(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    this.#continue = encodeContinue({ ...token, revision: -1 });
  }

  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: this.#continue } };
  }
}

function nextPage({ revision, inconsistent }: Source, last: KubeObject): string {
  const { namespace = '', name = '' } = last.metadata;
  return encodeContinue({ revision: inconsistent ? -1 : revision, after: { namespace, name } });
}

function isAfter({ metadata }: KubeObject, after: ContinueToken['after']): boolean {
  const namespace = metadata.namespace ?? '';
  return namespace > after.namespace || (namespace === after.namespace && (metadata.name ?? '') > after.name);
}

function collectionKey({ resource, namespace }: RestRequest): string {
  const { storage } = resource;
  return [storage.group, storage.resource, namespace ?? '*'].join('/');
}

/** The items of a list do not repeat its kind. */
function withoutType({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): Omit<KubeObject, 'kind'> {
  return rest;
}
