import type { ContainerStatus, Pod } from '../../src/kube/generated/objects.ts';
import type { Assertion } from './scenario.ts';
import type { Story } from './story.ts';
import type { Sight } from './witness.ts';

/** Everything that an assertion may look at. */
export interface Seen {
  sight: Sight;
  story: Story;
  row: string;
  logs: Map<string, string>;
}

/** Why the assertion does not hold, or undefined. */
export function problem(assertion: Assertion, seen: Seen): string | undefined {
  return ofStory(assertion, seen.story) ?? ofPod(assertion, seen) ?? ofContainers(assertion, seen);
}

export function statusOf({ status = {} }: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  return [...initContainerStatuses, ...containerStatuses].find((one) => one.name === name);
}

function ofStory(one: Assertion, story: Story): string | undefined {
  if ('startsBefore' in one) return story.startsBefore(one.startsBefore);
  if ('exitsBefore' in one) return story.exitsBefore(one.exitsBefore);
  if ('endsBeforeStart' in one) return story.endsBeforeStart(...one.endsBeforeStart);
  if ('runTogether' in one) return story.runTogether(...one.runTogether);
  if ('startsAgainAfter' in one) return story.startsAgainAfter(...one.startsAgainAfter);
  if ('story' in one) return story.contains(one.story);
  if ('allBefore' in one) return story.allBefore(...one.allBefore);
  if ('notTold' in one) return unless(story.places(one.notTold).length === 0, `"${one.notTold}" was told`);
  if ('neverStarted' in one) return unless(story.starts(one.neverStarted).length === 0, `${one.neverStarted} started`);
  if ('restarted' in one) return unless(story.starts(one.restarted).length > 1, `${one.restarted} was not restarted`);
  if ('notRestarted' in one)
    return unless(
      story.starts(one.notRestarted).length === 1,
      `${one.notRestarted} started ${story.starts(one.notRestarted).length} times`,
    );
  return undefined;
}

function ofPod(one: Assertion, { sight, row }: Seen): string | undefined {
  const last = sight.versions.at(-1) ?? {};
  if ('phase' in one) return same('phase', last.status?.phase, one.phase);
  if ('neverPhase' in one)
    return unless(
      sight.versions.every(({ status }) => status?.phase !== one.neverPhase),
      `the pod was ${one.neverPhase}`,
    );
  if ('event' in one)
    return unless(
      sight.events.some((line) => one.event.test(line)),
      `no event ${one.event}`,
    );
  if ('noEvent' in one) return unless(!sight.events.some((line) => one.noEvent.test(line)), `an event ${one.noEvent}`);
  if ('row' in one) return unless(one.row.test(row), `the row is ${row.trim()}, not ${one.row}`);
  if ('conditions' in one) return conditionsInOrder(sight.versions, one.conditions);
  if ('conditionIs' in one) {
    const words = Object.keys(one.conditionIs).map((type): [string, string] => [type, conditionWords(last, type)]);
    return same('conditions', Object.fromEntries(words), one.conditionIs);
  }
  if ('label' in one) return same('label', last.metadata?.labels?.[one.label[0]], one.label[1]);
  if ('ips' in one) {
    const { podIP, podIPs, hostIP, hostIPs } = last.status ?? {};
    const holds = podIP && hostIP && podIP !== hostIP && podIPs?.[0]?.ip === podIP && hostIPs?.[0]?.ip === hostIP;
    return unless(Boolean(holds), `addresses: ${JSON.stringify({ podIP, podIPs, hostIP, hostIPs })}`);
  }
  if ('status' in one) {
    const picked = Object.keys(one.status).map((key) => [key, (last.status as Record<string, unknown>)?.[key]]);
    return same('status', Object.fromEntries(picked), one.status);
  }
  return undefined;
}

function ofContainers(one: Assertion, { sight, logs }: Seen): string | undefined {
  const last = sight.versions.at(-1) ?? {};
  if ('exits' in one) {
    const ends = Object.keys(one.exits).map((name) => {
      const { terminated } = statusOf(last, name)?.state ?? {};
      return [name, [terminated?.exitCode, terminated?.reason]];
    });
    return same('exit codes', Object.fromEntries(ends), one.exits);
  }
  if ('restartCount' in one) {
    const counts = Object.keys(one.restartCount).map((name) => [name, statusOf(last, name)?.restartCount]);
    return same('restart counts', Object.fromEntries(counts), one.restartCount);
  }
  if ('image' in one) {
    const wrong = Object.entries(one.image).find(([name, image]) => !image.test(statusOf(last, name)?.image ?? ''));
    return wrong && `image of ${wrong[0]} is ${statusOf(last, wrong[0])?.image}`;
  }
  const life = (name: string) =>
    sight.versions.map((pod) => statusOf(pod, name)).filter((status) => status !== undefined);
  if ('unreadyFirst' in one) {
    const all = life(one.unreadyFirst);
    const ready = all.findIndex((status) => status.ready);
    const before = all.slice(0, Math.max(ready, 0));
    return unless(
      before.some(({ state }) => state?.running),
      `${one.unreadyFirst} was ready as soon as it ran`,
    );
  }
  if ('neverReady' in one)
    return unless(!life(one.neverReady).some(({ ready }) => ready), `${one.neverReady} was ready`);
  if ('countsUp' in one) {
    const counts = life(one.countsUp).map(({ restartCount }) => restartCount);
    return unless(
      counts.every((count, index) => index === 0 || count >= counts[index - 1]!),
      `counts: ${counts}`,
    );
  }
  if ('message' in one) {
    const { state, lastState } = statusOf(last, one.of) ?? {};
    return matches('message', (state?.terminated ?? lastState?.terminated)?.message ?? '', one.message);
  }
  if ('log' in one) return matches('log', logs.get(one.of) ?? '', one.log);
  return undefined;
}

/** Each became so at or after the moment at which the one before did. */
function conditionsInOrder(versions: Pod[], wanted: string[]): string | undefined {
  let from = 0;
  for (const [place, words] of wanted.entries()) {
    const [type = '', status] = words.split('=');
    const became = versions.findIndex(
      (pod, index) =>
        index >= from &&
        conditionWords(pod, type) === status &&
        (index === 0 || conditionWords(versions[index - 1]!, type) !== status),
    );
    if (became < 0) return `${words} did not come after ${wanted[place - 1] ?? 'the beginning'}`;
    from = became;
  }
  return undefined;
}

function conditionWords({ status }: Pod, type: string): string {
  return status?.conditions?.find((condition) => condition.type === type)?.status ?? 'absent';
}

function matches(what: string, text: string, wanted: string | RegExp): string | undefined {
  const holds = typeof wanted === 'string' ? text === wanted : wanted.test(text);
  return holds ? undefined : `${what} is ${JSON.stringify(text)}, not ${wanted}`;
}

function same(what: string, seen: unknown, wanted: unknown): string | undefined {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
  return a === b ? undefined : `${what}: ${a}, not ${b}`;
}

function unless(holds: boolean, complaint: string): string | undefined {
  return holds ? undefined : complaint;
}
