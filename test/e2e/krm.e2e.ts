import { execFile } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectMeta } from '../../src/kube/generated/objects.ts';
import { parseManifests } from '../../src/manifest/parse.ts';
import type { Template } from '../../src/sidecar/target.ts';
import { kubectls } from './node-under-test.ts';

interface Rendered {
  metadata: ObjectMeta;
  spec: { template: Template };
}

const ROOT = join(import.meta.dirname, '../..');
const notBuilt = existsSync(join(ROOT, 'dist/outfit.js')) ? undefined : 'not built (npm run build)';
const missingKubectl = notBuilt ?? (kubectls.length > 0 ? undefined : 'no kubectl on PATH');
const missingKpt = notBuilt ?? (onPath('kpt') ? undefined : 'no kpt on PATH');

/** The orchestrators of KRM functions, as they are on this machine. */
describe('outfit krm', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'outfit-krm-'));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'outfit'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/outfit')}' "$@"\n`);
    chmodSync(join(bin, 'outfit'), 0o755);
    env = { ...process.env, HOME: folder, PATH: `${bin}${delimiter}${process.env.PATH}` };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(program: string, args: string[], more: NodeJS.ProcessEnv = {}) {
    return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
      execFile(program, args, { cwd: folder, env: { ...env, ...more }, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
      ),
    );
  }

  describe.skipIf(missingKubectl)(`in kubectl kustomize${missingKubectl ? ` (${missingKubectl})` : ''}`, () => {
    const example = join(ROOT, 'examples/kustomize');
    const plugins = { KUSTOMIZE_PLUGIN_HOME: join(example, 'plugins') };

    test.each(kubectls)('$name attaches two sidecars, one after the other', async ({ path }) => {
      const { code, stdout, stderr } = await run(path, ['kustomize', '--enable-alpha-plugins', example], plugins);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { metadata, spec } = parseManifests(stdout).documents[0]!.object as unknown as Rendered;
      const { template } = spec;
      const names = (list: readonly { name: string }[] | undefined) => list?.map(({ name }) => name);
      expect(metadata).toEqual({ name: 'shop-web' });
      expect(names(template.spec?.containers)).toEqual(['nginx', 'access-log']);
      expect(names(template.spec?.initContainers)).toEqual(['collector']);
      expect(names(template.spec?.containers[0]?.env)).toEqual(['OTEL_EXPORTER_OTLP_ENDPOINT']);
      expect(template.spec?.containers[1]?.env).toBeUndefined();
      const attached = JSON.parse(template.metadata?.annotations?.['outfit.dev/attached'] ?? '');
      expect(names(attached.sidecars)).toEqual(['logs', 'collector']);
    });

    test('tells of a conflict and gives nothing', async () => {
      const own = join(folder, 'conflict');
      cpSync(example, own, { recursive: true });
      const deployment = readFileSync(join(own, 'deployment.yaml'), 'utf8');
      writeFileSync(join(own, 'deployment.yaml'), deployment.replace('- name: nginx\n', '- name: access-log\n'));
      const result = await run(kubectls[0]!.path, ['kustomize', '--enable-alpha-plugins', own], plugins);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toContain(
        'container "access-log": the Pod has its own, and onConflict.containers is Error',
      );
    });
  });

  describe.skipIf(missingKpt)(`in kpt${missingKpt ? ` (${missingKpt})` : ''}`, () => {
    const story = join(ROOT, 'test/cases/attach/golden-story');
    const evalArgs = (...args: string[]) => ['fn', 'eval', 'pkg', '--exec', 'outfit krm', ...args];
    const pod = () => readFileSync(join(folder, 'pkg/pod.yaml'), 'utf8');

    test('attaches, and takes off again, byte for byte', async () => {
      mkdirSync(join(folder, 'pkg'));
      cpSync(join(story, 'input.yaml'), join(folder, 'pkg/pod.yaml'));
      const attached = await run('kpt', evalArgs('--fn-config', join(story, 'sidecar.yaml')));
      expect(attached.stderr).toContain('[info] v1/Pod/web-app: attached sidecar "hello" (selected by names)');
      expect(pod()).toBe(readFileSync(join(story, 'expected.yaml'), 'utf8'));
      const detached = await run('kpt', evalArgs('--', 'detach=true'));
      expect(detached.stderr).toContain('[info] v1/Pod/web-app: detached sidecar "hello"');
      expect(pod()).toBe(readFileSync(join(story, 'input.yaml'), 'utf8'));
    });

    test('shows the results of a call that failed, and the file stays', async () => {
      const conflict = join(ROOT, 'test/cases/attach/conflict-volume-error');
      mkdirSync(join(folder, 'pkg'), { recursive: true });
      cpSync(join(conflict, 'input.yaml'), join(folder, 'pkg/pod.yaml'));
      const { code, stderr } = await run('kpt', evalArgs('--fn-config', join(conflict, 'sidecar.yaml')));
      expect(code).toBe(1);
      expect(stderr).toContain('[error] v1/Pod/web spec.volumes[0]: sidecar "tool"');
      expect(pod()).toBe(readFileSync(join(conflict, 'input.yaml'), 'utf8'));
    });
  });
});

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
