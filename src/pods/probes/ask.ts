import type { Probe } from '../../kube/generated/objects.ts';
import { fieldPath } from '../pod-spec.ts';
import type { PodEvents } from '../ports.ts';
import { type ProbeAnswer, ProbeError, type ProbeTarget, type RunProbe } from './answer.ts';
import type { ProbeKind, ProbeResult } from './state.ts';

export interface AskInput {
  run: RunProbe;
  events: PodEvents;
  kind: ProbeKind;
  probe: Probe;
  target: ProbeTarget;
  /** The answer is of no interest any more. */
  signal: AbortSignal;
}

/** A probe that cannot be run is tried again at once, so many times in all (`maxProbeRetries`). */
const TRIES = 3;

/** Runs a probe and tells what it found as an event, in the kubelet's words (`pkg/kubelet/prober/prober.go`). Never rejects for a ProbeError. */
export async function ask(input: AskInput): Promise<ProbeResult> {
  const { kind, events, target, signal } = input;
  const word = WORDS[kind];
  const tell = (reason: string, text: string) =>
    events.event(target.pod, 'Warning', reason, `${word} probe ${text}`, fieldPath(target.pod, target.container.name));
  const answer = await tried(input);
  if (signal.aborted) return 'error';
  if (answer instanceof ProbeError) {
    tell('Unhealthy', `errored and resulted in unknown state: ${answer.message}`);
    return 'error';
  }
  if (answer.result === 'warning') tell('ProbeWarning', `warning: ${answer.output}`);
  if (answer.result === 'failure') tell('Unhealthy', `failed: ${answer.output}`);
  return answer.result === 'failure' ? 'failure' : 'success';
}

const WORDS: Record<ProbeKind, string> = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' };

async function tried({ run, probe, target, signal }: AskInput): Promise<ProbeAnswer | ProbeError> {
  for (let left = TRIES; ; left--) {
    try {
      return await run(probe, target, signal);
    } catch (error) {
      const failure = error instanceof ProbeError ? error : new ProbeError((error as Error).message, { cause: error });
      if (left <= 1 || signal.aborted) return failure;
    }
  }
}
