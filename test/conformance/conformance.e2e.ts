import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { missingKubectl, NodeUnderTest } from '../e2e/node-under-test.ts';
import { Api } from './api.ts';
import { perform, type Theatre } from './performance.ts';
import type { Scenario } from './scenario.ts';
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
    theatre = { node, api, witness: new Witness(api) };
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
