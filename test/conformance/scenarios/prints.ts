import type { Container, PodSpec } from '../../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Assertion, Scenario, Upstream } from '../scenario.ts';

/** A container that prints something and ends: most of what Kubernetes promises of environment and files is checked like that. */
export interface Prints {
  id: string;
  says: string;
  upstream: Upstream[];
  container: Partial<Container>;
  /** What its log is, whole. */
  log: string | RegExp;
  spec?: Partial<PodSpec>;
  metadata?: Scenario['pod']['metadata'];
  objects?: KubeObject[];
  holds?: Assertion[];
}

export function prints({ id, says, upstream, container, log, spec, metadata, objects, holds = [] }: Prints): Scenario {
  const main: Container = { name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', ...container };
  return {
    id,
    says,
    upstream,
    ...(objects && { objects }),
    pod: {
      ...(metadata && { metadata }),
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        ...spec,
        containers: [main, ...(spec?.containers ?? [])],
      },
    },
    happens: [{ until: { ended: 'main' } }],
    holds: [{ log, of: 'main' }, ...holds],
  };
}

export const sh = (script: string): Partial<Container> => ({ command: ['sh', '-c', script] });

export function configMap(name: string, data: Record<string, string>, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data, ...more } as KubeObject;
}

export function secret(name: string, values: Record<string, string>, more: object = {}): KubeObject {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data, ...more } as KubeObject;
}
