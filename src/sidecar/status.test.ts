import { describe, expect, it } from 'vitest';
import type { PodSpec } from '../kube/generated/objects.ts';
import { attach } from './attach.ts';
import { detach } from './detach.ts';
import { app, deployment, small } from './fixtures/small.ts';
import type { Sidecar } from './sidecar.ts';
import { status, statusAndFaults } from './status.ts';
import type { Target, Template } from './target.ts';

const hello = small('hello', {
  parameters: [{ name: 'level', type: 'string', default: 'info' }],
  template: {
    spec: {
      containers: [{ name: 'c', image: 'busybox', args: ['${params.level}'] }],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  },
  mainContainers: [{ volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
});

function attached(sidecars: Sidecar[] = [hello], target: Target = deployment()): Template {
  return attach({ ...target, sidecars }).template;
}

function edited(change: (spec: PodSpec) => void): Template {
  const template = structuredClone(attached());
  change(template.spec as PodSpec);
  return template;
}

function states(template: Template, sidecars: Sidecar[]): string[] {
  return status({ ...deployment(template), sidecars }).map(
    ({ sidecar, state, reason }) => `${sidecar} ${state}: ${reason}`,
  );
}

const newer: Sidecar = {
  ...hello,
  spec: { ...hello.spec, parameters: [{ name: 'level', type: 'string', default: 'warn' }] },
};

describe('the state of a sidecar', () => {
  const CASES: [string, () => Template, Sidecar[], RegExp[]][] = [
    ['as it would be attached', attached, [hello], [/^hello current: attached as [0-9a-f]{12}$/]],
    [
      'its definition has changed',
      attached,
      [newer],
      [/^hello stale: attached as [0-9a-f]{12}, and is now [0-9a-f]{12}$/],
    ],
    [
      'its parameter has changed',
      () => {
        const template = attached();
        return {
          ...template,
          metadata: { annotations: { ...template.metadata?.annotations, 'hello.sidecar.outfit.dev/level': 'x' } },
        };
      },
      [hello],
      [/^hello stale: its parameters or the Pod have changed since$/],
    ],
    [
      'its container was changed',
      () =>
        edited((spec) => {
          spec.containers[1]!.image = 'other';
        }),
      [hello],
      [/^hello edited: changed by hand: spec\.containers\[1\]$/],
    ],
    [
      'its volume was removed',
      () =>
        edited((spec) => {
          spec.volumes = [{ name: 'data', emptyDir: {} }];
        }),
      [hello],
      [/^hello edited: changed by hand: spec\.volumes\[v\]$/],
    ],
    [
      'others added to its container',
      () =>
        edited((spec) => {
          spec.containers[1]!.resources = { requests: { cpu: '1' } };
        }),
      [hello],
      [/^hello current:/],
    ],
    [
      'the Pod was changed elsewhere',
      () =>
        edited((spec) => {
          spec.containers[0]!.image = 'other';
        }),
      [hello],
      [/^hello current:/],
    ],
    ['not attached yet', () => app(), [hello], [/^hello missing: it joins every Pod \(matchAll\)$/]],
    ['there is no such sidecar', attached, [], [/^hello orphaned: there is no such sidecar here$/]],
    [
      'it does not join any more',
      attached,
      [{ ...hello, spec: { ...hello.spec, selector: { names: ['api'] } } }],
      [/^hello orphaned: its name "web" is none of api$/],
    ],
    ['neither', () => app(), [{ ...hello, spec: { ...hello.spec, selector: { names: ['api'] } } }], []],
    ['several', attached, [hello, small('next')], [/^hello current/, /^next missing/]],
  ];
  it.each(CASES)('%s', (_, template, sidecars, expected) => {
    expect(states(template(), sidecars)).toEqual(expected.map((line) => expect.stringMatching(line)));
  });
});

it('says when nobody can tell what is attached', () => {
  const template = app({}, { annotations: { 'outfit.dev/attached': '{"v":2}' } });
  expect(statusAndFaults({ ...deployment(template), sidecars: [hello] })).toMatchObject({
    sidecars: [],
    faults: [{ code: 'InvalidProvenance', field: 'metadata.annotations[outfit.dev/attached]' }],
  });
});

describe('what was changed by hand inside of what was attached', () => {
  const template = edited((spec) => {
    spec.containers[1]!.image = 'other';
  });

  it('stays when the rest is taken off, and is said', () => {
    const back = detach({ template });
    expect(back.template).toEqual(
      app({ containers: [app().spec!.containers[0]!, { name: 'c', image: 'other', args: ['info'] }] }),
    );
    expect(back.findings).toMatchObject([
      {
        severity: 'warning',
        code: 'EditedByHand',
        field: 'spec.containers[1]',
        message: 'was changed by hand since sidecar "hello" brought it, and stays',
      },
    ]);
  });

  it('goes all the same when that is wanted', () => {
    expect(detach({ template, edited: 'Remove' })).toMatchObject({ template: app(), findings: [] });
  });

  it('keeps a new version away, by an error that says what to do', () => {
    const result = attach({ ...deployment(template), sidecars: [newer] });
    expect(result.template).toBe(template);
    expect(result.findings).toMatchObject([
      {
        severity: 'error',
        code: 'EditedByHand',
        message:
          'container "c" was changed by hand since it was attached: take the change over into the sidecar, or detach it and remove the rest, or set onConflict.containers',
        other: { on: 'template', field: 'spec.containers[1]' },
      },
    ]);
  });

  it.each([
    ['Keep', 'other'],
    ['Replace', 'busybox'],
  ] as const)('follows onConflict %s', (onConflict, image) => {
    const next = { ...newer, spec: { ...newer.spec, onConflict } };
    const result = attach({ ...deployment(template), sidecars: [next] });
    expect(result.template.spec?.containers[1]?.image).toBe(image);
    expect(detach({ template: result.template, edited: 'Remove' }).template).toEqual(app());
  });
});

describe('detach', () => {
  it('leaves a template alone that has nothing attached', () => {
    const template = app();
    expect(detach({ template })).toMatchObject({ findings: [], detached: [] });
    expect(detach({ template }).template).toBe(template);
  });

  it('says when a sidecar that is named is not attached', () => {
    const template = attached();
    const result = detach({ template, sidecars: ['other'] });
    expect(result.template).toBe(template);
    expect(result.findings).toMatchObject([
      { code: 'NotAttached', severity: 'warning', message: 'sidecar "other" is not attached' },
    ]);
  });

  it('refuses a provenance that it cannot read', () => {
    const template = app({}, { annotations: { 'outfit.dev/attached': '{"v":2}' } });
    expect(detach({ template })).toMatchObject({ findings: [{ severity: 'error', code: 'InvalidProvenance' }] });
  });
});
