import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeRule } from '../../kube/merge-keys.ts';
import { fieldOf } from './schema.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What makes `to` of `from`, in the form that kubectl's client-side apply sends: a two-way difference. */
function diff(from: Json, to: Json, definition: string | undefined): Json {
  const patch: Json = {};
  for (const field of Object.keys(from)) if (!Object.hasOwn(to, field)) patch[field] = null;
  for (const [field, value] of Object.entries(to))
    if (!same(from[field], value)) Object.assign(patch, fieldDiff(field, from[field], value, definition));
  return patch;
}

function fieldDiff(field: string, before: unknown, after: unknown, definition: string | undefined): Json {
  const { definition: inner, merges, mergeKey } = fieldOf(definition, field);
  if (isObject(before) && isObject(after)) return { [field]: diff(before, after, inner) };
  if (!merges || !Array.isArray(before) || !Array.isArray(after)) return { [field]: after };
  if (mergeKey === undefined) return primitiveDiff(field, before, after);
  const retains = mergeRule(definition!, field)?.patchStrategy?.includes('retainKeys') ?? false;
  return listDiff(field, before as Json[], after as Json[], { mergeKey, inner, retains });
}

function primitiveDiff(field: string, before: unknown[], after: unknown[]): Json {
  const gone = before.filter((item) => !after.includes(item));
  const added = after.filter((item) => !before.includes(item));
  return {
    [`$setElementOrder/${field}`]: after,
    ...(gone.length > 0 && { [`$deleteFromPrimitiveList/${field}`]: gone }),
    ...(added.length > 0 && { [field]: added }),
  };
}

interface ListRule {
  mergeKey: string;
  inner: string | undefined;
  retains: boolean;
}

function listDiff(field: string, before: Json[], after: Json[], { mergeKey, inner, retains }: ListRule): Json {
  const find = (list: Json[], item: Json) => list.find((other) => other[mergeKey] === item[mergeKey]);
  const gone = before.filter((item) => !find(after, item));
  const changed = after.flatMap((item) => {
    const known = find(before, item);
    if (!known) return [item];
    if (same(known, item)) return [];
    const retain = retains && { $retainKeys: Object.keys(item) };
    return [{ [mergeKey]: item[mergeKey], ...diff(known, item, inner), ...retain }];
  });
  const items = [...gone.map((item) => ({ [mergeKey]: item[mergeKey], $patch: 'delete' })), ...changed];
  return {
    [`$setElementOrder/${field}`]: after.map((item) => ({ [mergeKey]: item[mergeKey] })),
    ...(items.length > 0 && { [field]: items }),
  };
}

const word = fc.constantFrom('a', 'b', 'c', 'd');
const optional = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T, ...requiredKeys: (keyof T & string)[]) =>
  fc.record(model, { requiredKeys } as never) as fc.Arbitrary<Json>;
const keyed = (key: string, item: fc.Arbitrary<Json>) =>
  fc.uniqueArray(item, { maxLength: 4, selector: (element) => element[key] });
const words = fc.array(word, { maxLength: 3 });
const map = fc.dictionary(word, word, { maxKeys: 3 });

const container = optional(
  {
    name: word,
    image: word,
    command: words,
    env: keyed(
      'name',
      optional({ name: word, value: word, valueFrom: fc.constant({ fieldRef: { fieldPath: 'x' } }) }, 'name'),
    ),
    ports: keyed('containerPort', optional({ containerPort: fc.nat(3), protocol: word, name: word }, 'containerPort')),
    volumeMounts: keyed('mountPath', optional({ mountPath: word, name: word, readOnly: fc.boolean() }, 'mountPath')),
    resources: optional({ limits: map, requests: map }),
    securityContext: optional({ runAsUser: fc.nat(3), capabilities: optional({ add: words, drop: words }) }),
  },
  'name',
);
/** A volume has one source; a change of it must drop the other. */
const volume = fc.oneof(
  optional({ name: word, emptyDir: optional({ medium: word, sizeLimit: word }) }, 'name', 'emptyDir'),
  optional({ name: word, configMap: optional({ name: word, optional: fc.boolean() }) }, 'name', 'configMap'),
  optional({ name: word, hostPath: optional({ path: word, type: word }) }, 'name', 'hostPath'),
);
const pod = optional({
  metadata: optional({
    name: word,
    labels: map,
    annotations: map,
    finalizers: fc.uniqueArray(word, { maxLength: 4 }),
    ownerReferences: keyed('uid', optional({ uid: word, kind: word, controller: fc.boolean() }, 'uid')),
  }),
  spec: optional({
    containers: keyed('name', container),
    initContainers: keyed('name', container),
    volumes: keyed('name', volume),
    nodeSelector: map,
    tolerations: fc.array(optional({ key: word, value: word }), { maxLength: 3 }),
    imagePullSecrets: keyed('name', optional({ name: word }, 'name')),
    hostAliases: keyed('ip', optional({ ip: word, hostnames: words }, 'ip')),
    topologySpreadConstraints: keyed('topologyKey', optional({ topologyKey: word, maxSkew: fc.nat(3) }, 'topologyKey')),
    securityContext: optional({ fsGroup: fc.nat(3), supplementalGroups: fc.array(fc.nat(3), { maxLength: 2 }) }),
    hostname: word,
  }),
  status: optional({ conditions: keyed('type', optional({ type: word, status: word }, 'type')) }),
});

describe('strategic merge patch of Pods', () => {
  test('applying the difference of two gives the second', () => {
    fc.assert(
      fc.property(pod, pod, (a, b) => {
        expect(applyStrategicMergePatch(a, diff(a, b, 'Pod'), 'Pod')).toEqual(b);
      }),
      { numRuns: 1_000 },
    );
  });

  test('applying it once more changes nothing, and the difference to itself is none', () => {
    fc.assert(
      fc.property(pod, pod, (a, b) => {
        expect(diff(b, structuredClone(b), 'Pod')).toEqual({});
        expect(applyStrategicMergePatch(b, diff(a, b, 'Pod'), 'Pod')).toEqual(b);
      }),
    );
  });
});
