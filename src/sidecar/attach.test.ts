import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { attach } from './attach.ts';
import { detach } from './detach.ts';
import { hello, webApp } from './fixtures/hello.ts';
import { ATTACHED, annotationFor } from './sidecar.ts';

describe('the golden story', () => {
  it('is the one of examples/web-app', () => {
    const read = (file: string): unknown => parse(readFileSync(join('examples/web-app', file), 'utf8'));
    expect(read('sidecar.yaml')).toEqual(hello());
    expect(read('pod.yaml')).toEqual(webApp());
  });

  it("gives the article's second manifest, apart from the provenance", () => {
    const pod = webApp();
    const result = attach({ template: pod, workload: pod, sidecars: [hello()] });
    expect(result.findings).toEqual([]);
    expect(result.joined).toEqual([
      {
        name: 'hello',
        kind: 'Sidecar',
        rule: 'Selected',
        reason: 'selected by names',
        containers: ['sidecar-container'],
      },
    ]);
    expect(result.template).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-app',
        annotations: {
          [ATTACHED]:
            '{"v":1,"sidecars":[{"name":"hello","digest":"2a5691a76e02","attached":{"volumes":{"var-logs":"e9a67ca6"},"containers":{"sidecar-container":"b4f67328","main-container":{"volumeMounts":{"/usr/share/nginx/html":"637164e5"}}}}}]}',
        },
      },
      spec: {
        containers: [
          {
            image: 'nginx',
            name: 'main-container',
            ports: [{ containerPort: 80 }],
            volumeMounts: [{ name: 'var-logs', mountPath: '/usr/share/nginx/html' }],
          },
          {
            name: 'sidecar-container',
            image: 'busybox',
            command: ['/bin/sh'],
            args: [
              '-c',
              "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done",
            ],
            volumeMounts: [{ name: 'var-logs', mountPath: '/var/log' }],
          },
        ],
        volumes: [{ name: 'var-logs', emptyDir: {} }],
      },
    });
    expect(pod).toEqual(webApp());
  });

  it('gives back the first, with its keys in their order', () => {
    const pod = webApp();
    const { template } = attach({ template: pod, workload: pod, sidecars: [hello()] });
    const back = detach({ template });
    expect(back.findings).toEqual([]);
    expect(JSON.stringify(back.template)).toBe(JSON.stringify(webApp()));
  });

  it('takes another interval from an annotation of the Pod', () => {
    const pod = webApp();
    pod.metadata = { name: 'web-app', annotations: { [annotationFor('hello', 'interval')]: '10' } };
    const { template } = attach({ template: pod, workload: pod, sidecars: [hello()] });
    expect(template.spec?.containers[1]?.args?.[1]).toContain('sleep 10;done');
  });

  it('changes nothing the second time', () => {
    const pod = webApp();
    const { template } = attach({ template: pod, workload: pod, sidecars: [hello()] });
    const again = attach({ template, workload: template, sidecars: [hello()] });
    expect(again.template).toBe(template);
    expect(JSON.stringify(template)).toBe(
      JSON.stringify(attach({ template, workload: template, sidecars: [hello()] }).template),
    );
    expect(again).toMatchObject({ changed: false, findings: [], joined: [{ name: 'hello' }] });
  });
});
