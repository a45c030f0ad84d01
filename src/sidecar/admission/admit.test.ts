import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attach } from '../attach.ts';
import { compileSidecars } from '../compile.ts';
import { detach } from '../detach.ts';
import { hasErrors } from '../finding.ts';
import { quietSidecars, templates } from '../fixtures/arbitrary.ts';
import { hello, webApp } from '../fixtures/hello.ts';
import { small } from '../fixtures/small.ts';
import { ATTACHED, type Sidecar } from '../sidecar.ts';
import type { Template } from '../target.ts';
import { type Admitted, admitPod } from './admit.ts';

const namespace = { metadata: { name: 'default' } };
const admit = (pod: Template, ...of: Sidecar[]): Admitted =>
  admitPod({ pod, namespace, sidecars: compileSidecars(of) });
const names = ({ pod }: Admitted) => pod.spec?.containers.map(({ name }) => name);
const sidecarsOf = (pod: Template) =>
  JSON.parse(pod.metadata?.annotations?.[ATTACHED] ?? '{"sidecars":[]}').sidecars.map(
    (one: { name: string }) => one.name,
  );
/** A Pod whose container takes the name that hello's has. */
const taken = (): Template => {
  const pod = webApp();
  pod.spec?.containers.push({ name: 'sidecar-container', image: 'other' });
  return pod;
};
const hallo = (spec: Partial<Sidecar['spec']>): Sidecar => ({ ...hello(), spec: { ...hello().spec, ...spec } });
const REFUSAL =
  'sidecar "hello": container "sidecar-container": the Pod has its own, and onConflict.containers is Error (spec.template.spec.containers[0].name of the sidecar, spec.containers[1] of the Pod)';

describe('a Pod that is to be created', () => {
  it('gets what joins, and who creates it is told', () => {
    const admitted = admit(webApp(), hello());
    expect(names(admitted)).toEqual(['main-container', 'sidecar-container']);
    expect(admitted.warnings).toEqual(['sidecar "hello" joins Pod "web-app" with container sidecar-container']);
    expect(admitted.refusal).toBeUndefined();
  });

  it('is the very same when nothing joins', () => {
    const pod = { ...webApp(), metadata: { name: 'db' } };
    expect(admit(pod, hello())).toEqual({ pod, joined: [], warnings: [] });
    expect(admit(pod, hello()).pod).toBe(pod);
  });

  it('is told of near misses and of names that nobody has', () => {
    const pod = { ...webApp(), metadata: { name: 'web-app', annotations: { 'outfit.dev/inject': 'helo' } } };
    expect(admit(pod, hello()).warnings).toEqual([
      'sidecar "hello" joins Pod "web-app" with container sidecar-container',
      'there is no sidecar "helo"; did you mean "hello"? (metadata.annotations[outfit.dev/inject])',
    ]);
  });

  it('is refused when one cannot join', () => {
    const pod = taken();
    expect(admit(pod, hello(), small('other'))).toEqual({ pod, joined: [], warnings: [], refusal: REFUSAL });
  });

  it('goes without one whose author would rather ignore that', () => {
    const admitted = admit(taken(), hallo({ failurePolicy: 'Ignore' }), small('other'));
    expect(names(admitted)).toEqual(['main-container', 'sidecar-container', 'other-container']);
    expect(admitted.warnings).toEqual([
      `${REFUSAL} (failurePolicy is Ignore)`,
      'cluster sidecar "other" joins Pod "web-app" with container other-container',
    ]);
  });

  it('is refused for one that must join, whatever another ignores', () => {
    const must = small('must', {
      mainContainers: [{ select: { names: ['nobody'] }, env: [{ name: 'A', value: 'b' }] }],
    });
    expect(admit(taken(), hallo({ failurePolicy: 'Ignore' }), must).refusal).toBe(
      'sidecar "must": the Pod has no container with name nobody (spec.mainContainers[0].select of the sidecar)',
    );
  });

  it('is left to its own validation when it is invalid by itself', () => {
    const pod = taken();
    pod.spec!.containers[0]!.name = 'Main';
    expect(admit(pod, hello())).toEqual({ pod, joined: [], warnings: [] });
  });
});

describe('what was attached elsewhere', () => {
  const elsewhere = (): Template => attach({ template: webApp(), workload: webApp(), sidecars: [hello()] }).template;

  it('stays, also when others join', () => {
    expect(admit(elsewhere()).pod).toEqual(elsewhere());
    const admitted = admit(elsewhere(), small('other'));
    expect(names(admitted)).toEqual(['main-container', 'sidecar-container', 'other-container']);
    expect(sidecarsOf(admitted.pod)).toEqual(['hello', 'other']);
    expect(detach({ template: admitted.pod }).template).toEqual(webApp());
    expect(detach({ template: admitted.pod, sidecars: ['other'] }).template).toEqual(elsewhere());
  });

  it('is brought up to date, or taken off, when it is known here', () => {
    const slower = hallo({ parameters: [{ name: 'interval', type: 'integer', default: 60 }] });
    expect(admit(elsewhere(), slower).pod.spec?.containers[1]?.args?.[1]).toContain('sleep 60;');
    expect(names(admit(elsewhere(), hallo({ selector: { names: ['db'] } })))).toEqual(['main-container']);
  });

  it('is not warned of for its annotations', () => {
    const pod = elsewhere();
    pod.metadata = {
      ...pod.metadata,
      annotations: { ...pod.metadata?.annotations, 'hello.sidecar.outfit.dev/interval': '5' },
    };
    expect(admit(pod, small('other')).warnings).toEqual([
      'cluster sidecar "other" joins Pod "web-app" with container other-container',
    ]);
  });

  it('comes off again to the same Pod, for all kinds of Pods', () => {
    const property = fc.property(
      templates,
      quietSidecars('one', 7001),
      quietSidecars('two', 7002),
      (template, one, two) => {
        const pod = { ...template, metadata: { ...template.metadata, name: 'web' } };
        const before = attach({ template: pod, workload: pod, sidecars: [one] });
        fc.pre(!hasErrors(before.findings));
        const { pod: after, refusal } = admit(before.template, two);
        fc.pre(refusal === undefined);
        expect(admit(after, two).pod).toEqual(after);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });
});
