import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { defaultPodSpec } from '../../kube/defaults/pod-spec.ts';
import type { FieldError } from '../../kube/errors.ts';
import { forbidden, invalidValue, notFoundValue, required } from '../../kube/field-errors.ts';
import type { Container, PodSpec, Volume } from '../../kube/generated/objects.ts';
import { validateAnnotations, validateLabels } from '../../kube/validation/metadata.ts';
import { validatePodSpec } from '../../kube/validation/pod-spec.ts';
import { type Finding, fromFieldError, onSidecar } from '../finding.ts';
import type { Brought } from '../render.ts';
import { GROUP } from '../sidecar.ts';

const STAND_IN: Container = { name: 'outfit-stand-in', image: 'stand-in' };

/**
 * Kubernetes' validation over what a sidecar brings, as far as it can be known without a Pod. `unknown` are paths whose values are not.
 */
export function checkBrought(brought: Brought, unknown: readonly string[]): Finding[] {
  const { template, mainContainers, share } = brought;
  const { labels, annotations } = template.metadata ?? {};
  const known = new Set((template.spec?.volumes ?? []).map(({ name }) => name));
  const foreign = foreignVolumes(brought, known);
  const stubs = [...new Set(foreign.map(({ name }) => name))].map((name): Volume => ({ name, emptyDir: {} }));
  const errors = [
    ...validateLabels(labels, 'spec.template.metadata.labels'),
    ...validateAnnotations(annotations, 'spec.template.metadata.annotations'),
    ...ownKeys(annotations, 'spec.template.metadata.annotations'),
    ...checkSpec(template.spec ?? {}, stubs),
    ...mainContainers.flatMap((additions, i) =>
      checkAdditions(additions, [...(template.spec?.volumes ?? []), ...stubs], i),
    ),
    ...checkShare(share, template.spec ?? {}),
    ...checkSomething(brought),
  ].filter(
    ({ field }) =>
      !unknown.some(
        (path) =>
          field === path || field.startsWith(path) || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
      ),
  );
  const warnings = foreign
    .filter(({ field }) => !unknown.includes(field))
    .map(({ field, name }) =>
      onSidecar('UnknownVolume', field, `the sidecar brings no volume "${name}": the Pod must have it`, {
        severity: 'warning',
      }),
    );
  return [...errors.map((error) => fromFieldError(error, 'sidecar', 'InvalidField')), ...warnings];
}

function checkSpec(spec: NonNullable<Brought['template']['spec']>, stubs: readonly Volume[]): FieldError[] {
  const field = 'spec.template.spec';
  return validateWith(
    { ...spec, containers: [...(spec.containers ?? []), STAND_IN], volumes: [...(spec.volumes ?? []), ...stubs] },
    field,
  );
}

function checkAdditions(
  additions: Brought['mainContainers'][number],
  volumes: readonly Volume[],
  i: number,
): FieldError[] {
  const { select: _, ...fields } = additions;
  const spec = { containers: [{ ...STAND_IN, ...fields }], volumes: [...volumes] };
  const own = 'stand-in.containers[0]';
  return validateWith(spec, 'stand-in')
    .filter((error) => error.field.startsWith(own) || !error.field.startsWith('stand-in'))
    .map((error) => ({ ...error, field: error.field.replace(own, `spec.mainContainers[${i}]`) }));
}

function validateWith(spec: PodSpec, field: string): FieldError[] {
  try {
    const decoded = decodeValue('PodSpec', spec).value as unknown as PodSpec;
    defaultPodSpec(decoded);
    return validatePodSpec(decoded, undefined, field);
  } catch (error) {
    if (error instanceof DecodeError) return [{ field, reason: 'FieldValueTypeInvalid', message: error.message }];
    throw error;
  }
}

function foreignVolumes(
  { template, mainContainers }: Brought,
  known: ReadonlySet<string>,
): { field: string; name: string }[] {
  const lists: [string, readonly Partial<Container>[]][] = [
    ['spec.template.spec.containers', template.spec?.containers ?? []],
    ['spec.template.spec.initContainers', template.spec?.initContainers ?? []],
    ['spec.mainContainers', mainContainers],
  ];
  return lists.flatMap(([field, containers]) =>
    containers.flatMap(({ volumeMounts, volumeDevices }, i) =>
      (['volumeMounts', 'volumeDevices'] as const).flatMap((list) =>
        ((list === 'volumeMounts' ? volumeMounts : volumeDevices) ?? []).flatMap(({ name }, m) =>
          name === undefined || known.has(name) ? [] : [{ field: `${field}[${i}].${list}[${m}].name`, name }],
        ),
      ),
    ),
  );
}

function checkShare(share: Brought['share'], spec: NonNullable<Brought['template']['spec']>): FieldError[] {
  const own = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  return share.flatMap(({ to = [], volumeMountsAt = [], env = [] }, i) => {
    const path = `spec.share[${i}]`;
    return [
      ...(own.length === 0 ? [invalidValue(path, 'share', 'there is no container of its own to share with')] : []),
      ...to.flatMap((name, t) => (own.includes(name) ? [] : [notFoundValue(`${path}.to[${t}]`, name)])),
      ...(volumeMountsAt.length + env.length === 0 ? [required(path, 'must name volumeMountsAt or env')] : []),
      ...volumeMountsAt.flatMap((at, m) =>
        (typeof at === 'string' ? at : at.path).startsWith('/')
          ? []
          : [invalidValue(`${path}.volumeMountsAt[${m}]`, at, 'must be an absolute path')],
      ),
    ];
  });
}

function checkSomething({ template, mainContainers, share }: Brought): FieldError[] {
  const empty = [template.metadata, template.spec].every((part) => Object.keys(part ?? {}).length === 0);
  return empty && mainContainers.length === 0 && share.length === 0
    ? [required('spec.template', 'a sidecar must bring something')]
    : [];
}

/** Outfit's own annotations are Outfit's to write, or the Pod's. */
function ownKeys(annotations: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.keys(annotations ?? {})
    .filter((key) => key.split('/')[0] === GROUP || key.split('/')[0]?.endsWith(`.${GROUP}`))
    .map((key) => forbidden(`${field}[${key}]`, 'a sidecar may not bring annotations of Outfit'));
}
