import type { HostAlias } from '../../kube/generated/objects.ts';
import { samePart } from '../fingerprint.ts';
import type { ConflictKind } from '../sidecar.ts';
import type { KeyPath } from './draft.ts';
import { answer, type Joining, place, report } from './joining.ts';

/** Labels, annotations, and the small changes to the Pod's spec. */
export function attachPodFields(joining: Joining, selectorLabels: Readonly<Record<string, unknown>>): void {
  const { metadata = {}, spec = {} } = joining.brought.template;
  attachLabels(joining, metadata.labels ?? {}, selectorLabels);
  attachFields(joining, metadata.annotations ?? {}, ['metadata', 'annotations'], 'annotation', 'metadata');
  for (const [i, secret] of (spec.imagePullSecrets ?? []).entries())
    place(joining, {
      kind: 'podSpec',
      code: 'PodSpecConflict',
      field: `spec.template.spec.imagePullSecrets[${i}]`,
      what: `image pull secret "${secret.name}"`,
      list: ['imagePullSecrets'],
      item: secret,
    });
  for (const [i, alias] of (spec.hostAliases ?? []).entries()) attachAlias(joining, alias, i);
  if (spec.shareProcessNamespace !== undefined)
    attachField(joining, [], 'shareProcessNamespace', spec.shareProcessNamespace, 'shareProcessNamespace', 'podSpec');
  attachSecurityContext(joining, spec.securityContext ?? {});
}

/** Labels by which a workload finds its Pods are not for changing: the API server would refuse the workload. */
function attachLabels(
  joining: Joining,
  labels: Record<string, string>,
  selectorLabels: Readonly<Record<string, unknown>>,
): void {
  const selecting = Object.entries(labels).filter(
    ([key, value]) => Object.hasOwn(selectorLabels, key) && selectorLabels[key] !== value,
  );
  for (const [key] of selecting)
    report(
      joining,
      'MetadataConflict',
      `spec.template.metadata.labels[${key}]`,
      `the workload finds its Pods by label ${key}=${String(selectorLabels[key])}`,
    );
  const others = Object.entries(labels).filter(([key]) => !selecting.some(([one]) => one === key));
  attachFields(joining, Object.fromEntries(others), ['metadata', 'labels'], 'label', 'metadata');
}

function attachFields(
  joining: Joining,
  fields: Record<string, unknown>,
  map: KeyPath,
  what: string,
  kind: ConflictKind,
): void {
  for (const [key, value] of Object.entries(fields)) attachField(joining, map, key, value, `${what} ${key}`, kind);
}

/** One field of a map; the one that is there with the same value is taken as it is. */
function attachField(
  joining: Joining,
  map: KeyPath,
  key: string,
  value: unknown,
  what: string,
  kind: ConflictKind,
): void {
  const { draft, compiled } = joining;
  const path = [...map, key];
  const found = draft.find(path);
  if (found === undefined) {
    draft.set(compiled.name, map, key, value);
    return;
  }
  if (samePart(key, found.value, value)) {
    if (found.sidecar !== undefined) draft.claim(compiled.name, path, key, value);
    return;
  }
  const given = answer(joining, {
    kind,
    code: kind === 'metadata' ? 'MetadataConflict' : 'PodSpecConflict',
    field: kind === 'metadata' ? `spec.template.${map.join('.')}[${key}]` : `spec.template.spec.${path.join('.')}`,
    what,
    ours: value,
    theirs: found.value,
    path,
    sidecar: found.sidecar,
  });
  if (given === 'Replace') draft.set(compiled.name, map, key, value);
  // What was its own before and was changed by hand is its own again, without an old value to go back to.
  if (given !== 'Error' && joining.edited.has(path.join('\n'))) draft.claim(compiled.name, path, key, value);
}

/** Hosts of one address stand in one entry, whoever brings them; a host that has another address already is a conflict. */
function attachAlias(joining: Joining, alias: HostAlias, i: number): void {
  const { draft } = joining;
  const field = `spec.template.spec.hostAliases[${i}]`;
  const present = (draft.podSpec.hostAliases ?? []) as readonly HostAlias[];
  const hostnames = (alias.hostnames ?? []).filter((host) => !isElsewhere(joining, present, alias.ip, host, field));
  if (hostnames.length > 0 && !present.some(({ ip }) => ip === alias.ip)) draft.make(['hostAliases'], { ip: alias.ip });
  for (const host of hostnames)
    place(joining, {
      kind: 'podSpec',
      code: 'PodSpecConflict',
      field,
      what: `host ${host}`,
      list: ['hostAliases', alias.ip, 'hostnames'],
      item: host,
    });
}

function isElsewhere(
  joining: Joining,
  present: readonly HostAlias[],
  ip: string,
  host: string,
  field: string,
): boolean {
  const other = present.find((one) => one.ip !== ip && one.hostnames?.includes(host));
  if (other === undefined) return false;
  const path = ['hostAliases', other.ip];
  const given = answer(joining, {
    kind: 'podSpec',
    code: 'PodSpecConflict',
    field,
    what: `host ${host}`,
    ours: ip,
    theirs: other.ip,
    path,
    sidecar: joining.draft.find(path)?.sidecar,
    except: { answers: ['Replace'], why: 'the first address of a host counts' },
  });
  return given !== 'Replace';
}

/** Field by field; of lists each element. */
function attachSecurityContext(joining: Joining, context: object): void {
  for (const [key, value] of Object.entries(context)) {
    if (key !== 'supplementalGroups' && key !== 'sysctls') {
      attachField(joining, ['securityContext'], key, value, `securityContext.${key}`, 'podSpec');
      continue;
    }
    for (const [i, item] of (value as unknown[]).entries())
      place(joining, {
        kind: 'podSpec',
        code: 'PodSpecConflict',
        field: `spec.template.spec.securityContext.${key}[${i}]`,
        what: `securityContext.${key}`,
        list: ['securityContext', key],
        item,
      });
  }
}
