import type { Container, ContainerPort, LifecycleHandler } from '../../kube/generated/objects.ts';
import { isNative } from '../sidecar.ts';
import type { KeyPath } from './draft.ts';
import { answer, type Joining } from './joining.ts';
import { freePortName } from './names.ts';

/** A port that some container of the Pod has. */
interface PlacedPort {
  container: string;
  port: ContainerPort;
  path: KeyPath;
}

/**
 * The ports of a container that joins: all containers of a Pod share one network, so a port or a name that another has is a conflict. Ports
 * that cannot stay are left out, and names that cannot stay are changed, also where probes of the container use them.
 */
export function settlePorts(joining: Joining, container: Container, field: string): Container {
  if (container.ports === undefined || container.ports.length === 0) return container;
  const others = placedPorts(joining, container.name);
  const ports: ContainerPort[] = [];
  const names = new Map<string, string | number>();
  for (const [i, port] of container.ports.entries()) {
    const settled = settlePort(joining, port, others, `${field}.ports[${i}]`, names);
    if (settled !== undefined) ports.push(settled);
  }
  if (names.size === 0 && ports.length === container.ports.length) return container;
  return renamePorts({ ...container, ports }, names);
}

/** One port against those of the other containers; undefined when it is to be left out. `names` receives what became of its name. */
export function settlePort(
  joining: Joining,
  port: ContainerPort,
  others: readonly PlacedPort[],
  field: string,
  names: Map<string, string | number>,
): ContainerPort | undefined {
  const number = others.find(({ port: other }) => sameSocket(port, other));
  if (number !== undefined) {
    const what = `port ${port.containerPort}/${port.protocol ?? 'TCP'}`;
    clash(joining, port, number, `${field}.containerPort`, what, 'two containers of a Pod cannot listen on one port');
    return undefined;
  }
  const host = others.find(({ port: other }) => sameHostSocket(port, other));
  if (host !== undefined) {
    const what = `host port ${port.hostPort}/${port.protocol ?? 'TCP'}`;
    clash(joining, port, host, `${field}.hostPort`, what, 'a port of the node can be given once');
    return undefined;
  }
  const named = port.name === undefined ? undefined : others.find(({ port: other }) => other.name === port.name);
  return named === undefined ? port : settleName(joining, port, named, others, field, names);
}

function settleName(
  joining: Joining,
  port: ContainerPort,
  named: PlacedPort,
  others: readonly PlacedPort[],
  field: string,
  names: Map<string, string | number>,
): ContainerPort {
  const name = port.name ?? '';
  const given = answer(joining, {
    kind: 'ports',
    code: 'PortConflict',
    field: `${field}.name`,
    what: `port name "${name}" would mean two containers, also to Services`,
    ours: port,
    theirs: named.port,
    path: named.path,
    sidecar: joining.draft.find(named.path)?.sidecar,
    except: { answers: ['Replace'], why: 'a name is not taken away from the other container' },
  });
  const { name: _, ...nameless } = port;
  if (given === 'Rename') {
    const free = freePortName(name, (one) => others.some(({ port: other }) => other.name === one));
    names.set(name, free);
    return { ...port, name: free };
  }
  if (given === 'Keep') names.set(name, port.containerPort);
  return given === 'Keep' ? nameless : port;
}

function clash(
  joining: Joining,
  port: ContainerPort,
  other: PlacedPort,
  field: string,
  what: string,
  why: string,
): void {
  answer(joining, {
    kind: 'ports',
    code: 'PortConflict',
    field,
    what: `${what} is container "${other.container}"'s`,
    ours: port,
    theirs: other.port,
    path: other.path,
    sidecar: joining.draft.find(other.path.slice(0, 2))?.sidecar,
    except: { answers: ['Replace', 'Rename'], why },
  });
}

/** The ports of all containers that run at the same time, but for one. Init containers that end are not among them. */
export function placedPorts({ draft }: Joining, except: string): PlacedPort[] {
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    draft
      .containers(list)
      .filter((container) => container.name !== except && (list === 'containers' || isNative(container)))
      .flatMap((container) =>
        (container.ports ?? []).map((port) => ({
          container: container.name,
          port,
          path: [list, container.name, 'ports', `${port.containerPort}/${port.protocol ?? 'TCP'}`],
        })),
      ),
  );
}

function sameSocket(a: ContainerPort, b: ContainerPort): boolean {
  return a.containerPort === b.containerPort && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

function sameHostSocket(a: ContainerPort, b: ContainerPort): boolean {
  if (!a.hostPort || a.hostPort !== b.hostPort || (a.protocol ?? 'TCP') !== (b.protocol ?? 'TCP')) return false;
  const any = ['', '0.0.0.0', '::'];
  const [ip, other] = [a.hostIP ?? '', b.hostIP ?? ''];
  return ip === other || any.includes(ip) || any.includes(other);
}

/** Probes and hooks of the container follow the new names of its ports. */
function renamePorts(container: Container, names: ReadonlyMap<string, string | number>): Container {
  if (names.size === 0) return container;
  const handler = <T extends LifecycleHandler>(one: T): T => ({
    ...one,
    ...(one.httpGet && { httpGet: { ...one.httpGet, port: names.get(String(one.httpGet.port)) ?? one.httpGet.port } }),
    ...(one.tcpSocket && {
      tcpSocket: { ...one.tcpSocket, port: names.get(String(one.tcpSocket.port)) ?? one.tcpSocket.port },
    }),
  });
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  return {
    ...container,
    ...(livenessProbe && { livenessProbe: handler(livenessProbe) }),
    ...(readinessProbe && { readinessProbe: handler(readinessProbe) }),
    ...(startupProbe && { startupProbe: handler(startupProbe) }),
    ...(lifecycle && {
      lifecycle: {
        ...lifecycle,
        ...(lifecycle.postStart && { postStart: handler(lifecycle.postStart) }),
        ...(lifecycle.preStop && { preStop: handler(lifecycle.preStop) }),
      },
    }),
  };
}

/** Names of ports that probes and hooks of a container use. */
export function usedPortNames(container: Container): string[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers: (LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers
    .flatMap((handler) => [handler?.httpGet?.port, handler?.tcpSocket?.port])
    .filter((port) => typeof port === 'string');
}
