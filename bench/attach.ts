import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { parseManifests } from '../src/manifest/parse.ts';
import { attach } from '../src/sidecar/attach.ts';
import { compileSidecars } from '../src/sidecar/compile.ts';
import type { Template, Workload } from '../src/sidecar/target.ts';
import { deployments, KUSTOMIZATION, PATCH, SIDECAR } from './attach-input.ts';
import { atLeast, atMost, type Figure } from './figures.ts';

const COUNT = 1000;
const ATTACHED = 'outfit.dev/attached';

/** Attaching one sidecar to many Deployments: beside `kubectl kustomize` with a patch that says the same, the engine alone, and larger and larger streams. */
export async function attachTimes(root: string, { runs, quick }: { runs: number; quick: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-bench-attach-'));
  try {
    const files = {
      'deployments.yaml': deployments(COUNT),
      'sidecar.yaml': SIDECAR,
      'kustomization.yaml': KUSTOMIZATION,
      'patch.yaml': PATCH,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const outfit = (file: string): string[] => {
      return [process.execPath, join(root, 'bin/outfit'), 'attach', '-f', file, '-s', join(folder, 'sidecar.yaml')];
    };
    // First: what the comparison leaves in this process's memory is not the engine's.
    const engine = engineRate(quick ? 20 : 60);
    const beside = await besideKustomize(folder, outfit(join(folder, 'deployments.yaml')), runs);
    const counts = quick ? [1_000, 10_000] : [1_000, 10_000, 50_000];
    return [...beside, engine, ...(await streams(folder, outfit('-'), counts))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whole processes in turns, so that the ratio is of neighbours. */
async function besideKustomize(folder: string, outfit: string[], runs: number): Promise<Figure[]> {
  const out = join(folder, 'outfit.out');
  const other = join(folder, 'kustomize.out');
  const kustomize = ['kubectl', 'kustomize', folder];
  const times: { ours: number; theirs: number }[] = [];
  for (let i = 0; i < runs; i++) {
    const ours = (await whole(outfit, { out })).ms;
    const theirs = await whole(kustomize, { out: other }).then(({ ms }) => ms, withoutKubectl);
    times.push({ ours, theirs });
  }
  const what = `${COUNT} Deployments, one sidecar`;
  const first = atMost(
    `${what}: outfit attach`,
    'ms',
    times.map(({ ours }) => ours),
  );
  if (times.some(({ theirs }) => Number.isNaN(theirs))) return [first];
  requireSameObjects(readFileSync(out, 'utf8'), readFileSync(other, 'utf8'));
  return [
    first,
    atMost(
      `${what}: kubectl kustomize`,
      'ms',
      times.map(({ theirs }) => theirs),
    ),
    atLeast(
      'kubectl kustomize / outfit attach',
      'times',
      times.map(({ ours, theirs }) => theirs / ours),
      5,
    ),
  ];
}

function withoutKubectl(error: NodeJS.ErrnoException): number {
  if (error.code !== 'ENOENT') throw error;
  console.error('bench: kubectl is not installed, so outfit attach is not compared with kubectl kustomize');
  return Number.NaN;
}

/** Both did the same work, but for the annotation that only Outfit writes. */
function requireSameObjects(ours: string, theirs: string): void {
  const objects = (text: string): unknown[] => parseAllDocuments(text).map((document) => bare(document.toJS()));
  if (!isDeepStrictEqual(objects(ours), objects(theirs)))
    throw new Error('outfit attach and kubectl kustomize gave different objects: the two are not comparable');
}

function bare(object: { spec: { template: Template } }): unknown {
  const { annotations, ...metadata } = object.spec.template.metadata ?? {};
  const { [ATTACHED]: _, ...others } = annotations ?? {};
  const kept = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others };
  return { ...object, spec: { ...object.spec, template: { ...object.spec.template, metadata: kept } } };
}

/** The pure function, in this process, over objects that have been read: per second of this thread on a core, whatever else runs beside it. */
function engineRate(rounds: number): Figure {
  const sidecars = compileSidecars(parseManifests(SIDECAR).documents.map(({ object }) => object));
  const workloads = parseManifests(deployments(COUNT)).documents.map(({ object }) => object as Workload);
  const targets = workloads.map((workload) => ({
    workload,
    template: (workload.spec as { template: Template }).template,
  }));
  const rates = Array.from({ length: rounds }, () => {
    const started = onCoreMs();
    for (const target of targets) if (!attach({ ...target, sidecars }).changed) throw new Error('nothing was attached');
    return (targets.length / (onCoreMs() - started)) * 1000;
  });
  // The first rounds are the compiler's.
  return atLeast('engine alone', 'Pod templates/s', rates.slice(rounds / 2), 20_000);
}

/** Milliseconds that the main thread has been on a core. */
function onCoreMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

/** Larger and larger streams through standard input: time per document and memory. */
async function streams(folder: string, outfit: string[], counts: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  const perThousand: number[] = [];
  for (const count of counts) {
    const file = join(folder, `${count}.yaml`);
    writeFileSync(file, deployments(count));
    const { ms, megabytes } = await whole(outfit, { input: file });
    perThousand.push((ms / count) * 1000);
    const what = `${count} Deployments through stdin`;
    figures.push(atMost(`${what}: whole process`, 'ms', [ms]));
    figures.push(atMost(`${what}: each 1000`, 'ms', [perThousand.at(-1)!]));
    figures.push(atMost(`${what}: highest memory`, 'MB', [megabytes]));
  }
  const [second = Number.NaN, last = second] = perThousand.slice(1);
  // The first 1000 hold the start of the process, so growth is looked for after them.
  figures.push(atMost(`each 1000 of ${counts.at(-1)} / of ${counts[1]}`, 'times', [last / second], 1.3));
  return figures;
}

/** Runs a command to its end: how long it took, and the most resident memory it was seen with. */
function whole(
  [program = '', ...args]: readonly string[],
  { input, out = '/dev/null' }: { input?: string; out?: string },
): Promise<{ ms: number; megabytes: number }> {
  const [stdin, stdout] = [openSync(input ?? '/dev/null', 'r'), openSync(out, 'w')];
  return new Promise<{ ms: number; megabytes: number }>((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { stdio: [stdin, stdout, 'ignore'] });
    let megabytes = 0;
    const look = setInterval(() => {
      megabytes = Math.max(megabytes, highestMegabytes(child.pid));
    }, 20);
    child.on('error', (error) => {
      clearInterval(look);
      reject(error);
    });
    child.on('exit', (code) => {
      clearInterval(look);
      if (code === 0) resolve({ ms: performance.now() - started, megabytes });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}`));
    });
  }).finally(() => {
    closeSync(stdin);
    closeSync(stdout);
  });
}

/** The kernel's own high-water mark; 0 for a process that is gone. */
function highestMegabytes(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
