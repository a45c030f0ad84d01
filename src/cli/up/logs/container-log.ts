import type { ContainerStatus, Pod } from '../../../kube/generated/objects.ts';
import type { Cluster } from '../../client/cluster.ts';
import { isNotFound, ServerError } from '../../client/server-error.ts';
import { Bell, rest } from '../bell.ts';
import { containerStatusesOf } from '../pod-state.ts';
import { LineSplitter } from './line-splitter.ts';
import { LogWindow, timedLine } from './log-window.ts';
import { hasEnded, isStill, type LogRun, nextRun } from './next-run.ts';

/** Where a container's lines go. */
export type Sink = (line: { time: string; text: Buffer }) => Promise<void>;

export interface ContainerLogInput {
  cluster: Cluster;
  pod: Pod;
  container: string;
  sink: Sink;
  signal: AbortSignal;
}

/** After a failure of a connection, or when a log has ended and the Pod's status does not say so yet. */
const PAUSE_MS = 300;
/** How long the last lines of a Pod that is gone may take. */
const LAST_LINES_MS = 2_000;

/**
 * Follows the log of one container of one Pod through all its runs, the ones that the API still has from before included, until the Pod is gone
 * and everything is read. Each line is given out once, as far as the API tells lines apart; a connection that breaks is made anew.
 */
export class ContainerLog {
  /** Never rejects. */
  readonly done: Promise<void>;
  private readonly input: ContainerLogInput;
  private readonly window = new LogWindow();
  private readonly read = new Set<string>();
  private pod: Pod;
  private isGone = false;
  private readonly bell = new Bell();
  private readonly late = new AbortController();
  private readonly signal: AbortSignal;
  /** Of the line that is read: a very long one comes in several parts. */
  private time = '';
  private isNew = true;

  constructor(input: ContainerLogInput) {
    this.input = input;
    this.signal = AbortSignal.any([input.signal, this.late.signal]);
    this.pod = input.pod;
    this.done = this.run();
  }

  /** The Pod as it is now. */
  update(pod: Pod): void {
    this.pod = pod;
    this.bell.ring();
  }

  /** The Pod has been removed. */
  gone(pod: Pod): void {
    this.isGone = true;
    setTimeout(() => this.late.abort(), LAST_LINES_MS).unref();
    this.update(pod);
  }

  private get status(): ContainerStatus | undefined {
    return containerStatusesOf(this.pod).find(({ name }) => name === this.input.container);
  }

  private async run(): Promise<void> {
    while (!this.signal.aborted) {
      const run = nextRun(this.status, this.read);
      if (run === undefined && this.isGone) return;
      if (run === undefined) await this.bell.wait(this.signal);
      else await this.follow(run);
    }
  }

  private async follow(run: LogRun): Promise<void> {
    try {
      const isWhole = await this.copy(run);
      if (isWhole && (run.previous || this.isGone || hasEnded(run, this.status))) this.read.add(run.id);
      // It has ended and the Pod does not say so yet, or the server has gone; or the status that is known is not the latest.
      else await this.bell.wait(this.signal, PAUSE_MS);
    } catch (error) {
      if (this.signal.aborted) return;
      if (this.isGone || (error instanceof ServerError && run.previous)) this.read.add(run.id);
      else await rest(PAUSE_MS, this.signal);
    }
  }

  /** @returns false when it turned out to be the log of another run */
  private async copy(run: LogRun): Promise<boolean> {
    const { cluster, container, sink } = this.input;
    const { namespace, name } = this.pod.metadata!;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const sinceTime = this.window.begin();
    const query = {
      container,
      follow: !run.previous,
      previous: run.previous || undefined,
      timestamps: true,
      sinceTime,
    };
    const accept = 'text/plain,application/json';
    const body = await cluster.stream({ path: `${path}/log`, query, accept, signal: this.signal });
    if (!(await this.isAbout(run, path))) {
      body.destroy();
      return false;
    }
    const lines = new LineSplitter();
    for await (const chunk of body) await this.give(lines.push(chunk as Buffer), sink);
    await this.give(lines.flush(), sink);
    return true;
  }

  private async give(lines: readonly Buffer[], sink: Sink): Promise<void> {
    for (const line of lines) {
      const timed = timedLine(line);
      if (timed) {
        this.time = timed.time;
        this.isNew = this.window.isNew(timed);
      }
      if (this.isNew) await sink({ time: this.time, text: timed?.text ?? line });
    }
  }

  /** The API is asked for a name; only the Pod's status tells which run it has answered about. */
  private async isAbout(run: LogRun, path: string): Promise<boolean> {
    if (this.isGone) return true;
    try {
      const now = await this.input.cluster.request<Pod>({ path, signal: this.signal });
      if (now.metadata?.uid !== this.pod.metadata?.uid) return false;
      // Not a change to wake up for: a log that has ended before its status says so would be asked for without a pause.
      this.pod = now;
      return isStill(run, this.status);
    } catch (error) {
      return isNotFound(error);
    }
  }
}
