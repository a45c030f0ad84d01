import { withDefaults } from '../../kube/defaults/defaults.ts';
import { validatePod } from '../../kube/validation/pod.ts';
import { type Attached, attach, type Joined } from '../attach.ts';
import type { CompiledSidecars } from '../compile.ts';
import type { Finding } from '../finding.ts';
import type { NamespaceFacts, Template } from '../target.ts';
import { setForeignAside } from './foreign.ts';
import { joinedSentence, problemSentence } from './sentences.ts';

export interface AdmitOptions {
  /** As a client sent it, or with an API server's defaults. */
  pod: Template;
  namespace: NamespaceFacts;
  /** Those that may join Pods of the namespace: `acceptSidecars`. */
  sidecars: CompiledSidecars;
}

export interface Admitted {
  /** The Pod to be created; the one that was given when nothing changes. */
  pod: Template;
  joined: Joined[];
  /** Sentences for whoever creates the Pod: what joined, and what is odd. */
  warnings: string[];
  /** Why the Pod is refused: then nothing else counts. */
  refusal?: string;
}

/**
 * What joins a Pod that is to be created. A sidecar that cannot join refuses the Pod, or with `failurePolicy: Ignore` stays away and is warned of. What
 * was attached elsewhere by sidecars that are not known here stays. A Pod that is invalid by itself goes through as it is: its own
 * validation has the better words.
 */
export function admitPod({ pod, namespace, sidecars }: AdmitOptions): Admitted {
  const ignored: string[] = [];
  for (let left = sidecars; ; ) {
    const foreign = setForeignAside(pod, (name) => left.sidecars.some((one) => one.name === name));
    const result = attach({ template: foreign.template, workload: foreign.template, namespace, sidecars: left });
    const errors = result.findings.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) {
      const warnings = [...ignored, ...sentences(result, foreign.names, pod)];
      return { pod: result.changed ? foreign.restore(result.template) : pod, joined: result.joined, warnings };
    }
    if (isInvalid(pod)) return { pod, joined: [], warnings: [] };
    const name = ignorable(errors, left);
    if (name === undefined) return { pod, joined: [], warnings: [], refusal: errors.map(problemSentence).join('; ') };
    const because = errors.filter((error) => isAbout(error, name)).map(problemSentence);
    ignored.push(...because.map((sentence) => `${sentence} (failurePolicy is Ignore)`));
    left = { ...left, sidecars: left.sidecars.filter((one) => one.name !== name) };
  }
}

/** Whether Kubernetes would refuse the Pod as it came. */
function isInvalid(pod: Template): boolean {
  const metadata = { namespace: 'default', ...pod.metadata };
  try {
    return validatePod(withDefaults({ group: '', resource: 'pods' }, { ...pod, metadata })).length > 0;
  } catch {
    // The validation of types that are not what they should be.
    return true;
  }
}

/** A sidecar whose author would rather have it stay away, and which one of the errors is about. */
function ignorable(errors: readonly Finding[], { sidecars }: CompiledSidecars): string | undefined {
  const mayStayAway = sidecars.filter(({ sidecar }) => sidecar.spec.failurePolicy === 'Ignore');
  return mayStayAway.find(({ name }) => errors.some((error) => isAbout(error, name)))?.name;
}

function isAbout({ sidecar, other }: Finding, name: string): boolean {
  return sidecar === name || other?.sidecar === name;
}

function sentences({ joined, findings }: Attached, foreign: readonly string[], pod: Template): string[] {
  const warnings = findings.filter(({ severity, code, message }) => {
    const isKnownElsewhere = code === 'UnknownSidecar' && foreign.some((name) => message.includes(`"${name}"`));
    return severity === 'warning' && !isKnownElsewhere;
  });
  return [...joined.map((one) => joinedSentence(one, pod)), ...warnings.map(problemSentence)];
}
