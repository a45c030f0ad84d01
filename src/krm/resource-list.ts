import { isRecord } from '../kube/json.ts';
import { documentPart } from '../manifest/document-part.ts';
import { type ManifestDocument, type ManifestFile, parseManifests } from '../manifest/parse.ts';

const GROUP = 'config.kubernetes.io';
const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'];

/** What an orchestrator gave: the list, and what the function is to do. */
export interface ResourceList {
  file: ManifestFile;
  /** The list itself; its items are found in it as those of any List. */
  document: ManifestDocument;
  functionConfig: ManifestDocument | undefined;
  /** What functions before this one said. */
  results: readonly unknown[];
}

/** Why a text is not what a function takes; each line begins with its place. There is nothing to give back then. */
export class UnreadableInput extends Error {
  override readonly name = 'UnreadableInput';
}

/** Reads standard input of a KRM function. @throws UnreadableInput */
export function readResourceList(text: string): ResourceList {
  const file = readManifests(text, 'stdin');
  const [document, ...more] = file.documents;
  if (document === undefined) throw new UnreadableInput(`stdin is empty: a ResourceList of ${GROUP}/v1 is expected`);
  const { apiVersion, kind, items = [], functionConfig = null, results } = document.object;
  if (kind !== 'ResourceList' || more.length > 0)
    throw unreadable(document, 'kind', `one ResourceList of ${GROUP}/v1 is expected`);
  if (!VERSIONS.some((version) => apiVersion === `${GROUP}/${version}`))
    throw unreadable(
      document,
      'apiVersion',
      `a ResourceList of ${JSON.stringify(apiVersion)} is not known; of ${GROUP} it may be ${VERSIONS.join(', ')}`,
    );
  if (items !== null && !Array.isArray(items)) throw unreadable(document, 'items', 'items must be a list');
  if (functionConfig !== null && !isRecord(functionConfig))
    throw unreadable(document, 'functionConfig', 'functionConfig must be an object');
  return {
    file,
    document,
    functionConfig: documentPart(document, ['functionConfig']),
    results: Array.isArray(results) ? results : [],
  };
}

/** Reads a text all of whose documents are needed. @throws UnreadableInput */
export function readManifests(text: string, name: string): ManifestFile {
  const file = parseManifests(text, { file: name });
  if (file.errors.length > 0) throw new UnreadableInput(file.errors.map(({ message }) => message).join('\n'));
  return file;
}

function unreadable(document: ManifestDocument, field: string, message: string): UnreadableInput {
  const { line, column } = document.position([field]);
  return new UnreadableInput(`stdin:${line}:${column}: ${message}`);
}
