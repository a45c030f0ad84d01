import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { timeSince } from './human-duration.ts';
import { AGE, column, NAME, type TableKind } from './table.ts';

/** A selector takes no more of a row, in characters. */
const WIDEST = 60;

/** Sidecar and ClusterSidecar of outfit.dev. Whatever is not in the object is not shown: it may be of another version of Outfit. */
export const sidecars: TableKind<KubeObject> = {
  columns: [
    NAME,
    column('Selector', 'Whom it joins; several parts must all hold.'),
    column('Joins', 'Always, or OnRequest.'),
    column('Joined', 'How many Pods carry it that have not ended.', { type: 'string' }),
    column('Accepted', 'Whether it joins anybody at all.'),
    AGE,
    column('Reason', 'Why it is accepted, or is not.', { priority: 1 }),
    column('Message', 'The same in a sentence.', { priority: 1 }),
  ],
  cells: ({ metadata, spec, status }, now) => {
    const { selector, joins } = record(spec);
    const { joined, conditions } = record(status);
    const accepted = list(conditions)
      .map(record)
      .find(({ type }) => type === 'Accepted');
    return [
      metadata.name ?? '',
      selectorText(record(selector)),
      text(joins) || 'Always',
      typeof joined === 'number' ? joined : '<unknown>',
      text(accepted?.status) || 'Unknown',
      timeSince(metadata.creationTimestamp, now),
      text(accepted?.reason),
      text(accepted?.message),
    ];
  },
};

/** `app=web, names=web-*, kinds=Deployment, namespaces:team=shop, condition`. */
function selectorText({ matchAll, names, kinds, namespaceSelector, condition, ...labels }: Json): string {
  const parts = [
    ...labelTexts(labels),
    ...(list(names).length > 0 ? [`names=${list(names).map(text).join('|')}`] : []),
    ...(list(kinds).length > 0 ? [`kinds=${list(kinds).map(text).join('|')}`] : []),
    ...labelTexts(record(namespaceSelector)).map((one) => `namespaces:${one}`),
    ...(text(condition) === '' ? [] : ['condition']),
  ];
  if (parts.length > 0) return shortened(parts.join(', '));
  return matchAll === true || isRecord(namespaceSelector) ? '<all>' : '<none>';
}

function shortened(whole: string): string {
  return whole.length > WIDEST ? `${whole.slice(0, WIDEST - 1)}…` : whole;
}

/** As `kubectl get` shows a LabelSelector. */
function labelTexts({ matchLabels, matchExpressions }: Json): string[] {
  return [
    ...Object.entries(record(matchLabels)).map(([key, value]) => `${key}=${text(value)}`),
    ...list(matchExpressions).map((one) => requirementText(record(one))),
  ];
}

function requirementText({ key, operator, values }: Json): string {
  if (operator === 'Exists') return text(key);
  if (operator === 'DoesNotExist') return `!${text(key)}`;
  return `${text(key)} ${text(operator).toLowerCase()} (${list(values).map(text).join(',')})`;
}

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (isRecord(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
