import { UsageError } from './command.ts';

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it (`90s`, `1h30m`, `-1s`), in milliseconds. `flag` is named in the error. @throws UsageError */
export function parseDuration(text: string, flag: string): number {
  const match = /^([-+]?)((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) throw new UsageError(`invalid argument "${text}" for "${flag}": a duration such as 30s, 5m or 1h30m`);
  const parts = match[2]!.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  const milliseconds = [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0);
  return match[1] === '-' ? -milliseconds : milliseconds;
}

/** A whole number given to a flag. @throws UsageError */
export function parseInteger(text: string, flag: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new UsageError(`invalid argument "${text}" for "${flag}": a whole number`);
  return Number(text);
}
