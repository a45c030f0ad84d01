/** What `examples/web-app/pod.yaml` becomes with `examples/web-app/sidecar.yaml`: the article's second manifest, and where it came from. */
export const GOLDEN = `apiVersion: v1
kind: Pod
metadata:
  name: web-app
  annotations:
    outfit.dev/attached: '{"v":1,"sidecars":[{"name":"hello","digest":"2a5691a76e02","attached":{"volumes":{"var-logs":"e9a67ca6"},"containers":{"sidecar-container":"b4f67328","main-container":{"volumeMounts":{"/usr/share/nginx/html":"637164e5"}}}}}]}'
spec:
  containers:
  - image: nginx
    name: main-container
    ports:
    - containerPort: 80
    volumeMounts:
    - name: var-logs
      mountPath: /usr/share/nginx/html
  - name: sidecar-container
    image: busybox
    command: ["/bin/sh"]
    args: ["-c", "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done"]
    volumeMounts:
    - name: var-logs
      mountPath: /var/log
  volumes:
  - name: var-logs
    emptyDir: {}
`;
