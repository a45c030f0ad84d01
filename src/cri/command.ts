import { spawn } from 'node:child_process';

/** Runs a program without a shell and gives what it wrote to stdout. Rejects with CommandError when it fails. */
export type RunCommand = (file: string, args: string[], input?: string) => Promise<string>;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** ENOENT and the like when it could not be started, else the exit code or the signal. */
  readonly code: string | number;
  readonly stderr: string;
  constructor(file: string, args: string[], code: string | number, stderr: string) {
    super(`${[file, ...args].join(' ')}: ${stderr.trim() || `ended with ${code}`}`);
    this.code = code;
    this.stderr = stderr;
  }
}

/** @param path PATH for the program and for those it starts; iptables and ip live in sbin, which not every PATH has */
export function commandRunner(path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`): RunCommand {
  return (file, args, input = '') =>
    new Promise((resolve, reject) => {
      const child = spawn(file, args, { env: { ...process.env, PATH: path, LC_ALL: 'C' }, stdio: 'pipe' });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(new CommandError(file, args, error.code ?? 'unknown', error.message)),
      );
      child.on('close', (code, signal) => {
        if (code === 0) resolve(stdout);
        else reject(new CommandError(file, args, code ?? signal ?? 'unknown', stderr));
      });
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
}
