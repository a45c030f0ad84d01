import { isRecord } from '../kube/json.ts';
import { type ManifestDocument, type ManifestFile, parseManifests } from '../manifest/parse.ts';

const GROUP = 'config.kubernetes.io';
const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'];

/** What an orchestrator gave: the list, and what the function is to do. */
export interface ResourceList {
  file: ManifestFile;
  /** The list itself; its items are found in it as those of any List. */
  document: ManifestDocument;
  functionConfig: Record<string, unknown> | undefined;
  /** What functions before this one said. */
  results: readonly unknown[];
}

/** Why a text is not what a function takes; each line begins with its place. There is nothing to give back then. */
export class NotAResourceList extends Error {
  override readonly name = 'NotAResourceList';
}

/** Reads standard input of a KRM function. @throws NotAResourceList */
export function readResourceList(text: string): ResourceList {
  const file = parseManifests(text, { file: 'stdin' });
  if (file.errors.length > 0) throw new NotAResourceList(file.errors.map(({ message }) => message).join('\n'));
  const [document, ...more] = file.documents;
  if (document === undefined) throw new NotAResourceList(`stdin is empty: a ResourceList of ${GROUP}/v1 is expected`);
  const { apiVersion, kind, items = [], functionConfig, results } = document.object;
  if (kind !== 'ResourceList' || more.length > 0)
    throw new NotAResourceList(`${place(document, 'kind')}: one ResourceList of ${GROUP}/v1 is expected`);
  if (!VERSIONS.some((version) => apiVersion === `${GROUP}/${version}`))
    throw new NotAResourceList(
      `${place(document, 'apiVersion')}: a ResourceList of ${JSON.stringify(apiVersion)} is not known; of ${GROUP} it may be ${VERSIONS.join(', ')}`,
    );
  if (items !== null && !Array.isArray(items))
    throw new NotAResourceList(`${place(document, 'items')}: items must be a list`);
  if (functionConfig !== undefined && functionConfig !== null && !isRecord(functionConfig))
    throw new NotAResourceList(`${place(document, 'functionConfig')}: functionConfig must be an object`);
  return {
    file,
    document,
    functionConfig: isRecord(functionConfig) ? functionConfig : undefined,
    results: Array.isArray(results) ? results : [],
  };
}

function place(document: ManifestDocument, field: string): string {
  const { line, column } = document.position([field]);
  return `stdin:${line}:${column}`;
}
