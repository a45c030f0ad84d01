/** Where containers reach the API. */
export interface ApiAddress {
  host: string;
  port: number;
}

/**
 * What tells client libraries that they are in a cluster, as the kubelet sets it for the Service `kubernetes` whatever `enableServiceLinks` says
 * (`pkg/kubelet/envvars`). Names have the port that this Service has in every cluster, values the one that is true here.
 */
export function apiVariables({ host, port }: ApiAddress): [name: string, value: string][] {
  const url = `tcp://${host}:${port}`;
  return [
    ['KUBERNETES_SERVICE_HOST', host],
    ['KUBERNETES_SERVICE_PORT', String(port)],
    ['KUBERNETES_SERVICE_PORT_HTTPS', String(port)],
    ['KUBERNETES_PORT', url],
    ['KUBERNETES_PORT_443_TCP', url],
    ['KUBERNETES_PORT_443_TCP_PROTO', 'tcp'],
    ['KUBERNETES_PORT_443_TCP_PORT', String(port)],
    ['KUBERNETES_PORT_443_TCP_ADDR', host],
  ];
}
