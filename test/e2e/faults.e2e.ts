import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leftovers } from '../../src/cri/leftovers.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { FaultSuite } from '../faults/suite.ts';
import { missing, NodeUnderTest } from './node-under-test.ts';

const ROUNDS = 8;
const seed = Number(process.env.OUTFIT_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** The short form of `npm run test:faults`, which goes on for hundreds of rounds. */
describe(`faults by chance, seed ${seed} (OUTFIT_FAULT_SEED repeats it)`, () => {
  const said: string[] = [];
  let node: NodeUnderTest;
  let suite: FaultSuite;

  beforeAll(async () => {
    if (missing) return;
    node = new NodeUnderTest(44);
    suite = new FaultSuite({ node, seed, maxPods: 8, say: (line) => said.push(line) });
    await node.start({ images: ['busybox'], flags: ['--restart-backoff', 'fast'] });
  });
  afterAll(async () => {
    suite?.close();
    await node?.close();
    if (!node) return;
    const { processes, mounts, networkNamespaces, links, rules, cgroups, files } = await leftovers(
      nodePlaces(node.home),
    );
    expect([processes, mounts, networkNamespaces, links, rules, cgroups, files].flat()).toEqual([]);
  });

  test(`${ROUNDS} rounds: no Pod is lost, no container runs twice, what the status says is true`, async (context) => {
    if (missing) context.skip(missing);
    for (let number = 1; number <= ROUNDS; number++) await orSay(suite.round(number));
  }, 600_000);

  test('20 Pods at once', async (context) => {
    if (missing) context.skip(missing);
    await orSay(suite.crowd(20));
  }, 300_000);

  test('after the deletion of all nothing is left', async (context) => {
    if (missing) context.skip(missing);
    await orSay(suite.end());
  }, 300_000);

  /** With what went before, and how to repeat it. */
  async function orSay(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      const repeat = `OUTFIT_FAULT_SEED=${seed} npm run test:faults -- --pods 8`;
      throw new Error(`${(error as Error).message}\n${repeat}\n${said.join('\n')}`, { cause: error });
    });
  }
});
