import type { FieldError } from '../errors.ts';
import { invalidEach, invalidValue, required } from '../field-errors.ts';
import type { Event } from '../generated/objects.ts';
import { isDns1123Subdomain, isQualifiedName } from '../names.ts';
import { immutable } from './immutable.ts';
import { validateMetadata } from './metadata.ts';

const SHORT = 128;
const NOTE = 1024;

/** An event in its core/v1 form; `strict` when it came through events.k8s.io/v1 (`pkg/apis/core/validation/events.go`). */
export function validateEvent(event: Event, strict: boolean): FieldError[] {
  const legacy = [
    ...(event.eventTime ? validateNewEvent(event) : validateOldEvent(event)),
    ...invalidEach('namespace', event.metadata?.namespace, isDns1123Subdomain(event.metadata?.namespace ?? '')),
  ];
  return strict ? [...legacy, ...validateStrictly(event)] : legacy;
}

const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** Through events.k8s.io/v1 only the series of an event may change. */
export function validateEventUpdate(next: Event, old: Event, strict: boolean): FieldError[] {
  if (!strict) return [];
  const names: Record<string, string> = { reportingComponent: 'reportingController' };
  return FIXED.flatMap((field) => immutable(names[field] ?? field, next[field], old[field]));
}

/** The namespace of the event is that of the object it is about; cluster-scoped objects have theirs in `default`. */
function validateOldEvent({ metadata, involvedObject }: Event): FieldError[] {
  const own = metadata?.namespace ?? '';
  const about = involvedObject?.namespace ?? '';
  const fits = about === '' ? own === '' || own === 'default' : own === about;
  return fits ? [] : [mismatch(about)];
}

function validateNewEvent(event: Event): FieldError[] {
  const about = event.involvedObject?.namespace ?? '';
  const fits = about !== '' || ['default', 'kube-system'].includes(event.metadata?.namespace ?? '');
  const controller = event.reportingComponent ?? '';
  return [
    ...(fits ? [] : [mismatch(about)]),
    ...(controller === '' ? [required('reportingController')] : []),
    ...invalidEach('reportingController', controller, isQualifiedName(controller)),
    ...bounded('reportingInstance', event.reportingInstance, SHORT),
    ...bounded('action', event.action, SHORT),
    ...bounded('reason', event.reason, SHORT),
    ...bounded('message', event.message ?? ' ', NOTE),
  ];
}

function validateStrictly(event: Event): FieldError[] {
  const unset = (field: string, isSet: unknown): FieldError[] =>
    isSet ? [invalidValue(field, '', 'needs to be unset')] : [];
  return [
    ...validateMetadata(event.metadata ?? {}, { namespaced: true }),
    ...(event.series && (event.series.count ?? 0) < 2
      ? [invalidValue('series.count', '', 'should be at least 2')]
      : []),
    ...(event.series && !event.series.lastObservedTime ? [required('series.lastObservedTime')] : []),
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(event.type === 'Normal' || event.type === 'Warning'
      ? []
      : [invalidValue('type', '', `has invalid value: ${event.type ?? ''}`)]),
    ...unset('firstTimestamp', event.firstTimestamp),
    ...unset('lastTimestamp', event.lastTimestamp),
    ...unset('count', event.count),
    ...unset('source', event.source?.component || event.source?.host),
  ];
}

function bounded(field: string, text: string | undefined, max: number): FieldError[] {
  if (!text) return [required(field)];
  return text.length > max ? [invalidValue(field, '', `can have at most ${max} characters`)] : [];
}

function mismatch(namespace: string): FieldError {
  return invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace');
}
