import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStatus, Pod } from '../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { NodeUnderTest } from '../e2e/node-under-test.ts';
import type { Api } from './api.ts';
import { STAGE } from './cast.ts';
import { problem, type Seen, statusOf } from './judge.ts';
import type { Condition, Scenario, Step } from './scenario.ts';
import { Story } from './story.ts';
import type { Sight, Witness } from './witness.ts';

/** How long to wait for what should come. Only what never comes is wrong. */
const PATIENCE_MS = 150_000;
/** For what is told a little later than it happens. */
const LATECOMERS_MS = 20_000;
const PODS = '/api/v1/namespaces/default/pods';
const COLLECTIONS: Record<string, string> = {
  Pod: 'pods',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
};

export interface Theatre {
  node: NodeUnderTest;
  api: Api;
  witness: Witness;
}

/** Runs a scenario to its end. @throws Error that says which step did not come, or which assertions do not hold, with the story. */
export async function perform(theatre: Theatre, scenario: Scenario): Promise<void> {
  const run = new Performance(theatre, scenario);
  await run.begin();
  try {
    for (const step of scenario.happens) await run.do(step);
    await run.judge();
  } finally {
    await run.end();
  }
}

class Performance {
  private readonly theatre: Theatre;
  private readonly scenario: Scenario;
  private readonly folder: string;

  constructor(theatre: Theatre, scenario: Scenario) {
    this.theatre = theatre;
    this.scenario = scenario;
    this.folder = join(theatre.node.home, 'stage', scenario.id);
  }

  async begin(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'story'), '');
    chmodSync(this.folder, 0o777);
    chmodSync(join(this.folder, 'story'), 0o666);
    for (const object of this.scenario.objects ?? []) await this.create(object);
    const { metadata, spec } = this.scenario.pod;
    const volumes = spec.volumes?.map((volume) =>
      volume.hostPath?.path === STAGE ? { ...volume, hostPath: { ...volume.hostPath, path: this.folder } } : volume,
    );
    const whole = { ...spec, ...(volumes && { volumes }) };
    await this.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: this.scenario.id },
      spec: whole,
    });
  }

  async do(step: Step): Promise<void> {
    const { api, node } = this.theatre;
    const path = `${PODS}/${this.scenario.id}`;
    if ('until' in step) await this.wait(JSON.stringify(step.until, textOfPattern), () => this.isSo(step.until));
    else if ('gone' in step) await this.wait('the pod is gone', () => this.sight.gone);
    else if ('delete' in step)
      await api.call('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', ...step.delete });
    else if ('touch' in step) writeFileSync(join(this.folder, step.touch), '', { mode: 0o666 });
    else if ('image' in step) await this.patch(path, imagePatch(this.pod, step.image, step.to));
    else if ('exec' in step) await node.k('exec', this.scenario.id, '-c', step.exec, '--', 'sh', '-c', step.script);
    else if ('patch' in step) await this.patch(step.of ? `/api/v1/namespaces/default/${step.of}` : path, step.patch);
    else if ('create' in step) await this.create(step.create);
    else if ('remove' in step) await api.call('DELETE', `/api/v1/namespaces/default/${step.remove}`);
    else if ('restartNode' in step) await this.restartNode(() => {});
    else await this.restartNode(() => killAllOf(this.pod.metadata?.uid ?? ''));
  }

  /** Events and the last status may come a moment after what they tell of: what does not hold is looked at again for a while. */
  async judge(): Promise<void> {
    const deadline = Date.now() + LATECOMERS_MS;
    for (;;) {
      const seen = await this.evidence();
      const wrong = this.scenario.holds.map((one) => problem(one, seen)).filter((text) => text !== undefined);
      if (wrong.length === 0) return;
      if (Date.now() > deadline) throw new Error(`${wrong.join('\n')}\n${this.report()}`);
      await sleep(300);
    }
  }

  private async evidence(): Promise<Seen> {
    const { holds, id } = this.scenario;
    const row = holds.some((one) => 'row' in one) ? await this.theatre.node.k('get', 'pod', id, '--no-headers') : '';
    const logs = new Map<string, string>();
    for (const one of holds) {
      if (!('log' in one)) continue;
      logs.set(one.of, String(await this.theatre.api.call('GET', `${PODS}/${id}/log?container=${one.of}`)));
    }
    return { sight: this.sight, story: this.story(), row, logs };
  }

  /** Takes the Pod away by force, also one that failed in the middle of a long grace period: the place is for others. */
  async end(): Promise<void> {
    const { api } = this.theatre;
    await api.call('DELETE', `${PODS}/${this.scenario.id}`, { gracePeriodSeconds: 0 }).catch(() => {});
  }

  private async restartNode(meanwhile: () => void): Promise<void> {
    const { node, api } = this.theatre;
    process.kill(await node.pid(), 'SIGKILL');
    meanwhile();
    await node.start({ images: [] });
    api.forget();
  }

  private async create(object: KubeObject): Promise<void> {
    const collection = COLLECTIONS[object.kind ?? ''];
    if (!collection) throw new Error(`scenarios do not make a ${object.kind}`);
    await this.theatre.api.call('POST', `/api/v1/namespaces/default/${collection}`, object);
  }

  private async patch(path: string, change: object): Promise<void> {
    await this.theatre.api.call('PATCH', path, change, 'application/strategic-merge-patch+json');
  }

  private async wait(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await check())) {
      if (Date.now() > deadline) throw new Error(`it never came: ${what}\n${this.report()}`);
      await sleep(50);
    }
  }

  private async isSo(condition: Condition): Promise<boolean> {
    const { status = {} } = this.pod;
    const of = (name: string): Partial<ContainerStatus> => statusOf(this.pod, name) ?? {};
    if ('phase' in condition) return status.phase === condition.phase;
    if ('running' in condition) return of(condition.running).state?.running !== undefined;
    if ('ended' in condition) return of(condition.ended).state?.terminated !== undefined;
    if ('waiting' in condition) return of(condition.waiting).state?.waiting?.reason === condition.reason;
    if ('restarts' in condition) return (of(condition.restarts).restartCount ?? 0) >= condition.atLeast;
    if ('ready' in condition) return of(condition.ready).ready === condition.is;
    if ('condition' in condition)
      return (
        status.conditions?.some(({ type, status: is }) => type === condition.condition && is === condition.is) ?? false
      );
    if ('told' in condition) return this.story().places(condition.told).length >= (condition.times ?? 1);
    if ('event' in condition) return this.sight.events.some((line) => condition.event.test(line));
    if ('reason' in condition) return status.reason === condition.reason;
    await sleep(250);
    const { code, stdout } = await this.theatre.node.kubectl(
      ...['exec', this.scenario.id, '-c', condition.of, '--', 'sh', '-c', condition.script],
    );
    return code === 0 && condition.prints.test(stdout);
  }

  private get sight(): Sight {
    return this.theatre.witness.of(this.scenario.id);
  }

  private get pod(): Pod {
    return this.sight.versions.at(-1) ?? {};
  }

  private story(): Story {
    const file = join(this.folder, 'story');
    return new Story(existsSync(file) ? readFileSync(file, 'utf8') : '');
  }

  private report(): string {
    const { status } = this.pod;
    return `story:\n${this.story()}\nevents:\n${this.sight.events.join('\n')}\nstatus:\n${JSON.stringify(status, null, 1)}`;
  }
}

function imagePatch({ spec }: Pod, name: string, image: string): object {
  const list = spec?.initContainers?.some((one) => one.name === name) ? 'initContainers' : 'containers';
  return { spec: { [list]: [{ name, image }] } };
}

/** As a reboot does: every process in the Pod's cgroups, that of the sandbox included. */
function killAllOf(uid: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(uid)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

function textOfPattern(_: string, value: unknown): unknown {
  return value instanceof RegExp ? String(value) : value;
}
