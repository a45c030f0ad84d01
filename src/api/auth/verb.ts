import type { Route } from '../http/route.ts';

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/** The verb of a request as authorization, audit and discovery name it. */
export function verbOf(method: string, route: Route, query: URLSearchParams): string {
  if (route.kind === 'path') return method.toLowerCase();
  const whole = route.name === undefined;
  if (method === 'GET' || method === 'HEAD') {
    if (isWatch(query) && route.subresource === undefined) return 'watch';
    return whole ? 'list' : 'get';
  }
  if (method === 'DELETE') return whole ? 'deletecollection' : 'delete';
  return VERBS[method] ?? method.toLowerCase();
}

/** Query booleans are true unless empty, absent, `false` or `0` (apimachinery `runtime.Convert_Slice_string_To_bool`). */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return query.has(name) && value !== 'false' && value !== '0';
}

export function isWatch(query: URLSearchParams): boolean {
  return isTrue(query, 'watch');
}
