import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { withDefaults } from '../defaults/defaults.ts';
import type { Pod } from '../generated/objects.ts';
import type { KubeObject } from '../object.ts';
import { validatePod } from './pod.ts';
import { faults, LABEL } from './pod-rules/fixtures/table.ts';

test('the Pod that the rules of pod-rules/ are tried on is fine', () => expect(faults(() => {})).toEqual([]));

test("the article's second manifest has one fault", () => {
  const article = `
apiVersion: v1
kind: Pod
metadata: { name: web-app, namespace: default }
spec:
  containers:
  - image: nginx
    name: main-container
    ports: [{ containerPort: 80 }]
    volumeMounts: [{ name: var-logs, mountPath: /usr/share/nginx/html }]
  - image: busybox
    command: ["/bin/sh"]
    args: ["-c", "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done"]
    name: Sidecar-container
    volumeMounts: [{ name: var-logs, mountPath: /var/log }]
  volumes:
  - name: var-logs
    emptyDir: {}
`;
  const pod = withDefaults({ group: '', resource: 'pods' }, parse(article) as KubeObject);
  expect(validatePod(pod as Pod)).toEqual([
    { field: 'spec.containers[1].name', reason: 'FieldValueInvalid', message: LABEL('Sidecar-container') },
  ]);
});
