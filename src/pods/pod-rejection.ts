import type { Pod } from '../kube/generated/objects.ts';
import { type PodFailure, rejected } from './pod-failure.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';
import { sysctlFailure } from './sysctls.ts';

/** Why the node does not let the Pod in, as the kubelet's admission handlers say it; undefined where it does. */
export function podRejection(pod: Pod, runtime: RuntimeAbilities): PodFailure | undefined {
  return systemFailure(pod) ?? sysctlFailure(pod) ?? groupsFailure(pod, runtime);
}

/** The label of a node is looked at when the Pod is scheduled; this is for Pods of any node that say what they are. */
function systemFailure({ spec }: Pod): PodFailure | undefined {
  const name = spec?.os?.name;
  if (!name || name === 'linux') return undefined;
  return rejected('PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS");
}

/** Without the runtime's help the groups that the image gives its user would be added all the same (`pkg/kubelet/lifecycle/predicate.go`). */
function groupsFailure({ spec }: Pod, runtime: RuntimeAbilities): PodFailure | undefined {
  if (runtime.supplementalGroupsPolicy || spec?.securityContext?.supplementalGroupsPolicy !== 'Strict')
    return undefined;
  const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
  return rejected('SupplementalGroupsPolicyNotSupported', message);
}
