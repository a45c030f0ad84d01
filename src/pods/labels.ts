import type { Container, Pod } from '../kube/generated/objects.ts';
import { containerHash } from './hash.ts';
import { HASH_ANNOTATION, POD_UID_LABEL } from './observed.ts';
import { gracePeriod } from './pod-spec.ts';

export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';
export const MESSAGE_PATH_ANNOTATION = 'io.kubernetes.container.terminationMessagePath';
export const MESSAGE_POLICY_ANNOTATION = 'io.kubernetes.container.terminationMessagePolicy';

/** Labels of the Pod's sandboxes and containers (`pkg/kubelet/kuberuntime/labels.go`), which crictl-like tools understand. */
export function podLabels({ metadata: { name = '', namespace = '', uid = '' } = {} }: Pod): Record<string, string> {
  return { [POD_NAME_LABEL]: name, [POD_NAMESPACE_LABEL]: namespace, [POD_UID_LABEL]: uid };
}

export function containerLabels(pod: Pod, container: Container): Record<string, string> {
  return { ...podLabels(pod), [CONTAINER_NAME_LABEL]: container.name };
}

/** What must be known of a container after a restart of the node, even when the Pod is no longer in the store. */
export function containerAnnotations(pod: Pod, container: Container, attempt: number): Record<string, string> {
  const { terminationMessagePath = '/dev/termination-log', terminationMessagePolicy = 'File', ports } = container;
  const { deletionGracePeriodSeconds } = pod.metadata ?? {};
  return {
    [HASH_ANNOTATION]: containerHash(container),
    'io.kubernetes.container.restartCount': String(attempt),
    [MESSAGE_PATH_ANNOTATION]: terminationMessagePath,
    [MESSAGE_POLICY_ANNOTATION]: terminationMessagePolicy,
    ...(ports?.length && { 'io.kubernetes.container.ports': JSON.stringify(ports) }),
    ...(container.lifecycle?.preStop && {
      'io.kubernetes.container.preStopHandler': JSON.stringify({ ...container.lifecycle.preStop }),
    }),
    'io.kubernetes.pod.terminationGracePeriod': String(gracePeriod({ spec: pod.spec })),
    ...(deletionGracePeriodSeconds !== undefined && {
      'io.kubernetes.pod.deletionGracePeriod': String(deletionGracePeriodSeconds),
    }),
  };
}
