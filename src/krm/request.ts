import { isRecord } from '../kube/json.ts';
import type { FieldPath } from '../manifest/field-path.ts';
import { listItems } from '../manifest/list-items.ts';
import { GROUP } from '../sidecar/sidecar.ts';
import type { ResourceList } from './resource-list.ts';
import { aboutResource, type Result } from './result.ts';

/** What `functionConfig` asks for. */
export type Request =
  | { do: 'attach'; definitions: Definition[] }
  /** Without names: everything that is attached. */
  | { do: 'detach'; sidecars: readonly string[] | undefined };

/** A sidecar's definition and where it stands in the ResourceList. */
export interface Definition {
  object: Record<string, unknown>;
  path: FieldPath;
}

const KINDS = ['Sidecar', 'ClusterSidecar'];
const HELP = `a Sidecar, a ClusterSidecar, a List of them, or a ConfigMap with data.detach`;

/**
 * A Sidecar, a ClusterSidecar or a list of them: these are attached. None, or a ConfigMap without `data.detach`: the sidecars among the items are.
 * `data.detach` of a ConfigMap ("true", or names with commas) takes sidecars off.
 */
export function readRequest(list: ResourceList): { request: Request } | { fault: Result } {
  const { functionConfig } = list;
  if (functionConfig === undefined) return { request: { do: 'attach', definitions: amongItems(list) } };
  const { kind, apiVersion } = functionConfig;
  if (kind === 'ConfigMap' && apiVersion === 'v1') return readConfigMap(functionConfig, list);
  const definitions = listItems(functionConfig, ['functionConfig']);
  const other = definitions.find(({ object }) => !isSidecar(object));
  if (other === undefined) return { request: { do: 'attach', definitions } };
  return fault(
    functionConfig,
    'kind',
    kind,
    `functionConfig is ${HELP}, not a ${other.object.kind ?? 'nameless kind'}`,
  );
}

function readConfigMap(config: Record<string, unknown>, list: ResourceList): ReturnType<typeof readRequest> {
  const data = isRecord(config.data) ? config.data : {};
  const unknown = Object.keys(data).find((key) => key !== 'detach');
  if (unknown !== undefined)
    return fault(config, `data.${unknown}`, data[unknown], `there is no option "${unknown}"; there is: detach`);
  const { detach = 'false' } = data;
  if (typeof detach !== 'string' && typeof detach !== 'boolean')
    return fault(config, 'data.detach', detach, 'must be "true", "false" or the names of sidecars');
  const word = String(detach);
  if (word === 'false') return { request: { do: 'attach', definitions: amongItems(list) } };
  const names = word.split(',').map((name) => name.trim());
  return { request: { do: 'detach', sidecars: word === 'true' ? undefined : names.filter((name) => name !== '') } };
}

function amongItems({ document }: ResourceList): Definition[] {
  return listItems(document.object).filter(({ object }) => isSidecar(object));
}

/** Of our group whatever the version, so that a slip there is told by the check and not passed over. */
function isSidecar({ apiVersion, kind }: Record<string, unknown>): boolean {
  const group = typeof apiVersion === 'string' ? apiVersion.split('/')[0] : undefined;
  return group === GROUP && KINDS.includes(String(kind));
}

function fault(config: Record<string, unknown>, path: string, value: unknown, message: string): { fault: Result } {
  const currentValue = value === undefined ? {} : { currentValue: String(value) };
  return { fault: { message, severity: 'error', ...aboutResource(config), field: { path, ...currentValue } } };
}
