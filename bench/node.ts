import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { parse } from 'yaml';

const run = promisify(execFile);

/** A node for measuring, with its own state dir, bridge and subnet, driven by the built command line. */
export class BenchNode {
  readonly home = mkdtempSync(join(tmpdir(), 'outfit-bench-'));
  readonly env: NodeJS.ProcessEnv = { ...process.env, OUTFIT_HOME: this.home, HOME: this.home };
  private readonly root: string;
  private server: { url: URL; agent: Agent; credentials: Credentials } | undefined;

  constructor(root: string) {
    this.root = root;
  }

  async outfit(...args: string[]): Promise<string> {
    return (await run(process.execPath, [join(this.root, 'bin/outfit'), ...args], { env: this.env })).stdout;
  }

  async start(): Promise<void> {
    await this.outfit('node', 'start', '--port', '0', '--bridge', 'outfit-bench', '--pod-cidr', '10.208.1.0/24');
    this.env.KUBECONFIG = join(this.home, 'kubeconfig');
    const config = parse(readFileSync(this.env.KUBECONFIG, 'utf8'));
    const pem = (text: string) => Buffer.from(text, 'base64');
    const user = config.users[0].user;
    this.server?.agent.destroy();
    const credentials = {
      ca: pem(config.clusters[0].cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    };
    this.server = {
      url: new URL(config.clusters[0].cluster.server),
      agent: new Agent({ keepAlive: true, ...credentials }),
      credentials,
    };
  }

  async status(): Promise<{ pid: number; containerd: { pid: number; socket: string } }> {
    return JSON.parse(await this.outfit('node', 'status', '-o', 'json'));
  }

  get credentials(): Credentials {
    return this.server!.credentials;
  }

  at(path: string): URL {
    return new URL(path, this.server!.url);
  }

  /** One call of the node's API over a kept connection. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<{ code: number; body: PodAnswer }> {
    const { code, text } = await this.call(path, { method, headers: { 'content-type': contentType } }, body);
    return { code, body: JSON.parse(text || 'null') };
  }

  /** What GET gives, as it comes. */
  async text(path: string, accept = 'application/json'): Promise<string> {
    return (await this.call(path, { headers: { accept } })).text;
  }

  private call(path: string, options: RequestOptions, body?: unknown): Promise<{ code: number; text: string }> {
    const text = body === undefined ? '' : JSON.stringify(body);
    // Node sends the body of a DELETE without its length otherwise.
    const headers = { ...options.headers, 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const asked = request(this.at(path), { ...options, headers, agent: this.server!.agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => resolve({ code: answer.statusCode!, text: Buffer.concat(chunks).toString() }));
      });
      asked.on('error', reject);
      asked.end(text);
    });
  }

  /**
   * Follows one Pod by a watch, as `kubectl wait` does, until `find` finds something in it; resolves when the watch is open. Asking every
   * other millisecond would take a good part of a core from what is being measured.
   */
  watchPod<T>(name: string, find: (pod: PodAnswer) => T | undefined): Promise<{ found: Promise<T> }> {
    const { agent } = this.server!;
    const path = `/api/v1/namespaces/default/pods?watch=true&fieldSelector=metadata.name%3D${name}`;
    return new Promise((resolve, reject) => {
      const asked = request(this.at(path), { agent }, (answer) => {
        const found = new Promise<T>((told, ended) => {
          createInterface({ input: answer })
            .on('line', (line) => {
              const seen = find(JSON.parse(line).object);
              if (seen === undefined) return;
              told(seen);
              asked.destroy();
            })
            .on('error', ended)
            .on('close', () => ended(new Error(`the watch of ${name} ended`)));
        });
        resolve({ found });
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  async gone(pod: string): Promise<void> {
    await until(async () => (await this.api('GET', `/api/v1/namespaces/default/pods/${pod}`)).code === 404);
  }

  async close(): Promise<void> {
    this.server?.agent.destroy();
    await this.outfit('node', 'reset', '--yes');
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Milliseconds that `body` took. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await body();
  return performance.now() - started;
}

/** Asks every `everyMs` milliseconds until it is so. */
export async function until(check: () => Promise<boolean>, everyMs = 2, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not in ${seconds} s: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Whether the page of a web server answers with 200. */
export function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ host, port: 80, agent: false, timeout: 500 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
  });
}

/** Wall time of a whole process, in milliseconds. */
export function processTime(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<number> {
  return timed(
    () =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
        let errors = '';
        child.stderr.on('data', (chunk) => {
          errors += chunk;
        });
        child.on('error', reject);
        child.on('exit', (code) =>
          code === 0 ? resolve(undefined) : reject(new Error(`${program} ${args.join(' ')}: ${errors}`)),
        );
      }),
  );
}

/** Megabytes of resident memory of a process. */
export function residentMegabytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)?.[1]) / 1024;
}

/** Seconds of CPU time that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

interface Credentials {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

/** The fields of an answer that the bench looks at. */
interface PodAnswer {
  metadata?: { resourceVersion?: string };
  status?: { phase?: string; podIP?: string; conditions?: { type: string; status: string }[] };
  /** Of a list. */
  items?: PodAnswer[];
}
