/** A Pod with one container and nothing else. */
export function pod(name: string, more = ''): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
  - name: app
    image: app
${more}`;
}

/** A sidecar that brings one container of its own name. */
export function sidecar(name: string, { selector = '{matchAll: true}', more = '', image = 'busybox' } = {}): string {
  return `apiVersion: outfit.dev/v1alpha1
kind: ClusterSidecar
metadata:
  name: ${name}
spec:
  selector: ${selector}
${more}  template:
    spec:
      containers:
      - name: ${name}
        image: ${image}
`;
}
