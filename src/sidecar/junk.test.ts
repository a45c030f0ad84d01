import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attach } from './attach.ts';
import { checkSidecar, compileSidecars } from './compile.ts';
import { detach } from './detach.ts';
import { explain } from './explain.ts';
import { sidecars, templates } from './fixtures/arbitrary.ts';
import { hello } from './fixtures/hello.ts';
import { plan } from './plan.ts';
import { status } from './status.ts';
import type { Template } from './target.ts';

const junk = fc.oneof(
  fc.constantFrom(null, 0, -1, 1.5, '', 'x', true, [], {}, [null], ['a'], { name: 5 }, '__proto__'),
  fc.jsonValue(),
);

/** A copy in which one value, chosen by `pick`, is something else. */
function spoil<T>(value: T, pick: number, by: unknown): T {
  const places: [Record<string, unknown>, string][] = [];
  const copy = structuredClone({ value }) as Record<string, unknown>;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const [node, key] = places[pick % places.length]!;
  node[key] = by;
  return copy.value as T;
}

describe('whatever it is given', () => {
  it('the engine answers with findings and never throws', () => {
    const property = fc.property(
      templates,
      sidecars('one', 7001),
      fc.nat(),
      junk,
      fc.boolean(),
      (template, one, pick, by, late) => {
        const compiled = compileSidecars([one]);
        const spoiled = late
          ? spoil(attach({ template, sidecars: compiled }).template, pick, by)
          : spoil(template, pick, by);
        const before = JSON.stringify(spoiled);
        const target = {
          template: spoiled,
          workload: { kind: 'Deployment', apiVersion: 'apps/v1', metadata: spoil({ name: 'w' }, pick, by) as never },
        };
        for (const run of [
          () => attach({ ...target, sidecars: compiled }),
          () => detach({ template: spoiled }),
          () => status({ ...target, sidecars: compiled }),
          () => plan({ targets: [target], sidecars: compiled }),
          () => explain([target], compiled),
        ])
          expect(run).not.toThrow();
        expect(JSON.stringify(spoiled)).toBe(before);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('checking a sidecar does not throw', () => {
    const property = fc.property(sidecars('one', 7001), fc.nat(), junk, (one, pick, by) => {
      expect(() => checkSidecar(spoil(one, pick, by))).not.toThrow();
      expect(() => checkSidecar(spoil(hello(), pick, by))).not.toThrow();
      expect(() =>
        attach({
          template: { spec: { containers: [{ name: 'a', image: 'a' }] } },
          sidecars: [spoil(hello(), pick, by)],
        }),
      ).not.toThrow();
    });
    fc.assert(property, { numRuns: 300 });
    expect(() => attach({ template: 5 as unknown as Template, sidecars: [hello()] })).not.toThrow();
  });
});
