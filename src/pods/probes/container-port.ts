import type { Container } from '../../kube/generated/objects.ts';
import { ProbeError } from './answer.ts';

/**
 * The number of a port that is given as number, as name of one of the container's ports, or as number in a string (`ResolveContainerPort` in `pkg/probe/util.go`).
 * @throws ProbeError in the words of the kubelet
 */
export function containerPort(port: number | string, container: Container): number {
  const number = typeof port === 'number' ? port : named(port, container);
  if (number > 0 && number < 65536) return number;
  throw new ProbeError(`invalid port number: ${number}`);
}

function named(name: string, { ports = [] }: Container): number {
  const found = ports.find((one) => one.name === name);
  if (found) return found.containerPort;
  if (!/^[+-]?\d+$/.test(name)) throw new ProbeError(`strconv.Atoi: parsing ${JSON.stringify(name)}: invalid syntax`);
  return Number(name);
}
