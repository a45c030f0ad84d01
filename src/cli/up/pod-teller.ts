import type { Event, Pod } from '../../kube/generated/objects.ts';
import type { Output } from './output.ts';
import { podState, stateText } from './pod-state.ts';
import { podLabel } from './wanted.ts';

/** What the Pod's own state tells already, and better. */
const TOLD_BY_STATE = ['BackOff', 'Failed', 'ErrImageNeverPull', 'InspectFailed', 'FailedScheduling', 'Killing'];

export interface PodTellerOptions {
  output: Output;
  home: string;
  now: () => Date;
}

/** Tells the states of Pods as they change, and warnings about them once each. */
export class PodTeller {
  private readonly options: PodTellerOptions;
  private readonly states = new Map<string, string>();
  private readonly warnings = new Map<string, Set<string>>();

  constructor(options: PodTellerOptions) {
    this.options = options;
  }

  changed(pod: Pod): void {
    const { output, home, now } = this.options;
    const uid = pod.metadata!.uid!;
    const state = podState(pod, now());
    if (this.states.get(uid) === stateText(state)) return;
    this.states.set(uid, stateText(state));
    output.say({ type: 'state', object: podLabel(pod, home), ...state });
  }

  event(pod: Pod, { type, reason = '', message = '' }: Event): void {
    if (type !== 'Warning' || TOLD_BY_STATE.includes(reason)) return;
    const told = this.warnings.get(pod.metadata!.uid!) ?? new Set();
    this.warnings.set(pod.metadata!.uid!, told);
    if (told.has(`${reason}: ${message}`)) return;
    told.add(`${reason}: ${message}`);
    this.options.output.say({ type: 'event', object: podLabel(pod, this.options.home), reason, message });
  }

  /** The last warning about a Pod: often the reason why it does not become ready. */
  lastWarning(pod: Pod): string | undefined {
    return [...(this.warnings.get(pod.metadata!.uid!) ?? [])].at(-1);
  }

  gone(pod: Pod): void {
    this.states.delete(pod.metadata!.uid!);
    this.warnings.delete(pod.metadata!.uid!);
  }
}
