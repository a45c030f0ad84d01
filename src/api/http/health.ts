import type { BodyResponse } from './exchange.ts';
import { pageNotFound, textResponse } from './respond.ts';

/** What must be true of the node, by name. A check answers what is wrong, or nothing. */
export type HealthChecks = Readonly<Record<string, () => string | undefined>>;

const PATHS = /^\/(livez|readyz|healthz)(?:\/(.+))?$/;

/** Answers /livez, /readyz and /healthz, and single checks below them, as kube-apiserver words it; undefined for other paths. */
export function health(path: string, query: URLSearchParams, checks: HealthChecks): BodyResponse | undefined {
  const [, name, single] = PATHS.exec(path) ?? [];
  if (name === undefined) return undefined;
  if (single !== undefined && !Object.hasOwn(checks, single)) return pageNotFound();
  const excluded = query.getAll('exclude');
  const names = single !== undefined ? [single] : Object.keys(checks).filter((check) => !excluded.includes(check));
  const failures = names.map((check) => ({ check, wrong: checks[check]!() }));
  const bad = failures.some(({ wrong }) => wrong !== undefined);
  if (!bad && !query.has('verbose')) return textResponse(200, 'ok');
  const lines = failures.map(({ check, wrong }) =>
    wrong === undefined ? `[+]${check} ok` : `[-]${check} failed: ${wrong}`,
  );
  return textResponse(bad ? 500 : 200, `${[...lines, `${name} check ${bad ? 'failed' : 'passed'}`].join('\n')}\n`);
}
