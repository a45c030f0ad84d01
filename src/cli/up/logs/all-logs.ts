import type { Pod } from '../../../kube/generated/objects.ts';
import type { Cluster } from '../../client/cluster.ts';
import { containerNames } from '../../client/pods.ts';
import type { Output } from '../output.ts';
import { podLabel } from '../wanted.ts';
import { ContainerLog } from './container-log.ts';

export interface AllLogsOptions {
  cluster: Cluster;
  output: Output;
  home: string;
  signal: AbortSignal;
}

/** The logs of all containers of all Pods of this run, merged. */
export class AllLogs {
  private readonly options: AllLogsOptions;
  private readonly logs = new Map<string, Map<string, ContainerLog>>();
  private readonly ending = new Set<Promise<void>>();

  constructor(options: AllLogsOptions) {
    this.options = options;
  }

  changed(pod: Pod): void {
    const own = this.logs.get(pod.metadata!.uid!) ?? new Map<string, ContainerLog>();
    this.logs.set(pod.metadata!.uid!, own);
    const object = podLabel(pod, this.options.home);
    const names = containerNames(pod);
    this.options.output.expect(names.map((container) => ({ object, container })));
    for (const container of names) {
      const log = own.get(container);
      if (log) log.update(pod);
      else own.set(container, this.start(pod, object, container));
    }
  }

  gone(pod: Pod): void {
    for (const log of this.logs.get(pod.metadata!.uid!)?.values() ?? []) {
      log.gone(pod);
      const done = log.done.finally(() => this.ending.delete(done));
      this.ending.add(done);
    }
    this.logs.delete(pod.metadata!.uid!);
  }

  /** Resolves when the last lines of the Pods that are gone have been told. */
  async finished(): Promise<void> {
    await Promise.all(this.ending);
  }

  private start(pod: Pod, object: string, container: string): ContainerLog {
    const { cluster, output, signal } = this.options;
    return new ContainerLog({
      cluster,
      pod,
      container,
      signal,
      sink: (line) => output.log({ object, container, ...line }),
    });
  }
}
