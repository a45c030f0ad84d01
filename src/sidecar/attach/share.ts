import type { Container, EnvVar, VolumeMount } from '../../kube/generated/objects.ts';
import { samePart } from '../fingerprint.ts';
import type { Share, SharedPath } from '../sidecar.ts';
import { choose, describeChoice } from './choose.ts';
import { type Joining, report } from './joining.ts';
import { clean, contains } from './mounts.ts';

/** One of the sidecar's own containers with everything that it takes over from main containers. */
export function withShares(joining: Joining, container: Container): Container {
  let result = container;
  for (const [i, share] of joining.brought.share.entries())
    if (share.to === undefined || share.to.includes(container.name))
      result = withShare(joining, result, share, `spec.share[${i}]`);
  return result;
}

function withShare(joining: Joining, container: Container, share: Share, field: string): Container {
  const sources = choose(joining.mains, share.from);
  if (sources.length === 0) {
    report(joining, 'NoMainContainer', `${field}.from`, `the Pod has no container with ${describeChoice(share.from)}`);
    return container;
  }
  let result = container;
  for (const [m, at] of (share.volumeMountsAt ?? []).entries())
    result = withMountAt(
      joining,
      result,
      sources,
      typeof at === 'string' ? { path: at } : at,
      `${field}.volumeMountsAt[${m}]`,
    );
  for (const [e, name] of (share.env ?? []).entries())
    result = withVariable(joining, result, sources, name, `${field}.env[${e}]`);
  return result;
}

/** The mount that covers the path: the longest of those above it. */
function withMountAt(
  joining: Joining,
  container: Container,
  sources: readonly Container[],
  shared: SharedPath,
  field: string,
): Container {
  const found = sources.flatMap((source) => {
    const mount = covering(source, shared.path);
    return mount === undefined ? [] : [{ source, mount: sharedMount(mount, shared) }];
  });
  const [first] = found;
  if (first === undefined) {
    const names = sources.map(({ name }) => `"${name}"`).join(', ');
    report(joining, 'NothingToShare', field, `no volume is mounted at or above ${shared.path} in container ${names}`);
    return container;
  }
  const other = found.find(({ mount }) => !samePart('volumeMounts', mount, first.mount));
  if (other !== undefined) {
    const message = `containers "${first.source.name}" and "${other.source.name}" have different volumes at ${shared.path}: choose one with "from"`;
    report(joining, 'NothingToShare', field, message);
    return container;
  }
  return withMount(joining, withVariablesOf(container, first.source, first.mount), first.mount, field);
}

function covering({ volumeMounts }: Container, path: string): VolumeMount | undefined {
  return (volumeMounts ?? [])
    .filter(({ mountPath }) => clean(mountPath) === clean(path) || contains(mountPath, path))
    .sort((a, b) => clean(b.mountPath).length - clean(a.mountPath).length)[0];
}

/** Under the same path as in the main container, or, where another is chosen, only what lies at the path that was asked for. */
function sharedMount(mount: VolumeMount, { path, mountPath, readOnly }: SharedPath): VolumeMount {
  const { readOnly: _, recursiveReadOnly: __, mountPropagation: ___, ...plain } = mount;
  const access = (readOnly ?? mount.readOnly) ? { readOnly: true } : {};
  if (mountPath === undefined) return { ...plain, ...access };
  const rest = clean(path).slice(clean(mount.mountPath).length).replace(/^\/+/, '');
  const below = (sub: string | undefined): string => [sub, rest].filter(Boolean).join('/');
  const { subPath, subPathExpr, ...bare } = plain;
  if (subPathExpr) return { ...bare, mountPath, subPathExpr: below(subPathExpr), ...access };
  const sub = below(subPath);
  return { ...bare, mountPath, ...(sub !== '' && { subPath: sub }), ...access };
}

function withMount(joining: Joining, container: Container, mount: VolumeMount, field: string): Container {
  const mounts = container.volumeMounts ?? [];
  const same = mounts.find(({ mountPath }) => clean(mountPath) === clean(mount.mountPath));
  if (same === undefined) return { ...container, volumeMounts: [...mounts, mount] };
  if (!samePart('volumeMounts', same, mount))
    report(joining, 'MountConflict', field, `container "${container.name}" has another mount at ${mount.mountPath}`);
  return container;
}

/** A `subPathExpr` is made of variables: they have to come along. */
function withVariablesOf(container: Container, source: Container, { subPathExpr }: VolumeMount): Container {
  const names = [...(subPathExpr ?? '').matchAll(/\$\(([^)]+)\)/g)].map(([, name]) => name);
  const own = container.env ?? [];
  const missing = (source.env ?? []).filter(
    ({ name }) => names.includes(name) && !own.some((one) => one.name === name),
  );
  return missing.length === 0 ? container : { ...container, env: [...own, ...missing] };
}

function withVariable(
  joining: Joining,
  container: Container,
  sources: readonly Container[],
  name: string,
  field: string,
): Container {
  const found = sources.flatMap(({ env }) => (env ?? []).filter((one) => one.name === name));
  const variable = found.at(-1);
  if (variable === undefined) {
    report(
      joining,
      'NothingToShare',
      field,
      `container ${sources.map((one) => `"${one.name}"`).join(', ')} sets no variable ${name} in env`,
    );
    return container;
  }
  if (found.some((other) => !samePart('env', other, variable))) {
    report(joining, 'NothingToShare', field, `the containers have different values of ${name}: choose one with "from"`);
    return container;
  }
  return withOwnVariable(joining, container, variable, field);
}

function withOwnVariable(joining: Joining, container: Container, variable: EnvVar, field: string): Container {
  const env = container.env ?? [];
  const same = env.find(({ name }) => name === variable.name);
  if (same === undefined) return { ...container, env: [...env, variable] };
  if (!samePart('env', same, variable))
    report(joining, 'EnvConflict', field, `container "${container.name}" sets ${variable.name} itself`);
  return container;
}
