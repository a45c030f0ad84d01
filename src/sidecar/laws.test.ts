import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue } from '../kube/decode.ts';
import { defaultPodSpec } from '../kube/defaults/pod-spec.ts';
import type { PodSpec } from '../kube/generated/objects.ts';
import { validatePodSpec } from '../kube/validation/pod-spec.ts';
import { type Attached, attach } from './attach.ts';
import { detach } from './detach.ts';
import { hasErrors } from './finding.ts';
import { quietSidecars, sidecars, templates } from './fixtures/arbitrary.ts';
import { INJECTORS } from './fixtures/injectors.ts';
import type { Sidecar } from './sidecar.ts';
import type { Template } from './target.ts';

const WORKLOAD = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
const pairs = fc.tuple(sidecars('one', 7001), sidecars('two', 7002));
const RUNS = { numRuns: 120 };

function run(template: Template, ...of: Sidecar[]): Attached {
  return attach({ template: frozen(template), workload: WORKLOAD, sidecars: of });
}

/** Attaches, and goes on only when there is no error. */
function attached(template: Template, ...of: Sidecar[]): Template {
  const result = run(template, ...of);
  fc.pre(!hasErrors(result.findings));
  return result.template;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

function law(name: string, property: (template: Template, of: [Sidecar, Sidecar]) => void): void {
  it(name, () => {
    fc.assert(fc.property(templates, pairs, property), RUNS);
  });
}

describe('the laws of attaching', () => {
  it('are tried on cases that attach, and on cases that do not', () => {
    const results = fc.sample(fc.tuple(templates, pairs), { numRuns: 300, seed: 1 }).map(([t, of]) => run(t, ...of));
    const good = results.filter(({ findings }) => !hasErrors(findings)).length;
    expect(good).toBeGreaterThan(60);
    expect(good).toBeLessThan(300);
  });

  law('attaching twice is attaching once', (template, of) => {
    const once = attached(template, ...of);
    const twice = run(once, ...of);
    expect(twice.template).toBe(once);
    expect(twice.changed).toBe(false);
  });

  law('the order in which sidecars are given means nothing', (template, [one, two]) => {
    const result = run(template, one, two);
    const other = run(template, two, one);
    expect(JSON.stringify(other.template)).toBe(JSON.stringify(result.template));
    expect(other.findings).toEqual(result.findings);
  });

  law('detaching gives back what was there, with its keys in their order', (template, of) => {
    const back = detach({ template: frozen(attached(template, ...of)) });
    expect(JSON.stringify(back.template)).toBe(JSON.stringify(template));
    expect(back.findings).toEqual([]);
  });

  it('detaching one of two leaves what the other alone would give', () => {
    const property = fc.property(
      templates,
      quietSidecars('one', 7001),
      quietSidecars('two', 7002),
      (template, one, two) => {
        const left = detach({ template: frozen(attached(template, one, two)), sidecars: ['one'] });
        expect(left.findings).toEqual([]);
        expect(unordered(left.template)).toEqual(unordered(attached(template, two)));
      },
    );
    fc.assert(property, RUNS);
  });

  law('a new version is the old one detached and the new one attached', (template, [old]) => {
    const next: Sidecar = {
      ...old,
      spec: { ...old.spec, parameters: [{ name: 'level', type: 'string', default: 'debug' }] },
    };
    const upgraded = attached(attached(template, old), next);
    expect(JSON.stringify(upgraded)).toBe(JSON.stringify(attached(template, next)));
  });

  law('without its sidecars a template is as before', (template, of) => {
    const result = run(attached(template, ...of));
    expect(JSON.stringify(result.template)).toBe(JSON.stringify(template));
  });

  law('changes elsewhere survive detaching', (template, of) => {
    const edit = (from: Template): Template => {
      const copy = structuredClone(from);
      copy.metadata = { ...copy.metadata, labels: { ...copy.metadata?.labels, edited: 'yes' } };
      const spec = copy.spec as PodSpec;
      spec.terminationGracePeriodSeconds = 5;
      spec.containers[0]!.env = [...(spec.containers[0]!.env ?? []), { name: 'EDITED', value: '1' }];
      spec.containers.splice(1, 0, { name: 'edited', image: 'edited' });
      return copy;
    };
    const before = attached(template, ...of);
    // Where the first container is the sidecar's, the change would be inside of what was attached.
    fc.pre(before.spec?.containers[0]?.name === template.spec?.containers[0]?.name);
    const back = detach({ template: frozen(edit(before)) });
    fc.pre(back.findings.length === 0);
    expect(unordered(back.template)).toEqual(unordered(edit(template)));
  });

  law('the result is valid', (template, of) => {
    expect(faults(template)).toEqual([]);
    expect(faults(attached(template, ...of))).toEqual([]);
  });

  law('everything that was there is still there, unknown fields included', (template, of) => {
    const conflicts = JSON.stringify(of).includes('Replace');
    fc.pre(!conflicts);
    expect(contains(attached(template, ...of), template)).toBe(true);
  });

  law('the same input gives the same bytes', (template, of) => {
    const again = run(structuredClone(template), ...structuredClone(of));
    expect(JSON.stringify(again)).toBe(JSON.stringify(run(template, ...of)));
  });

  law('an API server in between changes nothing', (template, of) => {
    const stored = asStored(attached(template, ...of));
    expect(run(stored, ...of).template).toBe(stored);
    const back = detach({ template: frozen(stored) });
    expect(back.findings).toEqual([]);
    expect(asStored(back.template)).toEqual(asStored(template));
  });
});

describe('other injectors', () => {
  for (const [name, inject] of Object.entries(INJECTORS)) {
    const property = (check: (template: Template, one: Sidecar) => void) =>
      fc.assert(fc.property(templates, quietSidecars('one', 7001), check), { numRuns: 40 });

    it(`${name} after us: called again, we change nothing but what its containers get as main containers`, () => {
      property((template, one) => {
        const both = inject(attached(template, one));
        const again = attached(both, one);
        expect(attached(inject(again), one)).toEqual(again);
        if (one.spec.mainContainers?.[0]?.select) expect(again).toEqual(both);
      });
    });

    it(`${name} before us: called again, both change nothing`, () => {
      property((template, one) => {
        const both = attached(inject(template), one);
        const again = attached(inject(both), one);
        expect(attached(inject(again), one)).toEqual(again);
      });
    });

    it(`${name} in between: what it added is all that stays`, () => {
      property((template, one) => {
        const back = detach({ template: inject(attached(template, one)), edited: 'Remove' });
        expect(unordered(back.template)).toEqual(unordered(inject(template)));
      });
    });
  }
});

/** As decoding, defaulting and writing to the store leave it. */
function asStored(template: Template): Template {
  const { value } = decodeValue('PodTemplateSpec', { metadata: template.metadata ?? {}, spec: template.spec });
  const spec = value.spec as PodSpec;
  defaultPodSpec(spec);
  for (const list of ['initContainers', 'volumes', 'imagePullSecrets', 'hostAliases'] as const)
    if (spec[list]?.length === 0) delete spec[list];
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    for (const list of ['env', 'volumeMounts', 'ports'] as const)
      if (container[list]?.length === 0) delete container[list];
  return value as Template;
}

function faults(template: Template): string[] {
  const { value } = decodeValue('PodSpec', template.spec);
  const spec = value as unknown as PodSpec;
  defaultPodSpec(spec);
  return validatePodSpec(spec, undefined, 'spec').map(({ field, message }) => `${field}: ${message}`);
}

/** Lists of things with names, by name. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => key !== 'outfit.dev/attached');
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, unordered(item)]));
}

function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((item) => whole.some((other) => contains(other, item)));
  if (part === null) return true;
  if (typeof part !== 'object') return whole === part;
  return (
    typeof whole === 'object' &&
    whole !== null &&
    Object.entries(part).every(([key, item]) => contains((whole as Record<string, unknown>)[key], item))
  );
}
