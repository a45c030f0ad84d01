import type { Answer, RestContext, RestRequest } from './context.ts';
import { find } from './key.ts';
import { parseRevision, requireRevision } from './list-options.ts';
import { fromStorage } from './versions.ts';

/** Answers GET of one object. */
export function get(context: RestContext, request: RestRequest): Answer {
  requireRevision(parseRevision(request.query.get('resourceVersion') ?? ''), context.store.revision);
  return { status: 200, object: fromStorage(request.resource, find(context, request)) };
}
