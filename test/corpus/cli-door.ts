import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Result, runOutfit } from '../../src/cli/testing-outfit.ts';
import { parseManifests } from '../../src/manifest/parse.ts';
import type { Case } from './cases.ts';
import { resourceListOf } from './resource-list.ts';

/** `outfit attach -f … -s …`, from files to standard output. */
export function throughAttach(test: Case): Promise<Result> {
  const sidecars = test.sidecars.flatMap(({ file }) => ['-s', file]);
  return inFolder(test, (run) => run(['attach', '-f', test.file, ...sidecars]));
}

/** `outfit detach -f -`, as in a pipe. */
export function throughDetach(test: Case): Promise<Result> {
  return inFolder(test, (run) => run(['detach', '-f', '-'], test.expected));
}

/** `outfit krm`. */
export function throughKrmCommand(test: Case): Promise<Result> {
  const sidecars = test.sidecars.map(({ file, text }) => parseManifests(text, { file }));
  return inFolder(test, (run) => run(['krm'], resourceListOf(sidecars, parseManifests(test.input))));
}

type Run = (argv: string[], stdin?: string) => Promise<Result>;

async function inFolder({ file, input, sidecars }: Case, use: (run: Run) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-corpus-'));
  try {
    for (const { file: name, text } of [{ file, text: input }, ...sidecars]) writeFileSync(join(folder, name), text);
    return await use((argv, stdin) =>
      runOutfit(argv, { cwd: folder, root: folder, ...(stdin !== undefined && { stdin }) }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
