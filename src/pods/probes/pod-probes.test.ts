import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { observed, running, sandbox } from '../../../test/pods/observed.ts';
import { BEGIN, busybox, makePod, pass, virtualTime } from '../../../test/pods/world.ts';
import type { Container, Pod, PodSpec, Probe } from '../../kube/generated/objects.ts';
import { systemClock } from '../clock.ts';
import type { ObservedContainer } from '../observed.ts';
import { ProbeError, type RunProbe } from './answer.ts';
import { PodProbes } from './pod-probes.ts';

beforeEach(virtualTime);
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const at = (seconds: number) => new Date(BEGIN + seconds * SECOND).toISOString();
const every = (periodSeconds: number, more: Partial<Probe> = {}): Probe => ({
  exec: { command: ['p'] },
  periodSeconds,
  ...more,
});

/** One container with probes that answer as `answers` says; which probes were run, and when in seconds. */
class Case {
  /** By kind; `success` where nothing is said. */
  answers: Partial<Record<'startup' | 'readiness' | 'liveness', 'failure' | 'warning' | Error>> = {};
  readonly asked: string[] = [];
  readonly events: string[] = [];
  readonly changes: string[] = [];
  takesMs = 0;
  readonly probes: PodProbes;
  readonly pod: Pod;
  #container: ObservedContainer;

  constructor(
    container: Partial<Container>,
    { spec = {}, random = 0 }: { spec?: Partial<PodSpec>; random?: number } = {},
  ) {
    this.pod = makePod('p', { containers: [busybox('c', container)], ...spec });
    this.#container = running('c', { startedAt: at(0) });
    const event = (_: Pod, type: string, reason: string, message: string, path = '') =>
      void this.events.push(`${seconds()} ${type} ${reason} ${path} ${message}`);
    this.probes = new PodProbes({
      run: this.#run,
      events: { event },
      clock: systemClock,
      hostIPs: ['192.0.2.1'],
      changed: () => void this.changes.push(`${seconds()} ${this.health}`),
      random: () => random,
    });
  }

  /** The container runs, since `startedAt`; a new one with another attempt. */
  run(change: Partial<ObservedContainer> = {}): this {
    this.#container = running('c', { startedAt: new Date(Date.now()).toISOString(), ...change });
    return this.watch();
  }

  watch(sandboxes = [sandbox()]): this {
    this.probes.watch(this.pod, observed([this.#container], sandboxes));
    return this;
  }

  get health(): string {
    const { probes } = this;
    const words = [
      probes.started(this.#container) && 'started',
      probes.ready(this.#container) && 'ready',
      probes.failing(this.#container),
    ];
    return words.filter(Boolean).join(' ') || 'waits';
  }

  readonly #run: RunProbe = async (probe, { container, ip }) => {
    const kind = (['startup', 'readiness', 'liveness'] as const).find((one) => container[`${one}Probe`] === probe);
    this.asked.push(`${seconds()} ${kind}${ip === '10.244.0.2' ? '' : ` at ${ip}`}`);
    if (this.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, this.takesMs));
    const answer = this.answers[kind ?? 'startup'] ?? 'success';
    if (answer instanceof Error) throw answer;
    return { result: answer, output: 'out' };
  };
}

/** A timer without delay takes a millisecond. */
const seconds = () => Math.round((Date.now() - BEGIN) / 10) / 100;

describe('when probes are run', () => {
  test("readiness half a second after the start and at each tick; the ticks count from the Pod's beginning", async () => {
    const one = new Case({ readinessProbe: every(10), livenessProbe: every(4) });
    one.probes.watch(one.pod, observed([]));
    await pass(3 * SECOND);
    one.run();
    await pass(17 * SECOND);
    expect(one.asked).toEqual(
      [
        ...['3.5 readiness', '4 liveness', '8 liveness', '10 readiness', '12 liveness'],
        ...['16 liveness', '20 readiness', '20 liveness'],
      ].toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b)),
    );
    expect(one.health).toBe('started ready');
  });

  test('after the initial delay of the container, at the next tick', async () => {
    const one = new Case({
      readinessProbe: every(10, { initialDelaySeconds: 5 }),
      livenessProbe: every(3, { initialDelaySeconds: 7 }),
    });
    one.run();
    await pass(10 * SECOND);
    expect(one.asked).toEqual(['9 liveness', '10 readiness']);
  });

  test('startup alone until it succeeds; then readiness at once and liveness at its tick', async () => {
    const one = new Case({ startupProbe: every(2), readinessProbe: every(10), livenessProbe: every(5) });
    one.answers.startup = 'failure';
    one.run();
    await pass(3 * SECOND);
    expect([one.asked, one.health]).toEqual([['2 startup'], 'waits']);
    one.answers = {};
    await pass(5 * SECOND);
    expect(one.asked).toEqual(['2 startup', '4 startup', '4 readiness', '5 liveness']);
    expect(one.changes).toEqual(['4 started', '4 started ready']);
  });

  test('a slow probe is run again as soon as it has ended, once for all the ticks that it missed', async () => {
    const one = new Case({ livenessProbe: every(1) });
    one.takesMs = 2500;
    one.run();
    await pass(8 * SECOND);
    expect(one.asked).toEqual(['1 liveness', '3.5 liveness', '6 liveness']);
  });

  test('on the network of the machine the machine is asked', async () => {
    const one = new Case({ livenessProbe: every(1) }, { spec: { hostNetwork: true } });
    one.run();
    await pass(SECOND);
    expect(one.asked).toEqual(['1 liveness at 192.0.2.1']);
  });

  test('containers that ran before the node did begin at a random moment of their period, unready', async () => {
    const one = new Case({ readinessProbe: every(10) }, { random: 0.7 });
    one.run({ startedAt: at(-100) });
    expect(one.health).toBe('started');
    await pass(20 * SECOND);
    expect(one.asked).toEqual(['7 readiness', '17 readiness']);
  });

  test('a clock that is set back by a day delays no probe by more than its period', async () => {
    const one = new Case({ livenessProbe: every(10, { initialDelaySeconds: 5 }) });
    one.run();
    await pass(10 * SECOND);
    vi.setSystemTime(BEGIN - 24 * 3600 * SECOND);
    await pass(10 * SECOND);
    await pass(10 * SECOND);
    expect(one.asked).toHaveLength(3);
  });
});

describe('when they are not', () => {
  test('a container without probes is healthy, and costs no timer', () => {
    const one = new Case({}).run();
    expect([one.health, vi.getTimerCount()]).toEqual(['started ready', 0]);
  });

  test.each<[string, (one: Case) => void]>([
    ['after the container has ended', (one) => one.run({ state: 'EXITED' })],
    ['after the runtime said that it has', (one) => one.probes.exited('c/0')],
    ['after the Pod has gone', (one) => one.probes.forget('uid-p')],
    ['after the node has stopped', (one) => one.probes.close()],
  ])('%s', async (_, end) => {
    const one = new Case({ readinessProbe: every(1), livenessProbe: every(1), startupProbe: every(1) }).run();
    await pass(2 * SECOND);
    const asked = one.asked.length;
    end(one);
    expect(vi.getTimerCount()).toBe(0);
    await pass(5 * SECOND);
    expect(one.asked).toHaveLength(asked);
  });

  test('what a probe still says when its container has ended is not heard', async () => {
    const one = new Case({ livenessProbe: every(1, { failureThreshold: 1 }) }).run();
    one.takesMs = 500;
    one.answers.liveness = 'failure';
    await pass(1.2 * SECOND);
    one.probes.exited('c/0');
    await pass(5 * SECOND);
    expect([one.asked, one.events, one.changes]).toEqual([['1 liveness'], [], []]);
  });
});

describe('what comes of them', () => {
  test('a failed liveness probe marks the container, and is not run again for it', async () => {
    const one = new Case({ livenessProbe: every(1, { failureThreshold: 2 }) }).run();
    one.answers.liveness = 'failure';
    await pass(9 * SECOND);
    expect(one.changes).toEqual(['2 started ready liveness']);
    expect(one.events).toEqual([
      '1 Warning Unhealthy spec.containers{c} Liveness probe failed: out',
      '2 Warning Unhealthy spec.containers{c} Liveness probe failed: out',
    ]);
  });

  test('a new container of the same name begins anew', async () => {
    const one = new Case({ livenessProbe: every(1, { failureThreshold: 1 }), readinessProbe: every(1) }).run();
    one.answers.liveness = 'failure';
    await pass(SECOND);
    expect(one.health).toBe('started ready liveness');
    one.answers = {};
    one.run({ attempt: 1 });
    expect(one.health).toBe('started');
    await pass(SECOND);
    expect(one.health).toBe('started ready');
  });

  test('a warning is a success, and is told', async () => {
    const one = new Case({ readinessProbe: every(1) }).run();
    one.answers.readiness = 'warning';
    await pass(0.5 * SECOND);
    expect([one.health, ...one.events]).toEqual([
      'started ready',
      '0.5 Warning ProbeWarning spec.containers{c} Readiness probe warning: out',
    ]);
  });

  test('a probe that cannot be run is tried three times, told once, and says nothing', async () => {
    const one = new Case({ startupProbe: every(1, { failureThreshold: 1 }) }).run();
    one.answers.startup = new ProbeError('no such command');
    await pass(SECOND);
    expect(one.asked).toEqual(['1 startup', '1 startup', '1 startup']);
    expect(one.events).toEqual([
      '1 Warning Unhealthy spec.containers{c} Startup probe errored and resulted in unknown state: no such command',
    ]);
    expect(one.health).toBe('waits');
  });

  test('when the Pod ends nobody is killed for a probe any more, and readiness goes on', async () => {
    const one = new Case({
      startupProbe: every(1),
      readinessProbe: every(1, { failureThreshold: 1 }),
      livenessProbe: every(1),
    });
    one.answers = { startup: 'failure', liveness: 'failure' };
    one.run();
    await pass(SECOND);
    one.probes.ending('uid-p');
    one.asked.length = 0;
    await pass(SECOND);
    one.answers.readiness = 'failure';
    await pass(SECOND);
    expect(one.asked).toEqual(['1 readiness', '2 readiness', '3 readiness']);
    expect(one.changes).toEqual(['1 started ready', '3 started']);
  });
});
