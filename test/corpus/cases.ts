import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CASES = join(import.meta.dirname, '../cases/attach');

/**
 * One golden case, a folder: `sidecar*.yaml` are attached to `input.yaml` (or `.json`). `expected.*` is the whole output; there is none where the
 * input comes back as it is. `expected-findings.txt` is what is said, if anything. `detached.*` is what detaching the output gives, where
 * that is not the input.
 */
export interface Case {
  name: string;
  sidecars: { file: string; text: string }[];
  /** `input.yaml` or `input.json`. */
  file: string;
  input: string;
  expected: string;
  findings: string;
  detached: string;
}

/** Every case, by name. */
export const cases: readonly Case[] = readdirSync(CASES).toSorted().map(readCase);

function readCase(name: string): Case {
  const files = readdirSync(join(CASES, name)).toSorted();
  const file = files.find((one) => one.startsWith('input.'))!;
  const text = (one: string) => readFileSync(join(CASES, name, one), 'utf8');
  const textOr = (one: string, fallback: string) => (existsSync(join(CASES, name, one)) ? text(one) : fallback);
  const input = text(file);
  return {
    name,
    sidecars: files.filter((one) => one.startsWith('sidecar')).map((one) => ({ file: one, text: text(one) })),
    file,
    input,
    expected: textOr(file.replace('input', 'expected'), input),
    findings: textOr('expected-findings.txt', ''),
    detached: textOr(file.replace('input', 'detached'), input),
  };
}

/** Writes what a case gives now, to be reviewed by hand: with `UPDATE_GOLDEN=1`. */
export function updateCase(test: Case, result: { text: string; findings: string; detached: string }): void {
  const write = (file: string, text: string, fallback: string) => {
    if (text !== fallback) writeFileSync(join(CASES, test.name, file), text);
  };
  write(test.file.replace('input', 'expected'), result.text, test.input);
  write('expected-findings.txt', result.findings, '');
  write(test.file.replace('input', 'detached'), result.detached, test.input);
}
