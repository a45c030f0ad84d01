import type { Pod, PodSpec } from '../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../src/kube/object.ts';

/** Tests of Kubernetes (titles of `It`), by the file that they are in, that a scenario stands for. */
export interface Upstream {
  /** As `upstream.ts` names it: below `test/` of kubernetes/kubernetes. */
  file: string;
  tests: string[];
}

/**
 * One behaviour of Kubernetes, as data: a Pod, what happens to it, and what must have been seen. Nothing in it is an instant or a
 * duration that a busy machine could make wrong; only order counts.
 */
export interface Scenario {
  /** Name of the Pod, and of its folder on the machine. */
  id: string;
  /** The behaviour in a sentence, for docs/conformance.md. */
  says: string;
  upstream: Upstream[];
  pod: { metadata?: Pod['metadata']; spec: PodSpec };
  /** Made before the Pod. Their names begin with the id. */
  objects?: KubeObject[];
  happens: Step[];
  holds: Assertion[];
  /** The scenario restarts the node: it has the node to itself. */
  alone?: boolean;
  /** Why this node does not behave so. The scenario runs all the same, and it is an error when it passes. */
  fails?: string;
}

/** What happens to the Pod, one after the other. A step that waits has a minute or two of patience. */
export type Step =
  | { until: Condition }
  /** Without waiting for the end of it. */
  | { delete: { gracePeriodSeconds?: number } }
  | { gone: true }
  /** Makes a file in the folder that the containers see as /w. */
  | { touch: string }
  | { image: string; to: string }
  | { exec: string; script: string }
  /** Strategic merge patch of the Pod, or of another object by its path below /api/v1/namespaces/default. */
  | { patch: object; of?: string }
  | { create: KubeObject }
  /** Deletes an object by its path below /api/v1/namespaces/default. */
  | { remove: string }
  /** Kills the node's process and starts it again; the containers live on. */
  | { restartNode: true }
  /** Kills the sandbox of the Pod, as a reboot would; the node's process stands still meanwhile. */
  | { killSandbox: true };

export type Condition =
  | { phase: string }
  | { running: string }
  | { ended: string }
  | { waiting: string; reason: string }
  | { restarts: string; atLeast: number }
  | { condition: string; is: 'True' | 'False' }
  | { ready: string; is: boolean }
  /** A line of the story: `main started`. */
  | { told: string; times?: number }
  | { event: RegExp }
  /** `exec` of a script in a container succeeds and prints this. */
  | { prints: RegExp; of: string; script: string }
  | { reason: string };

/**
 * What must hold afterwards. The *story* is the lines that containers, hooks and probes wrote into one file, in the order in which they
 * wrote them: `main started`, `PreStop-main starting`, `main exiting`.
 */
export type Assertion =
  /** The first start of each comes before the first start of the next. */
  | { startsBefore: string[] }
  /** The last exit of each comes before the last exit of the next. */
  | { exitsBefore: string[] }
  /** The first one has ended before the second ever started. */
  | { endsBeforeStart: [string, string] }
  /** There was a time when both ran. */
  | { runTogether: [string, string] }
  | { neverStarted: string }
  | { restarted: string }
  | { notRestarted: string }
  /** Starts of the first after the (first) start of the second. */
  | { startsAgainAfter: [string, string] }
  /** These lines are in the story, in this order. */
  | { story: string[] }
  /** Every line of the first list is there, and before the first line of the second. */
  | { allBefore: [string[], string[]] }
  | { notTold: string }
  | { phase: string }
  | { neverPhase: string }
  /** Exit code and reason by container. */
  | { exits: Record<string, [number, string]> }
  | { restartCount: Record<string, number> }
  | { image: Record<string, RegExp> }
  | { event: RegExp }
  | { noEvent: RegExp }
  /** Conditions in the order in which they became so: `Initialized=True`. Others may come between. */
  | { conditions: string[] }
  | { conditionIs: Record<string, string> }
  /** The container ran and was not ready before it was ready. */
  | { unreadyFirst: string }
  | { neverReady: string }
  /** Its restart count never went down. */
  | { countsUp: string }
  /** READY, STATUS, RESTARTS as `kubectl get pod` prints them. */
  | { row: RegExp }
  /** The whole log of a container. */
  | { log: string | RegExp; of: string }
  | { message: string | RegExp; of: string }
  | { status: Record<string, unknown> }
  | { label: [string, string] }
  /** The Pod has an address, and knows that of its machine. */
  | { ips: true };
