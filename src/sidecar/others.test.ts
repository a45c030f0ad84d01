import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameButForOrder } from './attach/unordered.ts';
import { type Attached, attach } from './attach.ts';
import { detach } from './detach.ts';
import { hasErrors } from './finding.ts';
import { quietSidecars, sidecars, templates } from './fixtures/arbitrary.ts';
import { app, deployment, small } from './fixtures/small.ts';
import { readProvenance } from './provenance.ts';
import { ATTACHED, type Sidecar } from './sidecar.ts';
import type { Template } from './target.ts';

/** One call of several, each of which knows one sidecar. */
function call(template: Template, ...of: Sidecar[]): Attached {
  return attach({ ...deployment(template), sidecars: of, others: 'Keep' });
}

const attachedTo = (template: Template) => readProvenance(template).provenance?.sidecars.map(({ name }) => name) ?? [];
const containersOf = (template: Template) => template.spec?.containers.map(({ name }) => name);

describe('sidecars that others look after', () => {
  it('stay, where they would be taken off otherwise', () => {
    const first = call(app(), small('one')).template;
    expect(attachedTo(call(first, small('two')).template)).toEqual(['one', 'two']);
    expect(attachedTo(attach({ ...deployment(first), sidecars: [small('two')] }).template)).toEqual(['two']);
  });

  it('are no main containers to the others, and are not what they look at', () => {
    const env = [{ name: 'A', value: `\${pod.spec.containers.map(c, c.name).join(',')}` }];
    const marks = small('marks', { template: {}, mainContainers: [{ env }] });
    const { template } = call(call(app(), small('one')).template, marks);
    expect(template.spec?.containers.map((one) => one.env?.find(({ name }) => name === 'A')?.value)).toEqual([
      'app',
      undefined,
    ]);
  });

  it('are named in conflicts', () => {
    const env = (name: string) =>
      small(name, { template: {}, mainContainers: [{ env: [{ name: 'LEVEL', value: name }] }] });
    const { findings } = call(call(app(), env('one')).template, env('two'));
    expect(findings.map(({ message }) => message)).toEqual([
      'variable LEVEL of container "app": sidecar "one" brings another, and onConflict.env is Error',
    ]);
  });

  it('can be stood before and after', () => {
    const first = call(app(), small('one')).template;
    expect(containersOf(call(first, small('two', { order: { before: ['one'] } })).template)).toEqual([
      'app',
      'two-container',
      'one-container',
    ]);
    expect(containersOf(call(first, small('alpha', { order: { after: ['one'] } })).template)).toEqual([
      'app',
      'one-container',
      'alpha-container',
    ]);
  });

  it('keep their place between main containers', () => {
    const two = app({ containers: ['a', 'b'].map((name) => ({ name, image: name })) });
    const first = call(two, small('one', { order: { after: ['a'], before: ['b'] } })).template;
    expect(containersOf(call(first, small('two')).template)).toEqual(['a', 'one-container', 'b', 'two-container']);
  });
});

describe('the laws of calls that each bring one sidecar', () => {
  const law = (
    name: string,
    pairs: fc.Arbitrary<[Sidecar, Sidecar]>,
    holds: (t: Template, of: [Sidecar, Sidecar]) => void,
  ) => it(name, () => fc.assert(fc.property(templates, pairs, holds), { numRuns: 60 }), 60_000);
  const quiet = fc.tuple(quietSidecars('one', 7001), quietSidecars('two', 7002));
  const any = fc.tuple(sidecars('one', 7001), sidecars('two', 7002));
  const bare = ({ metadata, ...rest }: Template): Template => {
    const { [ATTACHED]: _, ...annotations } = metadata?.annotations ?? {};
    return { ...rest, metadata: { ...metadata, annotations } };
  };

  law('they give the Pod that one call with both gives', quiet, (template, [one, two]) => {
    const first = call(template, one);
    const both = call(template, one, two);
    fc.pre(!hasErrors(both.findings) && !hasErrors(first.findings));
    const second = call(first.template, two);
    expect(second.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(sameButForOrder(bare(second.template), bare(both.template))).toBe(true);
  });

  law('going round again comes to rest', any, (template, [one, two]) => {
    fc.pre(!hasErrors(call(template, one, two).findings)); // they may both demand to be first
    const first = call(template, one);
    const second = call(first.template, two);
    fc.pre(!hasErrors(first.findings) && !hasErrors(second.findings));
    // In the second round they see each other for the first time.
    const third = call(second.template, one);
    const fourth = call(third.template, two);
    fc.pre(!hasErrors(third.findings) && !hasErrors(fourth.findings));
    const fifth = call(fourth.template, one);
    expect(fifth.template).toBe(fourth.template);
    expect(call(fifth.template, two).template).toBe(fourth.template);
  });

  law('detaching gives back what was there', any, (template, [one, two]) => {
    const first = call(template, one);
    const second = call(first.template, two);
    fc.pre(!hasErrors(first.findings) && !hasErrors(second.findings));
    expect(JSON.stringify(detach({ template: second.template }).template)).toBe(JSON.stringify(template));
    const last = detach({ template: second.template, sidecars: ['two'] }).template;
    expect(sameButForOrder(bare(last), bare(first.template))).toBe(true);
  });
});
