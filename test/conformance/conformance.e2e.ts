import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { missingKubectl, NodeUnderTest } from '../e2e/node-under-test.ts';
import { Api } from './api.ts';
import { perform, type Theatre } from './performance.ts';
import type { Scenario } from './scenario.ts';
import { TLS_SECRET } from './scenarios/hooks.ts';
import { scenarios } from './scenarios/index.ts';
import { Witness } from './witness.ts';

const AT_A_TIME = 8;
/** `ONLY=regular-expression` runs those alone. */
const only = new RegExp(process.env.ONLY ?? '');

vi.setConfig({ maxConcurrency: AT_A_TIME, testTimeout: 400_000 });

/** The behaviours that docs/conformance.md lists, on one node: most of their time they wait. */
describe('conformance', () => {
  let theatre: Theatre;

  beforeAll(async () => {
    if (missingKubectl) return;
    const node = new NodeUnderTest(45);
    await node.start({ images: ['busybox', 'nginx'], flags: ['--restart-backoff=fast'] });
    const api = new Api(node.env.KUBECONFIG!);
    await api.call('POST', '/api/v1/namespaces/default/secrets', tlsSecret(TLS_SECRET));
    theatre = { node, api, witness: new Witness(new Api(node.env.KUBECONFIG!)) };
  });
  afterAll(async () => {
    theatre?.witness.close();
    theatre?.api.forget();
    await theatre?.node.close();
  });

  const run = ({ id, says, fails, alone }: Scenario) => {
    const body = async (context: { skip(reason: string): void }) => {
      if (missingKubectl) context.skip(missingKubectl);
      await perform(theatre, scenarios.find((one) => one.id === id)!);
    };
    const how = alone ? test : test.concurrent;
    if (fails) how.fails(`${id}: ${says}`, body);
    else how(`${id}: ${says}`, body);
  };
  const chosen = scenarios.filter(({ id }) => only.test(id));
  for (const scenario of chosen.filter(({ alone }) => !alone)) run(scenario);
  for (const scenario of chosen.filter(({ alone }) => alone)) run(scenario);
});

/** A certificate that nobody vouches for, as servers in Pods have. */
function tlsSecret(name: string): object {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-conformance-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const options = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=nobody', '-days', '2', '-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', ['req', '-x509', ...options], { stdio: 'ignore' });
    const base64 = (file: string) => readFileSync(file).toString('base64');
    const data = { 'tls.key': base64(key), 'tls.crt': base64(cert) };
    return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name }, data };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
