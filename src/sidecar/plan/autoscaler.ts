import type { Container } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type Finding, onTemplate } from '../finding.ts';
import { kindOf, nameOf, namespaceOf, type Target } from '../target.ts';

/**
 * A HorizontalPodAutoscaler that looks at the use of a resource needs a request of every container that keeps running: without one it stops
 * scaling (`missing request for cpu on container …`). Metrics of single containers are not concerned.
 */
export function missingForAutoscaler(
  target: Target,
  added: readonly Container[],
  others: readonly KubeObject[],
): Finding[] {
  return others
    .filter((other) => other.kind === 'HorizontalPodAutoscaler' && scales(other, target))
    .flatMap((autoscaler) =>
      resourcesOf(autoscaler).flatMap((resource) =>
        added
          .filter(
            ({ resources }) =>
              resources?.requests?.[resource] === undefined && resources?.limits?.[resource] === undefined,
          )
          .map(({ name }) =>
            onTemplate(
              'NoRequestForAutoscaler',
              'spec',
              `container "${name}" requests no ${resource}, and HorizontalPodAutoscaler "${autoscaler.metadata.name}" scales by the use of ${resource}: it would stop scaling`,
              { severity: 'warning' },
            ),
          ),
      ),
    );
}

function scales({ metadata, spec }: KubeObject, target: Target): boolean {
  const ref = isRecord(spec) && isRecord(spec.scaleTargetRef) ? spec.scaleTargetRef : {};
  return (
    ref.kind === kindOf(target).kind &&
    ref.name === nameOf(target) &&
    (metadata.namespace ?? 'default') === namespaceOf(target)
  );
}

function resourcesOf({ spec }: KubeObject): string[] {
  if (!isRecord(spec)) return [];
  const ofV1 = spec.targetCPUUtilizationPercentage === undefined ? [] : ['cpu'];
  const metrics = Array.isArray(spec.metrics) ? spec.metrics : [];
  const ofV2 = metrics.flatMap((metric) => {
    const resource = isRecord(metric) && metric.type === 'Resource' && isRecord(metric.resource) ? metric.resource : {};
    const byUse = isRecord(resource.target) && resource.target.type === 'Utilization';
    return byUse && typeof resource.name === 'string' ? [resource.name] : [];
  });
  return [...new Set([...ofV1, ...ofV2])];
}
