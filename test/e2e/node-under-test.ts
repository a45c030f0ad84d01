import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** A kubectl on this machine, by the name that tests print. */
export interface Kubectl {
  name: string;
  path: string;
}

/** Why a test that needs this machine's containers cannot run here, or undefined. */
export const missing: string | undefined = whatIsMissing();

/** Every kubectl: the one on PATH, and `kubectl.1.NN` beside its real path. */
export const kubectls: Kubectl[] = findKubectls();

/** Why tests with kubectl cannot run here, or undefined. */
export const missingKubectl: string | undefined = missing ?? (kubectls.length === 0 ? 'no kubectl on PATH' : undefined);

/**
 * A node of its own for one test file: own state dir, sockets, bridge and subnet. `close` takes everything away and says what it
 * could not take.
 */
export class NodeUnderTest {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly flags: string[];
  private readonly children = new Set<ChildProcess>();

  /** `number` (1 to 250) tells nodes that live at the same time apart: it is in the bridge's name and in the subnet. */
  constructor(number: number) {
    this.home = mkdtempSync(join(tmpdir(), `outfit-e2e-${number}-`));
    this.env = {
      OUTFIT_CACHE: '/var/cache/outfit',
      ...process.env,
      OUTFIT_HOME: this.home,
      HOME: this.home,
      NO_COLOR: '1',
    };
    this.flags = [
      '--port',
      '0',
      '--bridge',
      `ofe2e${number}`,
      '--pod-cidr',
      `10.209.${number}.0/24`,
      '--node-name',
      'node1',
    ];
  }

  /** Starts the node and gives it the images of the stories. Calls may follow each other: a running node is left as it is. */
  async start(options: { images?: string[]; flags?: string[] } = {}): Promise<void> {
    await this.must('node', 'start', ...this.flags, ...(options.flags ?? []));
    this.env.KUBECONFIG = (await this.must('kubeconfig', '--path')).trim();
    for (const image of options.images ?? ['busybox', 'nginx']) await this.must('image', 'build', image);
  }

  outfit(...args: string[]): Promise<Output> {
    return this.run(process.execPath, [join(ROOT, 'bin/outfit'), ...args]);
  }

  /** Standard output of a command of Outfit that has to succeed. */
  async must(...args: string[]): Promise<string> {
    return checked(`outfit ${args.join(' ')}`, await this.outfit(...args));
  }

  kubectl(...args: string[]): Promise<Output> {
    return this.kubectlOf(kubectls[0]!, ...args);
  }

  kubectlOf(kubectl: Kubectl, ...args: string[]): Promise<Output> {
    return this.run(kubectl.path, args);
  }

  /** Standard output of a kubectl command that has to succeed. */
  async k(...args: string[]): Promise<string> {
    return checked(`kubectl ${args.join(' ')}`, await this.kubectl(...args));
  }

  /** Applies YAML text. */
  async create(manifest: string): Promise<Output> {
    return this.run(kubectls[0]!.path, ['create', '-f', '-'], manifest);
  }

  run(program: string, args: string[], input?: string): Promise<Output> {
    return new Promise((resolve) => {
      const child = execFile(
        program,
        args,
        { env: this.env, cwd: ROOT, maxBuffer: 256 << 20, timeout: 120_000 },
        (error, stdout, stderr) => {
          this.children.delete(child);
          const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
          resolve({ code, stdout, stderr: error?.killed ? `${stderr}\n(ended after 120 s)` : stderr });
        },
      );
      this.children.add(child);
      // A command may end without reading.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
    });
  }

  /** A command that goes on (port-forward, logs -f, get -w). Ended with the node at the latest. */
  follow(program: string, ...args: string[]): ChildProcess & { output: () => string } {
    const child = spawn(program, args, { env: this.env, cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
    return Object.assign(child, { output: () => text });
  }

  /** The process id of the node. */
  async pid(): Promise<number> {
    return JSON.parse(await this.must('node', 'status', '-o', 'json')).pid;
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    const reset = await this.outfit('node', 'reset', '--yes');
    const left = leftovers(this.home);
    if (reset.code === 0) rmSync(this.home, { recursive: true, force: true });
    if (reset.code !== 0 || left.length > 0)
      throw new Error(`reset left things behind: ${reset.stderr}\n${left.join('\n')}`);
  }
}

/** What still speaks of this state directory on the machine: processes and mounts. */
function leftovers(home: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(home));
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .filter(({ command }) => command.includes(home))
    .map(({ pid, command }) => `process ${pid}: ${command}`);
  return [...mounts, ...processes];
}

/** Asks again, ten times a second, until `check` gives a value that is not undefined or false. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not in ${seconds} s: ${what}${last ? ` (last: ${last})` : ''}`);
}

function checked(command: string, output: Output): string {
  if (output.code !== 0) throw new Error(`${command}: exit code ${output.code}\n${output.stdout}${output.stderr}`);
  return output.stdout;
}

/** What a server on this machine answers to `GET /`, each time on a new connection. */
export function page(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'containers need root';
  if (!existsSync(join(ROOT, 'dist/outfit.js'))) return 'not built (npm run build)';
  const program = ['containerd', 'runc', 'iptables'].find((name) => !onPath(name));
  return program && `${program} is not installed`;
}

function findKubectls(): Kubectl[] {
  const first = onPath('kubectl');
  if (!first) return [];
  const folder = dirname(realpathSync(first));
  const versioned = readdirSync(folder).filter((name) => /^kubectl\.1\.\d+$/.test(name));
  return [{ name: 'kubectl', path: first }, ...versioned.sort().map((name) => ({ name, path: join(folder, name) }))];
}

function onPath(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((dir) => join(dir, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
