import type { Event } from '../../kube/generated/objects.ts';
import { timeSince } from './human-duration.ts';
import { column, NAME, type TableKind } from './table.ts';

export const events: TableKind<Event> = {
  columns: [
    column('Last Seen', 'Time since it happened last.'),
    column('Type', 'Normal or Warning.'),
    column('Reason', 'Why, in one word for programs.'),
    column('Object', 'What it happened to.'),
    column('Subobject', 'The part of the object that it happened to.', { priority: 1 }),
    column('Source', 'Who reports it.', { priority: 1 }),
    column('Message', 'What happened, in a sentence for people.'),
    column('First Seen', 'Time since it happened first.', { priority: 1 }),
    column('Count', 'How often it happened.', { type: 'integer', priority: 1 }),
    { ...NAME, priority: 1 },
  ],
  cells: (event, now) => [
    timeSince(event.series?.lastObservedTime || event.lastTimestamp || firstTime(event), now),
    event.type ?? '',
    event.reason ?? '',
    target(event),
    event.involvedObject.fieldPath ?? '',
    source(event),
    (event.message ?? '').trim(),
    timeSince(firstTime(event), now),
    event.series?.count ?? (event.count || 1),
    event.metadata.name ?? '',
  ],
};

const firstTime = ({ firstTimestamp, eventTime }: Event): string | undefined => firstTimestamp || eventTime;

function target({ involvedObject: { kind = '', name } }: Event): string {
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function source({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || '';
  const host = source?.host || reportingInstance;
  return host ? `${component}, ${host}` : component;
}
