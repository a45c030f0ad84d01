import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missing, NodeUnderTest } from '../e2e/node-under-test.ts';
import { FaultSuite } from './suite.ts';

/** The long form: npm run test:faults [-- --rounds N] [--pods N] [--crowd N] [--only FAULT] [--node N] [--keep]; OUTFIT_FAULT_SEED repeats one. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    pods: { type: 'string', default: '12' },
    crowd: { type: 'string', default: '100' },
    only: { type: 'string' },
    /** Tells suites that run at the same time apart: see NodeUnderTest. */
    node: { type: 'string', default: '44' },
    keep: { type: 'boolean', default: false },
  },
});
if (missing) {
  console.error(`faults: ${missing}`);
  process.exit(1);
}
const seed = Number(process.env.OUTFIT_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const node = new NodeUnderTest(Number(values.node));
say(`seed ${seed}: OUTFIT_FAULT_SEED=${seed} npm run test:faults -- --rounds ${values.rounds}; home ${node.home}`);
const suite = new FaultSuite({ node, seed, maxPods: Number(values.pods), say, only: values.only });
let failed = false;
try {
  await node.start({ images: ['busybox'], flags: ['--restart-backoff', 'fast', '--log-level', 'debug'] });
  for (let number = 1; number <= Number(values.rounds); number++) await suite.round(number);
  await suite.crowd(Number(values.crowd));
  await suite.end();
} catch (error) {
  failed = true;
  say(`FAILED with seed ${seed}: ${(error as Error).stack}`);
  if (existsSync(`${node.home}/node.log`)) say(tail(`${node.home}/node.log`));
} finally {
  suite.close();
  if (failed && values.keep) say(`kept: OUTFIT_HOME=${node.home}`);
  else await node.close();
}
process.exit(failed ? 1 : 0);

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');
}
