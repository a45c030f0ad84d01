import type { Scenario } from './scenario.ts';
import type { UpstreamFile } from './upstream.ts';

interface Row {
  file: UpstreamFile;
  /** Titles of Kubernetes' tests that scenarios stand for. */
  covered: string[];
  elsewhere: number;
  leftOut: number;
  scenarios: Scenario[];
}

/** docs/conformance.md: made from the scenarios and the list of Kubernetes' tests, and from nothing else. */
export function report(scenarios: Scenario[], upstream: UpstreamFile[]): string {
  const rows = upstream.map((file) => rowOf(file, scenarios));
  const sum = (pick: (row: Row) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const failing = scenarios.filter(({ fails }) => fails);
  return `${[
    '# Conformance',
    '',
    '<!-- Made by `npm run conformance` from test/conformance. Change that, not this. -->',
    '',
    "Kubernetes' own tests of the life of Pods on a node, and which of their behaviours are checked here with real containers (`test/conformance`, in `npm test`). A scenario is a Pod, what happens to it, and what must have been seen: the order in which containers, hooks and probes wrote their lines, states, exit codes, events, conditions. None looks at a clock.",
    '',
    `**${sum((row) => row.covered.length)}** of ${sum(({ file }) => file.tests)} tests are stood for by ${scenarios.length} scenarios, ${sum((row) => row.elsewhere)} more by other tests of this repository; ${sum((row) => row.leftOut)} are left out, with the reasons below. ${failing.length === 0 ? 'No scenario fails.' : `${failing.length} fail.`}`,
    '',
    'Tests that are about many nodes, devices, eviction, Windows or cloud providers are not counted. Restarts back off quicker in this suite than by default (`--restart-backoff=fast`): the delays themselves are checked in virtual time, in `src/pods/plan.test.ts`.',
    '',
    ...(failing.length > 0
      ? ['## What fails', '', ...failing.map(({ id, says, fails }) => `* \`${id}\`: ${says}. ${fails}.`), '']
      : []),
    '## By file',
    '',
    '| tests of Kubernetes, below `test/` | all | run here | elsewhere | left out |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ file, covered, elsewhere, leftOut }) =>
        `| ${file.file} | ${file.tests} | ${covered.length} | ${elsewhere} | ${leftOut} |`,
    ),
    '',
    '## What is left out, and why',
    '',
    ...rows.filter(({ leftOut }) => leftOut > 0).flatMap(({ file }) => whyNot(file)),
    '',
    '## The behaviours',
    ...rows.filter((row) => row.scenarios.length > 0).flatMap(behaviours),
    '',
    '### Beyond those',
    '',
    ...scenarios.filter(({ upstream: of }) => of.length === 0).map(line),
  ].join('\n')}\n`;
}

/** Titles of a file's tests that scenarios stand for, each once. */
export function coveredTests(file: string, scenarios: Scenario[]): string[] {
  return [
    ...new Set(
      scenarios.flatMap(({ upstream }) => upstream.filter((one) => one.file === file).flatMap(({ tests }) => tests)),
    ),
  ];
}

export function leftOutTests({ leftOut = [] }: UpstreamFile): number {
  return leftOut.reduce((total, { tests }) => total + (typeof tests === 'number' ? tests : tests.length), 0);
}

function rowOf(file: UpstreamFile, scenarios: Scenario[]): Row {
  return {
    file,
    covered: coveredTests(file.file, scenarios),
    elsewhere: file.elsewhere?.length ?? 0,
    leftOut: leftOutTests(file),
    scenarios: scenarios.filter(({ upstream }) => upstream.some((one) => one.file === file.file)),
  };
}

function whyNot({ file, leftOut = [] }: UpstreamFile): string[] {
  return leftOut.flatMap(({ tests, because }) => {
    const count = typeof tests === 'number' ? tests : tests.length;
    const names = typeof tests === 'number' ? [] : tests.map((test) => `  * ${test}`);
    return [`* ${file}, ${count}: ${because}.`, ...names];
  });
}

function behaviours({ file, scenarios }: Row): string[] {
  return ['', `### ${file.file}`, '', ...scenarios.flatMap((one) => [line(one), ...titles(one, file.file)])];
}

function line({ id, says, fails }: Scenario): string {
  return `* \`${id}\`: ${says}${fails ? ` **Fails**: ${fails}` : ''}`;
}

function titles({ upstream }: Scenario, file: string): string[] {
  return upstream.filter((one) => one.file === file).flatMap(({ tests }) => tests.map((test) => `  * ${test}`));
}
