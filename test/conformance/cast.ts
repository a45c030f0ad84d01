import type { Container, PodSpec, Probe } from '../../src/kube/generated/objects.ts';

/** Where containers see the folder of their scenario. */
export const STAGE = '/w';

/** How long something runs: seconds, until a file of this name appears in /w, or until it is told to stop. */
type Span = number | { until: string } | 'forever';

/** What a container does with its life. All of it is told in the story. */
export interface Part {
  /** Seconds before it says `started` and makes the file `/w/NAME.started`. */
  startAfter?: number;
  /** Without: forever. */
  runs?: Span;
  exit?: number;
  /** On SIGTERM it ends with `exit` after these seconds (without: at once), or does nothing. */
  onTerm?: { after: number; exit?: number } | 'ignore';
  /** Shell, before it says `started`. */
  first?: string;
}

/**
 * A container that tells its life: NAME starting, started, term, exiting. It ends on SIGTERM as process 1 of a container must: by a trap.
 * Nothing in it is busy.
 */
export function actor(name: string, part: Part = {}, more: Partial<Container> = {}): Container {
  return {
    name,
    image: 'busybox',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', life(name, part)],
    ...more,
    volumeMounts: [{ name: 'stage', mountPath: STAGE }, ...(more.volumeMounts ?? [])],
  };
}

/** A native sidecar. */
export const sidecar = (name: string, part: Part = {}, more: Partial<Container> = {}): Container =>
  actor(name, part, { restartPolicy: 'Always', ...more });

/** The Pod's spec with the folder of the scenario; `CAST` is put right by whoever runs it. */
export function stage(spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>): PodSpec {
  return {
    terminationGracePeriodSeconds: 30,
    ...spec,
    volumes: [{ name: 'stage', hostPath: { path: STAGE, type: 'Directory' } }, ...(spec.volumes ?? [])],
  };
}

/** A command for a hook or a probe that tells when it begins and ends. */
export function told(name: string, { takes = 0, exit = 0 }: { takes?: number | 'forever'; exit?: number } = {}) {
  const wait = takes === 'forever' ? 'while :; do sleep 1000; done' : takes > 0 ? `sleep ${takes}` : ':';
  return exec(`${teller(name)}; say starting; ${wait}; say exiting; exit ${exit}`);
}

export const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });

export const every = (seconds: number, probe: Probe, more: Probe = {}): Probe => ({
  periodSeconds: seconds,
  timeoutSeconds: 30,
  failureThreshold: 1,
  ...more,
  ...probe,
});

export const started = (name: string) => ({ exec: { command: ['test', '-f', `${STAGE}/${name}.started`] } });

function life(name: string, { startAfter = 0, runs = 'forever', exit = 0, onTerm, first }: Part): string {
  return [
    teller(name),
    'end() { say exiting; exit $1; }',
    trap(exit, onTerm),
    'say starting',
    ...(first ? [first] : []),
    ...(startAfter > 0 ? [nap(startAfter)] : []),
    `touch ${STAGE}/${name}.started`,
    'say started',
    span(runs),
    `end ${exit}`,
  ].join('\n');
}

/** `read` and `echo` are the shell's own, and a line is one write: the file's order is the order in which things happened. */
function teller(name: string): string {
  return `say() { read -r now _ </proc/uptime; echo "$now ${name} $1" >>${STAGE}/story; }`;
}

/** An image may name another signal than SIGTERM for the end: nginx's is SIGQUIT. */
function trap(exit: number, onTerm: Part['onTerm']): string {
  if (onTerm === 'ignore') return "trap 'say term' TERM QUIT";
  const { after = 0, exit: code = exit } = onTerm ?? {};
  return `trap 'say term; ${after > 0 ? `${nap(after)}; ` : ''}end ${code}' TERM QUIT`;
}

function span(runs: Span): string {
  if (runs === 'forever') return `while :; do ${nap(1000)}; done`;
  return typeof runs === 'number' ? nap(runs) : `until [ -e ${STAGE}/${runs.until} ]; do ${nap(0.1)}; done`;
}

/** A signal ends it at once, and the trap runs. */
function nap(seconds: number): string {
  return `sleep ${seconds} & wait $!`;
}
