import type { Answer } from './context.ts';

/** The answer to a POST that has done something and made nothing. */
export function done(): Answer {
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}
