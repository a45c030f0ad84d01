import { isRecord } from '../kube/json.ts';
import { documentPart } from '../manifest/document-part.ts';
import type { FieldPath } from '../manifest/field-path.ts';
import { listItems } from '../manifest/list-items.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import { GROUP } from '../sidecar/sidecar.ts';
import { aboutResource, type Result } from './result.ts';

/** What `functionConfig` asks for. */
export type Request =
  | { do: 'attach'; definitions: ManifestDocument[] }
  /** Without names: everything that is attached. */
  | { do: 'detach'; sidecars: readonly string[] | undefined };

const KINDS = ['Sidecar', 'ClusterSidecar'];

/**
 * A Sidecar, a ClusterSidecar or a list of them: these are attached. None, or a ConfigMap without `data.detach`: the sidecars among the items are.
 * `data.detach` of a ConfigMap ("true", or names with commas) takes sidecars off.
 */
export function readRequest(
  config: ManifestDocument | undefined,
  items: ManifestFile,
): { request: Request } | { fault: Result } {
  if (config === undefined) return { request: { do: 'attach', definitions: amongItems(items) } };
  const { kind, apiVersion } = config.object;
  if (kind === 'ConfigMap' && apiVersion === 'v1') return readConfigMap(config.object, items);
  const definitions = partsOf(config);
  const other = definitions.find(({ object }) => !isSidecar(object));
  if (other === undefined) return { request: { do: 'attach', definitions } };
  const message = `functionConfig is a Sidecar, a ClusterSidecar, a List of them, or a ConfigMap with data.detach, not a ${other.object.kind ?? 'nameless kind'} of ${other.object.apiVersion ?? 'no version'}`;
  return fault(config.object, 'kind', kind, message);
}

function readConfigMap(config: Record<string, unknown>, items: ManifestFile): ReturnType<typeof readRequest> {
  const data = isRecord(config.data) ? config.data : {};
  const unknown = Object.keys(data).find((key) => key !== 'detach');
  if (unknown !== undefined)
    return fault(config, `data.${unknown}`, data[unknown], `there is no option "${unknown}"; there is: detach`);
  const { detach = 'false' } = data;
  if (typeof detach !== 'string' && typeof detach !== 'boolean')
    return fault(config, 'data.detach', detach, 'must be "true", "false" or the names of sidecars');
  const word = String(detach);
  if (word === 'false') return { request: { do: 'attach', definitions: amongItems(items) } };
  const names = word.split(',').map((name) => name.trim());
  return { request: { do: 'detach', sidecars: word === 'true' ? undefined : names.filter((name) => name !== '') } };
}

function amongItems({ documents }: ManifestFile): ManifestDocument[] {
  return documents.flatMap(partsOf).filter(({ object }) => isSidecar(object));
}

function partsOf(document: ManifestDocument): ManifestDocument[] {
  return listItems(document.object).flatMap(({ path }: { path: FieldPath }) => documentPart(document, path) ?? []);
}

function isSidecar({ apiVersion, kind }: Record<string, unknown>): boolean {
  const group = typeof apiVersion === 'string' ? apiVersion.split('/')[0] : undefined;
  // Whatever the version, so that a slip there is told by the check and not passed over.
  return group === GROUP && KINDS.includes(String(kind));
}

function fault(config: Record<string, unknown>, path: string, value: unknown, message: string): { fault: Result } {
  const currentValue = value === undefined ? {} : { currentValue: String(value) };
  return { fault: { message, severity: 'error', ...aboutResource(config), field: { path, ...currentValue } } };
}
