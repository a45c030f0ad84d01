import type { Pod } from '../../kube/generated/objects.ts';

/** A container port that can be reached through a local one. */
export interface PortWish {
  container: string;
  port: number;
  name?: string;
}

/** A port that is not forwarded, and why. */
interface PortLeft {
  container: string;
  port: number;
  reason: string;
}

/** The container ports of a Pod: those to forward, each number once, and those that cannot be. Pure. */
export function portsOf({ spec }: Pod): { forward: PortWish[]; left: PortLeft[] } {
  const native = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const all = [...(spec?.containers ?? []), ...native].flatMap((container) =>
    (container.ports ?? []).map((port) => ({ container: container.name, ...port })),
  );
  const forward: PortWish[] = [];
  const left: PortLeft[] = [];
  for (const { container, containerPort: port, protocol = 'TCP', name } of all)
    if (spec?.hostNetwork)
      left.push({ container, port, reason: "the Pod uses this machine's network: it is there already" });
    else if (protocol !== 'TCP') left.push({ container, port, reason: `only TCP is forwarded, not ${protocol}` });
    else if (!forward.some((one) => one.port === port))
      forward.push({ container, port, ...(name !== undefined && { name }) });
  return { forward, left };
}

/** Local ports to try for a container's, in this order: the same number, ones that people would guess, any free one (0). */
export function localCandidates(port: number): number[] {
  const guessed = port < 1024 ? [8000 + port] : [port + 1, port + 2, port + 3];
  return [port, ...guessed.filter((one) => one <= 65535), 0];
}
