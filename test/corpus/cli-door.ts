import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Context } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { outfit } from '../../src/cli/outfit.ts';
import { parseManifests } from '../../src/manifest/parse.ts';
import type { Case } from './cases.ts';
import { resourceListOf } from './resource-list.ts';

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** `outfit attach -f … -s …`, from files to standard output. */
export function throughAttach(test: Case): Promise<Output> {
  const sidecars = test.sidecars.flatMap(({ file }) => ['-s', file]);
  return inFolder(test, (run) => run(['attach', '-f', test.file, ...sidecars]));
}

/** `outfit detach -f -`, as in a pipe. */
export function throughDetach(test: Case): Promise<Output> {
  return inFolder(test, (run) => run(['detach', '-f', '-'], test.expected));
}

/** `outfit krm`. */
export function throughKrmCommand(test: Case): Promise<Output> {
  const sidecars = test.sidecars.map(({ file, text }) => parseManifests(text, { file }));
  return inFolder(test, (run) => run(['krm'], resourceListOf(sidecars, parseManifests(test.input))));
}

type Run = (argv: string[], stdin?: string) => Promise<Output>;

async function inFolder({ file, input, sidecars }: Case, use: (run: Run) => Promise<Output>): Promise<Output> {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-corpus-'));
  try {
    for (const { file: name, text } of [{ file, text: input }, ...sidecars]) writeFileSync(join(folder, name), text);
    return await use((argv, stdin = '') => runIn(folder, argv, stdin));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(cwd: string, argv: string[], stdin: string): Promise<Output> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
  const context: Context = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: {},
    cwd,
    root: cwd,
    now: () => new Date(0),
    signal: new AbortController().signal,
  };
  const code = await outfit(argv, context, { shown: COMMANDS, hidden: {} });
  return { code, ...written };
}
