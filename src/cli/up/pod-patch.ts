import { isDeepStrictEqual } from 'node:util';
import type { Container, ObjectMeta, Pod } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import { mergePatch } from './difference.ts';

/**
 * The strategic merge patch by which a live Pod becomes as wanted, or undefined when Kubernetes lets no Pod change so: then it has to be replaced.
 * Labels, annotations and the images of containers that keep running may change. An init container that has run would not run again with another
 * image, so that is no change in place.
 */
export function podPatch(before: Pod, after: Pod): Record<string, unknown> | undefined {
  const images = {
    containers: changedImages(before.spec?.containers, after.spec?.containers),
    initContainers: changedImages(before.spec?.initContainers, after.spec?.initContainers),
  };
  const restarting = listOf(before.spec?.initContainers)
    .filter((c) => c.restartPolicy === 'Always')
    .map((c) => c.name);
  if (images.initContainers.some(({ name }) => !restarting.includes(name))) return undefined;
  if (!isDeepStrictEqual(withoutChangeable(before), withoutChangeable(after))) return undefined;
  const spec = Object.fromEntries(Object.entries(images).filter(([, changed]) => changed.length > 0));
  return {
    ...(Object.keys(spec).length > 0 && { spec }),
    ...metadataPatch(before.metadata, after.metadata),
  };
}

function changedImages(before: unknown, after: unknown) {
  const old = listOf(before);
  return listOf(after)
    .filter(({ name, image }) => image !== undefined && old.some((c) => c.name === name && c.image !== image))
    .map(({ name, image }) => ({ name, image }));
}

/** A file may say anything; only the server tells that it is wrong. */
function listOf(containers: unknown): Container[] {
  return Array.isArray(containers)
    ? containers.filter(isRecord).map((container) => container as unknown as Container)
    : [];
}

/** What is left must be the same. */
function withoutChangeable({ spec, metadata, ...rest }: Pod) {
  const { labels: _labels, annotations: _annotations, ...own } = metadata ?? {};
  const bare = (containers: unknown) =>
    Array.isArray(containers) ? listOf(containers).map(({ image, ...c }) => ({ ...c, image: !image })) : containers;
  return {
    ...rest,
    metadata: own,
    spec: spec && { ...spec, containers: bare(spec.containers), initContainers: bare(spec.initContainers) },
  };
}

function metadataPatch(before: ObjectMeta = {}, after: ObjectMeta = {}) {
  const metadata = Object.fromEntries(
    (['labels', 'annotations'] as const)
      .map((field) => [field, mergePatch(before[field] ?? {}, after[field] ?? {})] as const)
      .filter(([, patch]) => Object.keys(patch).length > 0),
  );
  return Object.keys(metadata).length > 0 && { metadata };
}
