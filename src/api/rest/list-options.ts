import { badRequest, type FieldError, invalid, StatusError } from '../../kube/errors.ts';
import { forbidden, notSupported } from '../../kube/field-errors.ts';
import { isTrue, isWatch } from '../auth/verb.ts';

type VersionMatch = 'Exact' | 'NotOlderThan';

/** The query of a LIST or WATCH, read and checked. */
export interface ListOptions {
  /** Absent for '' and, when `match` is absent, for '0': whatever is there now will do. */
  revision?: number;
  /** The query's own text; '' when absent. */
  resourceVersion: string;
  match?: VersionMatch;
  /** 0 for no limit. */
  limit: number;
  continue: string;
  timeoutSeconds?: number;
  bookmarks: boolean;
  sendInitialEvents?: boolean;
}

/**
 * Reads the options of a LIST or WATCH by the rules of apimachinery `meta/internalversion/validation`.
 * @throws StatusError BadRequest, Invalid
 */
export function parseListOptions(query: URLSearchParams): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const resourceVersion = query.get('resourceVersion') ?? '';
  const options: ListOptions = {
    resourceVersion,
    limit: integer(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    bookmarks: isTrue(query, 'allowWatchBookmarks'),
    ...(query.has('sendInitialEvents') && { sendInitialEvents: isTrue(query, 'sendInitialEvents') }),
  };
  const timeout = integer(query, 'timeoutSeconds');
  if (timeout !== undefined) options.timeoutSeconds = timeout;
  const errors = isWatch(query) ? watchErrors(options, match) : listErrors(options, match);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  if (match !== '') options.match = match as VersionMatch;
  const revision = parseRevision(resourceVersion);
  if (revision !== undefined) options.revision = revision;
  return options;
}

/**
 * A resourceVersion as a number; undefined for '' and '0'. Kubernetes answers 500 for one that is no number; that is the client's fault, so
 * here it is 400 in the same words.
 * @throws StatusError BadRequest
 */
export function parseRevision(text: string): number | undefined {
  if (text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/**
 * Refuses a read of a state that is not there yet.
 * @throws StatusError Timeout with the cause by which clients know to try again
 */
export function requireRevision(wanted: number | undefined, current: number): void {
  if (wanted === undefined || wanted <= current) return;
  throw new StatusError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

function listErrors(options: ListOptions, match: string): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '') {
    if (options.resourceVersion === '')
      errors.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
      );
    if (options.continue !== '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && options.resourceVersion === '0')
      errors.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      );
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(options: ListOptions, match: string): FieldError[] {
  const errors: FieldError[] = [];
  const initial = options.sendInitialEvents !== undefined;
  if (initial && match !== 'NotOlderThan')
    errors.push(
      forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    );
  if (match === '') return errors;
  if (!initial)
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (options.continue !== '')
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
  return errors;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,18}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Math.max(0, Number(text));
}
