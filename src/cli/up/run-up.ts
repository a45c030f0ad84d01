import { formatFinding, fromManifestError, type PlacedFinding } from '../../files/finding.ts';
import { readSidecars } from '../../files/sidecars.ts';
import type { TargetOptions } from '../../files/targets.ts';
import { type Cluster, type ClusterChoice, connect } from '../client/cluster.ts';
import { discover, type Resource } from '../client/resources.ts';
import { type Context, Failure, Interrupt } from '../command.ts';
import { EXIT, exitCodeOfSignal } from '../exit-codes.ts';
import { nodePaths } from '../node/paths.ts';
import { bringUpNode } from '../node/start.ts';
import { stopNode } from '../node/stop.ts';
import { rest } from './bell.ts';
import { type Composed, compose } from './compose.ts';
import { InputReader, type Inputs } from './inputs.ts';
import type { Output } from './output.ts';
import type { Said } from './said.ts';
import { Session } from './session.ts';
import { fileChanges } from './watch-files.ts';

export interface UpOptions {
  files: readonly string[];
  sidecars: readonly string[];
  once: boolean;
  /** For `once`, milliseconds. */
  timeout: number;
  keep: boolean;
  forwards: boolean;
  /** Seconds, instead of the Pods' own. */
  gracePeriod: number | undefined;
  /** `--path` and `-n`. */
  targets: TargetOptions;
  output: Output;
  context: Context;
}

/**
 * The whole life of one `outfit up`: reads, starts the node if need be, applies, follows until Ctrl-C (or, with `once`, until ready or not) and takes
 * everything away again.
 * @returns the exit code. @throws Failure before anything was made
 */
export async function runUp(options: UpOptions): Promise<number> {
  const { context, output } = options;
  const urgent = context.endInTwoSteps?.() ?? new AbortController().signal;
  const reader = new InputReader(options, context);
  const inputs = await reader.read();
  if (tellFaults(faultsOf(inputs), output)) return EXIT.error;
  const paths = nodePaths(context);
  const node = await bringUpNode({}, paths, context);
  const plan = options.keep ? '' : '; it is stopped again at the end';
  if (node.began) output.say({ type: 'node', message: `started at ${node.server}${plan}`, server: node.server });
  const up = new Up(options, reader, urgent);
  try {
    return await up.run(inputs);
  } finally {
    if (node.began && !options.keep) await stopAgain(up, options, urgent);
  }
}

/** Unless somebody else has come to use it. */
async function stopAgain(up: Up, { context, output }: UpOptions, urgent: AbortSignal): Promise<void> {
  const others = up.newcomers;
  if (others.length > 0) {
    output.say({ type: 'node', message: `is left running: other Pods have come (${others.join(', ')})` });
    return;
  }
  try {
    if (await stopNode(nodePaths(context), { ...context, signal: urgent }))
      output.say({ type: 'node', message: 'stopped' });
  } catch (error) {
    if (!urgent.aborted) throw error;
    output.say({ type: 'node', message: 'is stopping' });
  }
}

/** What is wrong with the texts alone: then nothing is started. */
function faultsOf({ files, sidecarFiles }: Inputs): PlacedFinding[] {
  return [...files.flatMap(({ errors }) => errors.map(fromManifestError)), ...readSidecars(sidecarFiles).findings];
}

/** @returns whether there are errors. Warnings and hints alone are told elsewhere, with everything else. */
function tellFaults(findings: readonly PlacedFinding[], output: Output): boolean {
  const errors = findings.filter(({ severity }) => severity === 'error');
  tellFindings(errors, output);
  return errors.length > 0;
}

function tellFindings(findings: readonly PlacedFinding[], output: Output): void {
  const told = new Set<string>();
  for (const finding of findings) {
    const text = formatFinding(finding);
    if (!told.has(text)) output.say({ type: 'finding', finding, text });
    told.add(text);
  }
}

class Up {
  /** Pods that came to the node meanwhile and are not ours. */
  newcomers: string[] = [];
  private readonly options: UpOptions;
  private readonly reader: InputReader;
  private readonly urgent: AbortSignal;
  private told = new Set<string>();

  constructor(options: UpOptions, reader: InputReader, urgent: AbortSignal) {
    this.options = options;
    this.reader = reader;
    this.urgent = urgent;
  }

  async run(inputs: Inputs): Promise<number> {
    const { context, output, targets, gracePeriod, forwards, once } = this.options;
    // What is under way when Ctrl-C comes is brought to its end: the session decides itself when it stops.
    const lasting = { ...context, signal: new AbortController().signal };
    const cluster = await connect(onNode(targets.namespace), lasting, (message) => {
      if (!JOINED_BY_NODE.test(message)) output.say({ type: 'warning', message });
    });
    const composed = this.compose(inputs, await discover(cluster), cluster);
    if (composed === undefined) return EXIT.error;
    if (composed.wanted.length === 0) throw new Failure('nothing to run: the files hold nothing that this node serves');
    const session = new Session({ cluster, output, now: context.now, gracePeriod, forwards: forwards && !once });
    const before = await session.otherPods();
    let code: number;
    try {
      code = await this.applyAndStay(session, cluster, composed);
    } catch (error) {
      code = this.fail(error);
    }
    return this.end(session, code, before);
  }

  private async applyAndStay(session: Session, cluster: Cluster, { wanted }: Composed): Promise<number> {
    const { context, once, timeout, output } = this.options;
    await session.apply(wanted, context.signal);
    if (once) return this.waitOnce(session, timeout);
    const ending = this.options.keep ? 'Ctrl-C ends this; everything stays' : 'Ctrl-C takes everything away again';
    output.say({ type: 'note', message: ending });
    await Promise.race([this.followFiles(session, cluster), session.untilRefused(context.signal)]);
    return EXIT.done;
  }

  private async waitOnce(session: Session, timeout: number): Promise<number> {
    const { context, output } = this.options;
    const reasons = await session.untilReady(timeout, context.signal);
    // Lines that were written before the state changed may still be on their way.
    await rest(LAST_LINES_MS, context.signal);
    if (reasons.length === 0) output.say({ type: 'result', ready: true, message: 'ready' });
    for (const message of reasons) output.say({ type: 'result', ready: false, message });
    return reasons.length === 0 ? EXIT.done : EXIT.error;
  }

  private async followFiles(session: Session, cluster: Cluster): Promise<void> {
    const { context, output } = this.options;
    for await (const _ of fileChanges(this.reader.values, context, context.signal))
      try {
        const composed = this.compose(await this.reader.read(), await discover(cluster), cluster);
        if (composed) await session.apply(composed.wanted, context.signal);
        else output.say({ type: 'note', message: 'what runs stays as it is' });
      } catch (error) {
        if (context.signal.aborted || !(error instanceof Failure)) throw error;
        output.say({ type: 'error', message: error.message, hint: error.hint });
        output.say({ type: 'note', message: 'what runs stays as it is' });
      }
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** What has to be there now, when nothing is wrong; what there is to say is said once. */
  private compose(inputs: Inputs, resources: readonly Resource[], cluster: Cluster): Composed | undefined {
    const { output, targets } = this.options;
    const composed = compose({
      files: inputs.files,
      sidecars: readSidecars(inputs.sidecarFiles),
      served: (apiVersion, kind) => resources.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion),
      paths: targets.paths ?? [],
      namespace: cluster.namespace,
    });
    tellFindings(composed.findings, output);
    if (composed.findings.some(({ severity }) => severity === 'error')) return undefined;
    const notes = composed.notes.map((note): [string, Said] => [JSON.stringify(note), note]);
    for (const [key, note] of notes) if (!this.told.has(key)) output.say(note);
    this.told = new Set(notes.map(([key]) => key));
    return composed;
  }

  private fail(error: unknown): number {
    const { context, output } = this.options;
    const { reason } = context.signal;
    if (context.signal.aborted && reason instanceof Interrupt && !(error instanceof Failure)) return EXIT.done;
    if (!(error instanceof Failure)) {
      output.say({ type: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      return EXIT.bug;
    }
    output.say({ type: 'error', message: error.message, hint: error.hint });
    return EXIT.error;
  }

  /** Takes away, tells what could not be, and says how it ended. */
  private async end(session: Session, code: number, before: readonly string[]): Promise<number> {
    const { context, keep, once } = this.options;
    let result = code;
    try {
      if (keep) this.tellKept(session);
      else {
        this.newcomers = (await session.otherPods()).filter((name) => !before.includes(name));
        await session.takeAway(this.urgent);
      }
    } catch (error) {
      result = this.fail(error) || EXIT.error;
    }
    await session.close(this.urgent);
    const { reason } = context.signal;
    if (result !== EXIT.done || !(reason instanceof Interrupt)) return result;
    // Ctrl-C is how this command ends well, but for a script that waits for something.
    return reason.signal === 'SIGINT' && !once ? EXIT.done : exitCodeOfSignal(reason.signal);
  }

  private tellKept(session: Session): void {
    for (const { label } of session.wanted) this.options.output.say({ type: 'applied', object: label, action: 'kept' });
  }
}

/** Only the node of this machine: what runs there for a try has no business in another cluster. */
function onNode(namespace: string | undefined): ClusterChoice {
  return { has: () => false, value: (name) => (name === 'namespace' ? namespace : undefined) };
}

/** What admission says of every sidecar that joins; it is told here with its reason. */
const JOINED_BY_NODE = /^(cluster )?sidecar "[^"]*" joins Pod /;
const LAST_LINES_MS = 300;

function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}
