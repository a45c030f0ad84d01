/** The name of the main container of every Deployment. */
const MAIN = 'app';

/**
 * A stream of Deployments as people write them: comments, quotes, blank lines, some 0.7 kB each. Always the same for the same numbers.
 * @param from the number of the first one
 */
export function deployments(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) => deployment(from + i)).join('---\n');
}

function deployment(n: number): string {
  const name = `service-${String(n).padStart(5, '0')}`;
  const port = 8000 + (n % 1000);
  return `# ${name}: owned by team ${n % 17}, see the wiki before changing the limits
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
    tier: ${n % 3 === 0 ? 'web' : 'backend'}   # decides about the network policy
spec:
  replicas: ${1 + (n % 5)}
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
      # the port is that of the Service
      - name: ${MAIN}
        image: "registry.example.com/team-${n % 17}/${name}:1.${n % 40}.0"
        ports:
        - containerPort: ${port}
        env:
        - name: GREETING
          value: 'hello, world'
        resources:
          requests: {cpu: 100m, memory: 128Mi}
`;
}

/** One sidecar for all of them: a container, a volume, and a mount in the main container. */
export const SIDECAR = `apiVersion: outfit.dev/v1alpha1
kind: ClusterSidecar
metadata:
  name: logs
spec:
  selector:
    kinds: [Deployment]
  template:
    spec:
      containers:
${brought('      ')}
  mainContainers:
  - volumeMounts:
    - name: log-files
      mountPath: /var/log/app
`;

/** The same as a strategic-merge patch for kustomize. */
export const KUSTOMIZATION = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- deployments.yaml
patches:
- path: patch.yaml
  target:
    kind: Deployment
`;

export const PATCH = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: any
spec:
  template:
    spec:
      containers:
      - name: ${MAIN}
        volumeMounts:
        - name: log-files
          mountPath: /var/log/app
${brought('      ')}
`;

/** The container, and the volume after it; \`indent\` is that of the fields of the Pod's spec. */
function brought(indent: string): string {
  return `- name: log-shipper
  image: fluent/fluent-bit:3.1
  args: ["-c", "/fluent-bit/etc/fluent-bit.conf"]
  env:
  - name: FLUSH_SECONDS
    value: "5"
  resources:
    requests: {cpu: 50m, memory: 32Mi}
    limits: {memory: 64Mi}
  volumeMounts:
  - name: log-files
    mountPath: /var/log/app
    readOnly: true
volumes:
- name: log-files
  emptyDir: {}`
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}
