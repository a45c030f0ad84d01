import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../client/resources.ts';
import { ServerError } from '../client/server-error.ts';
import { admitted } from './admitted.ts';
import { Applier } from './apply.ts';
import { judge, UP_ANNOTATION } from './mark.ts';
import type { NodeObjects } from './node-objects.ts';
import { textOf } from './said.ts';
import { keyOf, type Wanted, type WantedId } from './wanted.ts';

const PODS: Resource = {
  group: '',
  version: 'v1',
  name: 'pods',
  kind: 'Pod',
  namespaced: true,
  aliases: ['pod', 'po'],
};
const SECRETS: Resource = { ...PODS, name: 'secrets', kind: 'Secret', aliases: ['secret'] };
const NAMESPACES: Resource = { ...PODS, name: 'namespaces', kind: 'Namespace', namespaced: false, aliases: [] };
const wanted = (resource: Resource, name: string, more: object = {}): Wanted => ({
  resource,
  namespace: resource.namespaced ? 'default' : '',
  name,
  label: `${resource.kind.toLowerCase()}/${name}`,
  object: { kind: resource.kind, metadata: { name }, ...more },
  source: 'all.yaml:1:1',
  finishes: false,
});

/** The objects of a node, and everything that is asked of it. */
class FakeObjects implements Pick<NodeObjects, keyof NodeObjects> {
  readonly there = new Map<string, KubeObject>();
  readonly asked: string[] = [];
  refuse: (wanted: Wanted) => void = () => {};
  /** Pods end only when they are forced. */
  stubborn = false;
  private count = 0;

  has(one: Wanted, annotations: Record<string, string> = {}): void {
    this.there.set(keyOf(one), { ...one.object, metadata: { ...one.object.metadata, uid: 'theirs', annotations } });
  }
  async get(id: WantedId) {
    return this.there.get(keyOf(id));
  }
  async check(one: Wanted) {
    this.refuse(one);
  }
  async create(one: Wanted) {
    this.refuse(one);
    this.asked.push(`create ${one.label}`);
    const created = { ...one.object, metadata: { ...one.object.metadata, uid: `u${++this.count}` } };
    this.there.set(keyOf(one), created);
    return created;
  }
  async patch(one: Wanted, patch: Record<string, unknown>) {
    this.refuse(one);
    this.asked.push(`patch ${one.label} ${JSON.stringify(patch)}`);
    return this.there.get(keyOf(one))!;
  }
  async adopt(one: Wanted) {
    this.asked.push(`adopt ${one.label}`);
    return this.there.get(keyOf(one))!;
  }
  async delete(id: Wanted, _uid: string, grace?: number) {
    this.asked.push(`delete ${id.label}${grace === undefined ? '' : ` in ${grace} s`}`);
    if (!this.stubborn || grace === 0) this.there.delete(keyOf(id));
    return true;
  }
  async untilGone(id: WantedId, _uid: string, signal: AbortSignal) {
    if (!this.there.has(keyOf(id))) return;
    await new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }
  async pods() {
    return [];
  }
}

let node: FakeObjects;
let said: string[];
let applier: Applier;
const calm = new AbortController().signal;
beforeEach(() => {
  node = new FakeObjects();
  said = [];
  applier = new Applier({
    objects: node as unknown as NodeObjects,
    output: { say: (one) => void said.push(textOf(one)), log: async () => {}, expect: () => {} },
    host: 'here',
    gracePeriod: undefined,
    now: () => new Date(0),
  });
});
const invalid = new ServerError({ reason: 'Invalid', code: 422, message: 'no' });

describe('applying', () => {
  test('creates in order and takes away the other way round', async () => {
    await applier.apply([wanted(PODS, 'web'), wanted(SECRETS, 'key'), wanted(NAMESPACES, 'team')], calm);
    await applier.takeAway(calm);
    expect(node.asked).toEqual([
      'create namespace/team',
      'create secret/key',
      'create pod/web',
      'delete pod/web',
      'delete secret/key',
      'delete namespace/team',
    ]);
    expect(applier.wanted).toEqual([]);
  });

  test('what is somebody else’s stops it before anything is made', async () => {
    node.has(wanted(PODS, 'web'));
    await expect(applier.apply([wanted(SECRETS, 'key'), wanted(PODS, 'web')], calm)).rejects.toMatchObject({
      message: 'all.yaml:1:1: pod/web is there already, and was not made by "outfit up"',
      hint: 'outfit delete pod web -n default, or use another namespace: -n NAME',
    });
    expect(node.asked).toEqual([]);
  });

  test('what is there as wanted is used, and stays', async () => {
    node.has(wanted(SECRETS, 'key', { data: { a: 'QQ==' } }));
    await applier.apply([wanted(SECRETS, 'key', { data: { a: 'QQ==' } })], calm);
    await applier.takeAway(calm);
    expect(said).toEqual(['secret/key is there already: it is used, and it stays']);
    expect(node.asked).toEqual([]);
  });

  test('what an earlier run left behind is replaced; its namespaces are taken over', async () => {
    const mark = { [UP_ANNOTATION]: 'elsewhere/1/2' };
    node.has(wanted(PODS, 'web'), mark);
    node.has(wanted(NAMESPACES, 'team'), mark);
    await applier.apply([wanted(PODS, 'web'), wanted(NAMESPACES, 'team')], calm);
    expect(node.asked).toEqual(['adopt namespace/team', 'delete pod/web', 'create pod/web']);
  });

  test('what the server would not take replaces nothing', async () => {
    await applier.apply([wanted(PODS, 'web', { spec: { containers: [] } })], calm);
    node.refuse = () => {
      throw invalid;
    };
    await expect(applier.apply([wanted(PODS, 'web', { spec: { nodeName: 'x' } })], calm)).rejects.toBe(invalid);
    expect(node.asked).toEqual(['create pod/web']);
  });

  test('what cannot be changed in place is replaced', async () => {
    await applier.apply([wanted(SECRETS, 'key', { data: { a: 'QQ==' } })], calm);
    let refusals = 1;
    node.refuse = () => {
      if (refusals-- > 0) throw invalid;
    };
    await applier.apply([wanted(SECRETS, 'key', { data: { a: 'Qg==' } })], calm);
    expect(node.asked).toEqual(['create secret/key', 'delete secret/key', 'create secret/key']);
    expect(said).toContain('secret/key is replaced: data.a changed');
  });

  test('after a failure only what is missing is made', async () => {
    node.refuse = ({ name }) => {
      if (name === 'web') throw invalid;
    };
    const both = [wanted(SECRETS, 'key'), wanted(PODS, 'web')];
    await expect(applier.apply(both, calm)).rejects.toBe(invalid);
    node.refuse = () => {};
    await applier.apply(both, calm);
    expect(node.asked).toEqual(['create secret/key', 'create pod/web']);
  });

  test('the second Ctrl-C forces what is left', async () => {
    await applier.apply([wanted(PODS, 'web'), wanted(SECRETS, 'key')], calm);
    node.stubborn = true;
    const urgent = new AbortController();
    const done = applier.takeAway(urgent.signal);
    setTimeout(() => urgent.abort(), 10);
    await done;
    expect(node.asked.slice(2)).toEqual([
      'delete pod/web',
      'delete pod/web in 0 s',
      'delete secret/key',
      'delete secret/key in 0 s',
    ]);
    expect(node.there.size).toBe(0);
  });
});

describe('an object that is there already', () => {
  const pod = wanted(PODS, 'web');
  const found = (annotations: Record<string, string>, one = pod, isRunning = (): number | undefined => undefined) =>
    judge({ ...one.object, metadata: { ...one.object.metadata, annotations } }, one, 'here', isRunning);
  test.each([
    { what: 'a Pod of somebody', is: found({}), wanted: { is: 'foreign' } },
    { what: 'a Pod that was left behind', is: found({ [UP_ANNOTATION]: 'here/1/2' }), wanted: { is: 'left-behind' } },
    {
      what: 'a Pod of another run',
      is: found({ [UP_ANNOTATION]: 'here/1/2' }, pod, () => 1),
      wanted: { is: 'foreign', pid: 1 },
    },
    { what: 'a Namespace', is: found({}, wanted(NAMESPACES, 'team')), wanted: { is: 'as-wanted' } },
    { what: 'the same Secret', is: found({}, wanted(SECRETS, 'key', { data: {} })), wanted: { is: 'as-wanted' } },
  ])('$what', ({ is, wanted: expected }) => {
    expect(is).toEqual(expected);
  });

  test('another Secret', () => {
    const [ours, theirs] = [{ a: 'QQ==' }, { a: 'Qg==' }].map((data) => wanted(SECRETS, 'key', { data }));
    expect(judge(theirs!.object, ours!, 'here')).toEqual({ is: 'foreign' });
  });
});

test('what admission in the node made of a Pod', () => {
  const pod = (...sidecars: [string, string][]): KubeObject => ({
    metadata: {
      annotations: {
        'outfit.dev/attached': JSON.stringify({
          v: 1,
          sidecars: sidecars.map(([name, digest]) => ({ name, digest, attached: {} })),
        }),
      },
    },
    spec: { containers: [] },
  });
  const digest = (letter: string): string => letter.repeat(12);
  expect(
    admitted(
      pod(['a', digest('1')], ['b', digest('2')], ['c', digest('3')]),
      pod(['a', digest('1')], ['b', digest('4')], ['d', digest('5')]),
    ),
  ).toEqual({ joined: ['d'], lost: ['c'], other: ['b'] });
  expect(admitted({ metadata: {} }, { metadata: {} })).toEqual({ joined: [], lost: [], other: [] });
});
