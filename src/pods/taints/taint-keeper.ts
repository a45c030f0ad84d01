import type { Logger } from 'pino';
import type { Node, Pod, Taint } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import type { Key, Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { withTimes } from '../conditions.ts';
import { gracePeriod, isDeleted, isTerminal, podKey, podUid } from '../pod-spec.ts';
import type { PodEvents } from '../ports.ts';
import { withCordonTaint } from './cordon.ts';
import { secondsTolerated } from './tolerations.ts';

export interface TaintKeeperOptions {
  store: Store;
  nodeName: string;
  /** Of component taint-eviction-controller. */
  events: PodEvents;
  clock: Clock;
  log: Logger;
}

interface Appointment {
  /** Milliseconds since the epoch. */
  due: number;
  timer: unknown;
}

/** Milliseconds; timers of longer delays fire early. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * What two controllers of a cluster do about taints: a node that is cordoned has the taint for it (node lifecycle controller), and Pods that do not
 * tolerate a NoExecute taint are deleted, at once or when the time that they tolerate it is over (taint-eviction-controller). Times begin anew when the
 * node's process does.
 */
export class TaintKeeper {
  readonly #options: TaintKeeperOptions;
  readonly #key: Key;
  /** Pods that are to go later, by uid. */
  readonly #appointments = new Map<string, Appointment>();

  constructor(options: TaintKeeperOptions) {
    this.#options = options;
    this.#key = { group: '', resource: 'nodes', namespace: '', name: options.nodeName };
  }

  /** The node is there or was changed. */
  nodeChanged(): void {
    const node = this.#options.store.get(this.#key) as Node | undefined;
    if (!node) return;
    const now = this.#options.clock.now();
    if (withCordonTaint(node, now) !== node)
      void this.#trying(
        this.#options.store.update(this.#key, (current) => withCordonTaint(current as Node, now) as KubeObject),
      );
    if (noExecute(node).length === 0 && this.#appointments.size === 0) return;
    for (const pod of this.#options.store.list({ group: '', resource: 'pods' }).items as Pod[]) this.podChanged(pod);
  }

  /** A Pod is there or was changed. */
  podChanged(pod: Pod): void {
    const { store, nodeName, clock } = this.#options;
    if (pod.spec?.nodeName !== nodeName) return;
    const uid = podUid(pod);
    const node = store.get(this.#key) as Node | undefined;
    const seconds = node ? secondsTolerated(pod, noExecute(node)) : Number.POSITIVE_INFINITY;
    if (isDeleted(pod)) this.forget(uid);
    else if (seconds === Number.POSITIVE_INFINITY) this.#cancel(pod);
    else if (seconds === 0) this.#evict(pod);
    else if (!this.#appointments.has(uid)) this.#appoint(uid, pod, clock.now() + seconds * 1000);
  }

  /** The Pod is gone. */
  forget(uid: string): void {
    this.#options.clock.clearTimeout(this.#appointments.get(uid)?.timer);
    this.#appointments.delete(uid);
  }

  close(): void {
    for (const uid of [...this.#appointments.keys()]) this.forget(uid);
  }

  #appoint(uid: string, pod: Pod, due: number): void {
    const { clock, store } = this.#options;
    const timer = clock.setTimeout(
      () => {
        const current = store.get(podKey(pod)) as Pod | undefined;
        if (!current || podUid(current) !== uid || isDeleted(current)) this.forget(uid);
        else if (clock.now() < due) this.#appoint(uid, pod, due);
        else this.#evict(current);
      },
      Math.min(due - clock.now(), LONGEST_TIMER),
    );
    this.#appointments.set(uid, { due, timer });
  }

  #cancel(pod: Pod): void {
    if (!this.#appointments.has(podUid(pod))) return;
    this.forget(podUid(pod));
    this.#say(pod, 'Cancelling deletion of Pod');
  }

  #evict(pod: Pod): void {
    this.forget(podUid(pod));
    this.#say(pod, 'Marking for deletion Pod');
    const { store, clock } = this.#options;
    void this.#trying(
      store.update(podKey(pod), (object) => {
        const current = object as Pod;
        const isSame = podUid(current) === podUid(pod) && !isDeleted(current);
        return (isSame ? marked(current, clock.now()) : current) as KubeObject;
      }),
    );
  }

  #say(pod: Pod, words: string): void {
    const { namespace, name } = pod.metadata ?? {};
    this.#options.events.event(pod, 'Normal', 'TaintManagerEviction', `${words} ${namespace}/${name}`);
  }

  async #trying(write: Promise<unknown>): Promise<void> {
    await write.catch((err: unknown) => this.#options.log.warn({ err }, 'taints: not written'));
  }
}

function noExecute({ spec }: Node): Taint[] {
  return (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/** As the API server marks a Pod that is deleted without further options, with the controller's reason. */
function marked(pod: Pod, now: number): Pod {
  const { metadata, status = {} } = pod;
  const grace = isTerminal(pod) ? 0 : gracePeriod(pod);
  const { conditions = [] } = status;
  const why = withTimes(
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    },
    conditions,
    now,
  );
  return {
    ...pod,
    metadata: {
      ...metadata,
      deletionTimestamp: formatTime(new Date(now + grace * 1000)),
      deletionGracePeriodSeconds: grace,
      ...(metadata?.generation !== undefined && { generation: metadata.generation + 1 }),
    },
    status: { ...status, conditions: [...conditions.filter(({ type }) => type !== why.type), why] },
  };
}
