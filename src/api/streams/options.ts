import { badRequest, type FieldError, invalid } from '../../kube/errors.ts';
import { forbidden, invalidValue } from '../../kube/field-errors.ts';
import type { Container, Pod } from '../../kube/generated/objects.ts';
import type { LogOptions, StreamOptions } from '../node-functions.ts';
import { readFlag, readInteger, readPorts, readTime } from './query-values.ts';

/** What `pods/exec` and `pods/attach` ask for. `command` is empty for attach. */
export interface CommandRequest {
  container: string;
  command: string[];
  streams: StreamOptions;
}

/** What `pods/log` asks for. */
export interface LogRequest {
  container: string;
  options: LogOptions;
}

/**
 * Reads the query of `pods/exec` (core/v1 PodExecOptions). As in a kubelet (`remotecommand.NewOptions`) a terminal has no stderr of its own: the
 * flag is dropped, not refused, because clients send both.
 * @throws StatusError BadRequest
 */
export function parseExec(query: URLSearchParams, pod: Pod): CommandRequest {
  const container = chooseContainer(query.get('container') ?? '', pod);
  requireHost(pod);
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least one command for the container');
  return { container: container.name, command, streams: readStreams(query, readFlag(query, 'tty')) };
}

/**
 * Reads the query of `pods/attach` (PodAttachOptions). Whether there is a terminal was settled when the container was made, so the Pod says it and
 * not the client (kubelet, `GetAttach`).
 * @throws StatusError BadRequest
 */
export function parseAttach(query: URLSearchParams, pod: Pod): CommandRequest {
  const container = chooseContainer(query.get('container') ?? '', pod);
  requireHost(pod);
  return { container: container.name, command: [], streams: readStreams(query, container.tty ?? false) };
}

/**
 * Reads the query of `pods/portforward` (PodPortForwardOptions). Ports are only named by WebSocket clients with channels; the others name them
 * stream by stream.
 * @throws StatusError BadRequest
 */
export function parsePortForward(query: URLSearchParams, pod: Pod): number[] {
  const ports = readPorts(query, 'ports');
  requireHost(pod);
  return ports;
}

/**
 * Reads the query of `pods/log` (PodLogOptions). undefined when the Pod is not bound to a node: there is no log yet, and the answer is 204.
 * @throws StatusError BadRequest for values that cannot be read and for a wrong container, Invalid for values out of range
 */
export function parseLog(query: URLSearchParams, pod: Pod): LogRequest | undefined {
  const options = readLogOptions(query);
  const errors = validateLog(query, options);
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, nameOf(pod), errors);
  const container = chooseContainer(query.get('container') ?? '', pod);
  return pod.spec?.nodeName ? { container: container.name, options } : undefined;
}

function readStreams(query: URLSearchParams, tty: boolean): StreamOptions {
  const streams = {
    stdin: readFlag(query, 'stdin'),
    stdout: readFlag(query, 'stdout'),
    stderr: readFlag(query, 'stderr') && !tty,
    tty,
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return streams;
}

function readLogOptions(query: URLSearchParams): LogOptions {
  const numbers = {
    sinceSeconds: readInteger(query, 'sinceSeconds'),
    tailLines: readInteger(query, 'tailLines'),
    limitBytes: readInteger(query, 'limitBytes'),
  };
  const sinceTime = readTime(query, 'sinceTime');
  return {
    follow: readFlag(query, 'follow'),
    previous: readFlag(query, 'previous'),
    timestamps: readFlag(query, 'timestamps'),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(numbers.sinceSeconds !== undefined && { sinceSeconds: numbers.sinceSeconds }),
    ...(numbers.tailLines !== undefined && { tailLines: numbers.tailLines }),
    ...(numbers.limitBytes !== undefined && { limitBytes: numbers.limitBytes }),
  };
}

/** `ValidatePodLogOptions` of Kubernetes v1.33, where `stream` needs a feature gate that is off. */
function validateLog(query: URLSearchParams, options: LogOptions): FieldError[] {
  const { tailLines, limitBytes, sinceSeconds, sinceTime } = options;
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (query.has('stream')) errors.push(forbidden('stream', 'may not be specified'));
  return errors;
}

/** `validateContainer` of `pkg/registry/core/pod/strategy.go`; the annotation `default-container` is kubectl's affair. */
function chooseContainer(name: string, pod: Pod): Pick<Container, 'name' | 'tty'> {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  if (name !== '') {
    const found = all.find((container) => container.name === name);
    if (!found) throw badRequest(`container ${name} is not valid for pod ${nameOf(pod)}`);
    return found;
  }
  if (containers.length === 1) return containers[0]!;
  const choice = containers.length === 0 ? '' : `, choose one of: [${all.map((c) => c.name).join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${nameOf(pod)}${choice}`);
}

function requireHost(pod: Pod): void {
  if (!pod.spec?.nodeName) throw badRequest(`pod ${nameOf(pod)} does not have a host assigned`);
}

function nameOf(pod: Pod): string {
  return pod.metadata?.name ?? '';
}
