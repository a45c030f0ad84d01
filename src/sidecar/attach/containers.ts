import type { Container } from '../../kube/generated/objects.ts';
import { keyOf } from '../keys.ts';
import { answer, type Joining, place } from './joining.ts';
import { freeName } from './names.ts';
import { settlePorts } from './ports.ts';
import { withShares } from './share.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;
type List = 'initContainers' | 'containers';

/** Its own containers, native sidecars and init containers, with what they share. Names are unique over all lists of a Pod. */
export function attachContainers(joining: Joining): Record<List, string[]> {
  return { initContainers: attachList(joining, 'initContainers'), containers: attachList(joining, 'containers') };
}

/** Names of those that joined, in the definition's order. */
function attachList(joining: Joining, list: List): string[] {
  return (joining.brought.template.spec?.[list] ?? []).flatMap((own, i) => {
    const field = `spec.template.spec.${list}[${i}]`;
    const container = settlePorts(joining, withVolumeNames(joining, withShares(joining, own)), field);
    const name = attachContainer(joining, list, container, field);
    return name === undefined ? [] : [name];
  });
}

function attachContainer(joining: Joining, list: List, container: Container, field: string): string | undefined {
  const { draft, compiled } = joining;
  const { name } = container;
  const isTaken = (one: string): boolean => LISTS.some((other) => draft.find([other, one]) !== undefined);
  const addRenamed = (): string => {
    const free = freeName(name, compiled.name, isTaken);
    draft.add(compiled.name, [list], { ...container, name: free });
    return free;
  };
  const elsewhere = LISTS.find((other) => other !== list && draft.find([other, name]) !== undefined);
  const what = `container "${name}"`;
  if (elsewhere !== undefined) {
    const found = draft.find([elsewhere, name]);
    const given = answer(joining, {
      kind: 'containers',
      code: 'ContainerConflict',
      field: `${field}.name`,
      what,
      ours: container,
      theirs: found?.value,
      path: [elsewhere, name],
      sidecar: found?.sidecar,
      except: { answers: ['Replace'], why: `the other one is of ${elsewhere}` },
    });
    return given === 'Rename' ? addRenamed() : undefined;
  }
  const given = place(joining, {
    kind: 'containers',
    code: 'ContainerConflict',
    field: `${field}.name`,
    what,
    list: [list],
    item: container,
  });
  if (given === 'Rename') return addRenamed();
  return given === 'Added' ? name : undefined;
}

/** Mounts and devices follow volumes that had to take another name. */
function withVolumeNames({ volumeNames }: Joining, container: Container): Container {
  if (volumeNames.size === 0) return container;
  const renamed = <T extends { name: string }>(items: readonly T[] | undefined): T[] | undefined =>
    items?.map((item) => ({ ...item, name: volumeNames.get(item.name) ?? item.name }));
  const volumeMounts = renamed(container.volumeMounts);
  const volumeDevices = renamed(container.volumeDevices);
  return { ...container, ...(volumeMounts && { volumeMounts }), ...(volumeDevices && { volumeDevices }) };
}

/** The path of a container that is in the draft. */
export function containerPath(container: Container): [string, string] {
  return ['containers', keyOf('containers', container)];
}
