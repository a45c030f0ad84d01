import type { Container } from '../../kube/generated/objects.ts';
import { matchesAny } from '../glob.ts';
import type { ContainerChoice } from '../sidecar.ts';

/** The containers that a choice means: all that is given must hold; nothing given means all. */
export function choose(containers: readonly Container[], choice: ContainerChoice = {}): Container[] {
  const { names, ports, images, first } = choice;
  const chosen = containers.filter(
    (container) =>
      (names === undefined || matchesAny(names, container.name)) &&
      (images === undefined || matchesAny(images, container.image ?? '')) &&
      (ports === undefined || ports.some((port) => hasPort(container, port))),
  );
  return first ? chosen.slice(0, 1) : chosen;
}

function hasPort({ ports }: Container, wanted: number | string): boolean {
  return (ports ?? []).some(({ name, containerPort }) => wanted === name || String(wanted) === String(containerPort));
}

/** A choice in words, for findings. */
export function describeChoice({ names, ports, images, first }: ContainerChoice = {}): string {
  const parts = [
    names && `name ${names.join(' or ')}`,
    ports && `port ${ports.join(' or ')}`,
    images && `image ${images.join(' or ')}`,
    first && 'first',
  ].filter(Boolean);
  return parts.length === 0 ? 'any' : parts.join(', ');
}
