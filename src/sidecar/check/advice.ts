import type { Container, PodSpec } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import { mayHoldExpression, readPieces } from '../cel/interpolation.ts';
import { type Finding, type FindingCode, onSidecar } from '../finding.ts';
import { podSecurity } from '../plan/pod-security.ts';
import type { Sidecar, SidecarSpec } from '../sidecar.ts';

/**
 * What is not wrong in a definition, and surely not meant or not wanted: warnings for its author. For definitions that `checkSidecar` has no errors
 * about; they need not be told to those who only attach it.
 */
export function advise({ spec }: Sidecar): Finding[] {
  return [
    ...unusedParameters(spec),
    ...unusedVolumes(spec),
    ...neverFinishes(spec),
    ...needsPrivileged(spec),
    ...wrongBrackets(spec),
  ];
}

function unusedParameters(spec: SidecarSpec): Finding[] {
  const expressions = texts(rendered(spec), 'spec').flatMap(({ text }) => expressionsIn(text));
  // A name that is itself computed may be any.
  if (expressions.some((text) => /\bparams\b(?!\s*(\.|\[\s*["']))/.test(text))) return [];
  const used = new Set(
    expressions.flatMap((text) =>
      [...text.matchAll(/\bparams\s*(?:\.\s*|\[\s*["'])(\w+)/g)].map(([, name]) => name ?? ''),
    ),
  );
  return (spec.parameters ?? []).flatMap(({ name }, i) =>
    used.has(name)
      ? []
      : [
          warning(
            'UnusedParameter',
            `spec.parameters[${i}]`,
            `parameter "${name}" is used nowhere: no \${params.${name}}`,
          ),
        ],
  );
}

function unusedVolumes({ template, mainContainers = [] }: SidecarSpec): Finding[] {
  const { containers = [], initContainers = [], volumes = [] } = template?.spec ?? {};
  const users: unknown[] = [...asList(containers), ...asList(initContainers), ...asList(mainContainers)];
  const lists = users.filter(isRecord).flatMap(({ volumeMounts, volumeDevices }) => [volumeMounts, volumeDevices]);
  // What is an expression may mount anything.
  if ([...users, ...lists].some((one) => typeof one === 'string') || typeof containers === 'string') return [];
  const used = new Set(lists.flatMap(asList).map((mount) => (isRecord(mount) ? String(mount.name) : '')));
  if ([...used].some(mayHoldExpression)) return [];
  return asList(volumes).flatMap((volume, i) =>
    !isRecord(volume) || used.has(String(volume.name)) || mayHoldExpression(String(volume.name))
      ? []
      : [warning('UnusedVolume', `spec.template.spec.volumes[${i}]`, `volume "${volume.name}" is mounted by nobody`)],
  );
}

function neverFinishes({ selector, template }: SidecarSpec): Finding[] {
  const kind = selector?.kinds?.find((one) => /^(Cron)?Job(\.|$)/.test(one));
  const names = asList(template?.spec?.containers ?? []).map((one) => (isRecord(one) ? String(one.name) : ''));
  if (kind === undefined || names.length === 0) return [];
  const message = `it joins ${kind}s, and container "${names[0]}" runs on when the others have finished, so they never do; an init container with restartPolicy: Always would be stopped`;
  return [warning('NeverFinishes', 'spec.template.spec.containers[0]', message)];
}

function needsPrivileged({ template, mainContainers = [] }: SidecarSpec): Finding[] {
  const spec = { containers: [], ...(withoutExpressions(template?.spec ?? {}) as Partial<PodSpec>) };
  const additions = asList(withoutExpressions(mainContainers)).filter(isRecord) as unknown as Container[];
  const own = podSecurity(spec).violations.map((one) => ({ ...one, field: `spec.template.${one.field}` }));
  const added = podSecurity({ containers: additions.map((one) => ({ ...one, name: 'of the Pod' })) }).violations.map(
    (one) => ({ ...one, field: one.field.replace('spec.containers', 'spec.mainContainers') }),
  );
  const [first] = [...own, ...added].filter(({ level }) => level === 'baseline');
  if (first === undefined) return [];
  const message = `${first.message}: a Pod with this sidecar meets no Pod Security level but privileged`;
  return [warning('NeedsPrivileged', first.field, message)];
}

/** `$(params.x)` is a variable for Kubernetes, which nobody sets. */
function wrongBrackets(spec: SidecarSpec): Finding[] {
  return texts(rendered(spec), 'spec').flatMap(({ text, path }) => {
    const name = /\$\(params\.(\w+)\)/.exec(text)?.[1];
    return name === undefined
      ? []
      : [warning('NotAnExpression', path, `$(params.${name}) is no expression; did you mean \${params.${name}}?`)];
  });
}

function rendered({ template, mainContainers, share }: SidecarSpec): unknown {
  return { template, mainContainers, share };
}

/** Every text in a value, with its field. */
function texts(value: unknown, path: string): { text: string; path: string }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, i) => texts(item, `${path}[${i}]`));
  if (!isRecord(value)) return [];
  const inMap = /\.(labels|annotations|matchLabels|limits|requests)$/.test(path);
  return Object.entries(value).flatMap(([key, item]) => texts(item, inMap ? `${path}[${key}]` : `${path}.${key}`));
}

function expressionsIn(text: string): string[] {
  return readPieces(text).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.expression]));
}

function withoutExpressions(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isExpression(item)).map(withoutExpressions);
  if (!isRecord(value)) return value;
  const plain = Object.entries(value).filter(([, item]) => !isExpression(item));
  return Object.fromEntries(plain.map(([key, item]) => [key, withoutExpressions(item)]));
}

function isExpression(value: unknown): boolean {
  return typeof value === 'string' && mayHoldExpression(value);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function warning(code: FindingCode, field: string, message: string): Finding {
  return onSidecar(code, field, message, { severity: 'warning' });
}
