import type { Container, PodSpec } from '../../kube/generated/objects.ts';
import { type Finding, onTemplate } from '../finding.ts';

/** Containers that the kubelet would refuse to start, since attaching gave them or their Pod a rule that they break. */
export function securityConflicts(before: PodSpec, after: PodSpec): Finding[] {
  const roots = rootsOf(after);
  if (roots.length === 0) return [];
  const already = new Set(rootsOf(before).map(({ container }) => container.name));
  return roots
    .filter(({ container }) => !already.has(container.name))
    .map(({ container, path }) =>
      onTemplate(
        'SecurityConflict',
        `${path}.securityContext`,
        `container "${container.name}" runs as user 0, and the Pod's runAsNonRoot forbids it`,
      ),
    );
}

function rootsOf(spec: PodSpec): { container: Container; path: string }[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap((container, i) => {
      const nonRoot = container.securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot;
      const user = container.securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
      return nonRoot === true && user === 0 ? [{ container, path: `spec.${list}[${i}]` }] : [];
    }),
  );
}
