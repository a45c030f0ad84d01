import type { Container, Pod, Volume } from '../../kube/generated/objects.ts';

/**
 * The ConfigMaps and Secrets (`configmap/settings`) that a Pod reads only when its containers start: into their environment, or mounted with a
 * subPath. A change of one reaches the Pod only when it is started anew.
 */
export function configsReadAtStart({ spec }: Pod): Set<string> {
  const containers: Container[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return new Set(containers.flatMap((c) => [...inEnvironment(c), ...bySubPath(c, spec?.volumes ?? [])]));
}

function inEnvironment({ env = [], envFrom = [] }: Container): string[] {
  const references = [
    ...env.map(({ valueFrom }) => ({ configMap: valueFrom?.configMapKeyRef, secret: valueFrom?.secretKeyRef })),
    ...envFrom.map(({ configMapRef, secretRef }) => ({ configMap: configMapRef, secret: secretRef })),
  ];
  return references.flatMap(({ configMap, secret }) => [
    ...(configMap ? [`configmap/${configMap.name}`] : []),
    ...(secret ? [`secret/${secret.name}`] : []),
  ]);
}

function bySubPath({ volumeMounts = [] }: Container, volumes: readonly Volume[]): string[] {
  const mounted = volumeMounts.filter(({ subPath, subPathExpr }) => subPath || subPathExpr).map(({ name }) => name);
  return volumes.filter(({ name }) => mounted.includes(name)).flatMap(configsOf);
}

function configsOf({ configMap, secret, projected }: Volume): string[] {
  return [
    ...(configMap?.name ? [`configmap/${configMap.name}`] : []),
    ...(secret?.secretName ? [`secret/${secret.secretName}`] : []),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.configMap?.name ? [`configmap/${source.configMap.name}`] : []),
      ...(source.secret?.name ? [`secret/${source.secret.name}`] : []),
    ]),
  ];
}
