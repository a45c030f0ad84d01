import { spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Context } from '../../src/cli/command.ts';
import { type Result, runOutfit } from '../../src/cli/testing-outfit.ts';

/** A folder of real files to run `outfit` in. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'outfit-attach-'));

  constructor(files: Record<string, string | Uint8Array> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Every name with its content, its mode and its time: two are equal when nothing was touched in between. */
  everything(): Record<string, string> {
    const names = readdirSync(this.folder, { recursive: true }) as string[];
    return Object.fromEntries(names.sort().map((name) => [name, describeFile(this.path(name))]));
  }

  /** The command line as a function. */
  run(
    argv: readonly string[],
    stdin: string | Uint8Array = '',
    more: Partial<Omit<Context, 'stdin'>> = {},
  ): Promise<Result> {
    return runOutfit(argv, { stdin, cwd: this.folder, root: resolve('.'), ...more });
  }

  /** The real process. */
  start(argv: readonly string[]): { child: ReturnType<typeof spawn>; ended: Promise<Result> } {
    const child = spawn(process.execPath, [resolve('bin/outfit'), ...argv], { cwd: this.folder });
    const written = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      written.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      written.stderr += chunk;
    });
    const ended = new Promise<Result>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => done({ code: code ?? -1, ...written, ...(signal && { signal }) }));
    });
    return { child, ended };
  }

  async runProcess(argv: readonly string[], stdin = ''): Promise<Result> {
    const { child, ended } = this.start(argv);
    child.stdin?.end(stdin);
    return ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function describeFile(path: string): string {
  const info = lstatSync(path);
  const content = info.isFile() ? readFileSync(path, 'latin1') : info.isSymbolicLink() ? readlinkSync(path) : '';
  return `${info.mode.toString(8)} ${info.uid}:${info.gid} ${info.isDirectory() ? '' : info.mtimeMs} ${content}`;
}
