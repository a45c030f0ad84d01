import { setTimeout as sleep } from 'node:timers/promises';
import type { Event, Pod } from '../../src/kube/generated/objects.ts';
import type { Api } from './api.ts';

/** What was seen of one Pod: every version that the API gave out, in order. */
export interface Sight {
  versions: Pod[];
  gone: boolean;
  /** `Warning BackOff spec.containers{main}: Back-off restarting …` */
  events: string[];
}

/** Watches all Pods and events of a namespace, so that no look of a scenario costs a request, and nothing that was there for a moment is missed. */
export class Witness {
  private readonly api: Api;
  private readonly seen = new Map<string, Sight>();
  private over = false;

  /** `api` is its own: it is begun anew whenever the node goes away. */
  constructor(api: Api) {
    this.api = api;
    void this.follow('pods', (type, object) => this.pod(type, object as Pod));
    void this.follow('events', (_, object) => this.event(object as Event));
  }

  of(pod: string): Sight {
    const sight = this.seen.get(pod) ?? { versions: [], gone: false, events: [] };
    this.seen.set(pod, sight);
    return sight;
  }

  close(): void {
    this.over = true;
    this.api.forget();
  }

  /** A watch that ends (the node was restarted) is begun anew; what is there is told again, which does no harm. */
  private async follow(resource: string, each: (type: string, object: unknown) => void): Promise<void> {
    while (!this.over) {
      await this.api.watch(`/api/v1/namespaces/default/${resource}?watch=true`, each).catch(() => {});
      await sleep(200);
      this.api.forget();
    }
  }

  private pod(type: string, pod: Pod): void {
    const sight = this.of(pod.metadata?.name ?? '');
    sight.versions.push(pod);
    sight.gone = type === 'DELETED';
  }

  private event({ type, reason, message, involvedObject }: Event): void {
    const { name = '', fieldPath = '' } = involvedObject;
    this.of(name).events.push(`${type} ${reason} ${fieldPath}: ${message}`);
  }
}
