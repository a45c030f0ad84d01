import type { Container } from '../../kube/generated/objects.ts';
import type { MainContainerAdditions } from '../sidecar.ts';
import { choose, describeChoice } from './choose.ts';
import { containerPath } from './containers.ts';
import { type Joining, place, report } from './joining.ts';
import { attachDevice, attachMount } from './mounts.ts';
import { placedPorts, settlePort, usedPortNames } from './ports.ts';

/** What the Pod's own containers get. They are chosen by what they were before anything was attached. */
export function attachToMainContainers(joining: Joining): void {
  for (const [i, additions] of joining.brought.mainContainers.entries()) {
    const field = `spec.mainContainers[${i}]`;
    const chosen = choose(joining.mains, additions.select);
    if (chosen.length === 0)
      report(
        joining,
        'NoMainContainer',
        `${field}.select`,
        `the Pod has no container with ${describeChoice(additions.select)}`,
      );
    // One that a sidecar has taken the place of is no main container any more.
    for (const container of chosen)
      if (joining.draft.find(containerPath(container))?.sidecar === undefined)
        attachTo(joining, container, additions, field);
  }
}

function attachTo(joining: Joining, container: Container, additions: MainContainerAdditions, field: string): void {
  const path = containerPath(container);
  const volume = <T extends { name: string }>(item: T): T => {
    const name = joining.volumeNames.get(item.name);
    return name === undefined ? item : { ...item, name };
  };
  for (const [i, mount] of (additions.volumeMounts ?? []).entries())
    attachMount(joining, path, volume(mount), `${field}.volumeMounts[${i}]`);
  for (const [i, device] of (additions.volumeDevices ?? []).entries())
    attachDevice(joining, path, volume(device), `${field}.volumeDevices[${i}]`);
  for (const [i, variable] of (additions.env ?? []).entries())
    place(joining, {
      kind: 'env',
      code: 'EnvConflict',
      field: `${field}.env[${i}]`,
      what: `variable ${variable.name} of container "${container.name}"`,
      list: [...path, 'env'],
      item: variable,
    });
  for (const [i, source] of (additions.envFrom ?? []).entries())
    place(joining, {
      kind: 'env',
      code: 'EnvConflict',
      field: `${field}.envFrom[${i}]`,
      what: `source of variables of container "${container.name}"`,
      list: [...path, 'envFrom'],
      item: source,
    });
  for (const [i, port] of (additions.ports ?? []).entries())
    attachPort(joining, container, port, `${field}.ports[${i}]`);
}

type Port = NonNullable<MainContainerAdditions['ports']>[number];

function attachPort(joining: Joining, container: Container, wanted: Port, field: string): void {
  const path = containerPath(container);
  const port = settlePort(joining, wanted, placedPorts(joining, container.name), field, new Map());
  if (port === undefined) return;
  const here = (joining.draft.find(path)?.value ?? container) as Container;
  const named = here.ports?.find(({ name }) => name !== undefined && name === port.name);
  const key = `${port.containerPort}/${port.protocol ?? 'TCP'}`;
  const isOther = named !== undefined && `${named.containerPort}/${named.protocol ?? 'TCP'}` !== key;
  if (isOther || (named === undefined && port.name !== undefined && usedPortNames(container).includes(port.name))) {
    const message = `port name "${port.name}" of container "${container.name}" would mean another port than before, also to its probes`;
    report(joining, 'PortConflict', `${field}.name`, message);
    return;
  }
  place(joining, {
    kind: 'ports',
    code: 'PortConflict',
    field,
    what: `port ${key} of container "${container.name}"`,
    list: [...path, 'ports'],
    item: port,
    except: { answers: ['Rename'], why: 'a number cannot be renamed' },
  });
}
