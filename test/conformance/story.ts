/** One line that a container wrote: who, and what. The time is for people who read a failure. */
export interface Line {
  at: number;
  who: string;
  what: string;
}

/** What the containers of a scenario told, in the order in which they wrote it. */
export class Story {
  readonly lines: Line[];

  constructor(text: string) {
    this.lines = text
      .split('\n')
      .map((line) => line.split(' '))
      .filter((words) => words.length === 3)
      .map(([at, who, what]) => ({ at: Number(at), who: who!, what: what! }));
  }

  /** Places of a line (`main started`) in the story. */
  places(told: string): number[] {
    return this.lines.flatMap(({ who, what }, place) => (`${who} ${what}` === told ? [place] : []));
  }

  starts(who: string): number[] {
    return this.places(`${who} starting`);
  }

  /** What is wrong with "the first start of each comes before that of the next", or undefined. */
  startsBefore(names: string[]): string | undefined {
    return this.inOrder(names, 'starting', (places) => places[0]);
  }

  exitsBefore(names: string[]): string | undefined {
    return this.inOrder(names, 'exiting', (places) => places.at(-1));
  }

  endsBeforeStart(first: string, second: string): string | undefined {
    const [end] = this.places(`${first} exiting`);
    const [start] = this.starts(second);
    if (end === undefined) return `${first} never ended`;
    if (start === undefined) return `${second} never started`;
    return end < start ? undefined : `${second} started before ${first} had ended`;
  }

  /** Each began before the other ended. One that did not say that it ended ran to the end of the story. */
  runTogether(a: string, b: string): string | undefined {
    const runs = (who: string) =>
      this.starts(who).map((start) => ({
        start,
        end: this.places(`${who} exiting`).find((place) => place > start) ?? Number.POSITIVE_INFINITY,
      }));
    const together = runs(a).some((x) => runs(b).some((y) => x.start < y.end && y.start < x.end));
    return together ? undefined : `${a} and ${b} did not run together`;
  }

  startsAgainAfter(who: string, other: string): string | undefined {
    const [start] = this.starts(other);
    if (start === undefined) return `${other} never started`;
    return this.starts(who).some((place) => place > start) ? undefined : `${who} did not start after ${other}`;
  }

  /** What is missing of these lines in this order. */
  contains(lines: string[]): string | undefined {
    let from = -1;
    for (const line of lines) {
      const next = this.places(line).find((place) => place > from);
      if (next === undefined) return `no "${line}" after "${lines[lines.indexOf(line) - 1] ?? 'the beginning'}"`;
      from = next;
    }
    return undefined;
  }

  allBefore(these: string[], those: string[]): string | undefined {
    const missing = these.find((line) => this.places(line).length === 0);
    if (missing) return `no "${missing}"`;
    const last = Math.max(...these.flatMap((line) => this.places(line)));
    const early = those.find((line) => this.places(line).some((place) => place < last));
    return early && `"${early}" came before all of ${these.map((line) => `"${line}"`).join(', ')}`;
  }

  toString(): string {
    return this.lines.map(({ at, who, what }) => `${at} ${who} ${what}`).join('\n');
  }

  private inOrder(names: string[], what: string, pick: (places: number[]) => number | undefined): string | undefined {
    const places = names.map((name) => pick(this.places(`${name} ${what}`)));
    const missing = places.indexOf(undefined);
    if (missing >= 0) return `${names[missing]} is never ${what}`;
    const wrong = places.findIndex((place, index) => index > 0 && place! < places[index - 1]!);
    return wrong < 0 ? undefined : `${names[wrong]} is ${what} before ${names[wrong - 1]}`;
  }
}
