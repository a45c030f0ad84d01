import type { ConfigMap, Container, EnvFromSource, EnvVar, Pod, Secret } from '../kube/generated/objects.ts';
import { type ApiAddress, apiVariables } from './api-variables.ts';
import { ConfigError } from './config-error.ts';
import { type PodPlace, podField, resourceField } from './downward.ts';
import { expand } from './expansion.ts';
import type { MachineSize } from './machine-size.ts';

/** Finds objects of the Pod's own namespace; undefined when there is none. */
export interface ObjectLookup {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export interface EnvironmentInput extends PodPlace {
  pod: Pod;
  container: Container;
  lookup: ObjectLookup;
  machine: MachineSize;
  /** Where the container reaches the API; absent where it cannot. */
  api?: ApiAddress;
}

export type Environment = Map<string, string>;

/**
 * The container's environment: envFrom first, then env in order; a later entry replaces an earlier one of the same name
 * (`pkg/kubelet/kubelet_pods.go`, makeEnvironmentVariables).
 *
 * `KUBERNETES_SERVICE_HOST` and its kin lie under all others, and only where Pods can reach the API: elsewhere a client library then says at once that
 * it is not in a cluster, rather than waiting for an address that is not there. When Services come, their variables belong beside them.
 *
 * @throws ConfigError when a ConfigMap, a Secret or a key that is not optional is missing
 */
export function environment(input: EnvironmentInput): Environment {
  const variables: Environment = new Map(input.api ? apiVariables(input.api) : []);
  for (const source of input.container.envFrom ?? []) addSource(variables, source, input);
  for (const variable of input.container.env ?? []) addVariable(variables, variable, input);
  return variables;
}

/** The container's command and args with `$(NAME)` of its environment replaced. */
export function expandCommand(
  { command = [], args = [] }: Container,
  variables: Environment,
): { command: string[]; args: string[] } {
  const expanded = (texts: string[]) => texts.map((text) => expand(text, (name) => variables.get(name)));
  return { command: expanded(command), args: expanded(args) };
}

function addSource(variables: Environment, source: EnvFromSource, { pod, lookup }: EnvironmentInput): void {
  const { configMapRef, secretRef, prefix = '' } = source;
  const data = {
    ...(configMapRef && configMapData(configMapRef, lookup)),
    ...(secretRef && secretData(secretRef, lookup, pod)),
  };
  for (const [key, value] of Object.entries(data)) variables.set(prefix + key, value);
}

function addVariable(variables: Environment, { name, value, valueFrom }: EnvVar, input: EnvironmentInput): void {
  if (value || !valueFrom) {
    variables.set(
      name,
      expand(value ?? '', (other) => variables.get(other)),
    );
    return;
  }
  const found = referencedValue(valueFrom, input);
  if (found !== undefined) variables.set(name, found);
}

/** undefined when an optional reference leads nowhere. */
function referencedValue(from: NonNullable<EnvVar['valueFrom']>, input: EnvironmentInput): string | undefined {
  const { pod, container, lookup, machine } = input;
  if (from.fieldRef) return podField(pod, from.fieldRef.fieldPath, input);
  if (from.resourceFieldRef) return resourceField(pod, container, from.resourceFieldRef, machine);
  if (from.configMapKeyRef)
    return keyOf('ConfigMap', from.configMapKeyRef, configMapData(from.configMapKeyRef, lookup), pod);
  if (from.secretKeyRef) return keyOf('Secret', from.secretKeyRef, secretData(from.secretKeyRef, lookup, pod), pod);
  throw new ConfigError(
    `environment variable has a valueFrom that this node does not know: ${Object.keys(from).join(', ')}`,
  );
}

interface Reference {
  name?: string;
  optional?: boolean;
}

function keyOf(
  kind: 'ConfigMap' | 'Secret',
  { name, key, optional }: Reference & { key: string },
  data: Record<string, string> | undefined,
  pod: Pod,
): string | undefined {
  if (data && Object.hasOwn(data, key)) return data[key];
  if (optional) return undefined;
  throw new ConfigError(`couldn't find key ${key} in ${kind} ${pod.metadata?.namespace}/${name}`);
}

function configMapData({ name = '', optional }: Reference, lookup: ObjectLookup): Record<string, string> | undefined {
  const configMap = lookup.configMap(name);
  if (!configMap && !optional) throw new ConfigError(`configmap "${name}" not found`);
  return configMap && (configMap.data ?? {});
}

function secretData(
  { name = '', optional }: Reference,
  lookup: ObjectLookup,
  pod: Pod,
): Record<string, string> | undefined {
  const secret = lookup.secret(name);
  if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`);
  return secret && decoded(secret, pod);
}

/** Values of a Secret are base64; an environment holds text. */
function decoded({ data = {}, metadata }: Secret, pod: Pod): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    const bytes = Buffer.from(value, 'base64');
    if (bytes.includes(0)) {
      throw new ConfigError(
        `key ${key} of Secret ${pod.metadata?.namespace}/${metadata?.name} holds a zero byte, which no environment can carry`,
      );
    }
    texts[key] = bytes.toString();
  }
  return texts;
}
