import { editText } from '../manifest/edit-text.ts';
import { EditError } from '../manifest/errors.ts';
import { withValueAt } from '../manifest/field-path.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import { readRequest } from './request.ts';
import { readManifests, readResourceList, UnreadableInput } from './resource-list.ts';
import type { Result } from './result.ts';
import { type Edit, type Outcome, workOn } from './work.ts';

/** What a KRM function gives back. */
export interface FunctionOutput {
  /** As the input, with items changed and, in a ResourceList, results filled in. With an error among the results no item is changed. */
  text: string;
  results: Result[];
  failed: boolean;
}

/**
 * One call as a KRM function: a ResourceList in, a ResourceList out, with the text of what did not change kept. Pure.
 * @throws UnreadableInput, and EditError where not even the results could be written
 */
export function runFunction(text: string): FunctionOutput {
  const { file, document, functionConfig, results: earlier } = readResourceList(text);
  const told = (results: readonly Result[]): Edit[] =>
    results.length === 0 ? [] : [{ document, path: ['results'], value: [...earlier, ...results] }];
  return write(file, outcomeOf(functionConfig, file), told);
}

/**
 * One call as an exec plugin of kustomize, the kind that kubectl runs: resources in, resources out, and the configuration in a file of its own. The results
 * are only returned. Pure.
 * @throws UnreadableInput
 */
export function runPlugin(text: string, config: { file: string; text: string }): FunctionOutput {
  const items = readManifests(text, 'stdin');
  const [functionConfig, ...more] = readManifests(config.text, config.file).documents;
  if (functionConfig === undefined || more.length > 0)
    throw new UnreadableInput(`${config.file}: one object is expected`);
  return write(items, outcomeOf(functionConfig, items), () => []);
}

function outcomeOf(config: ManifestDocument | undefined, items: ManifestFile): Outcome {
  const asked = readRequest(config, items);
  return 'fault' in asked ? { edits: [], results: [asked.fault], styles: [] } : workOn(items, asked.request);
}

/** One edit for items and results. Where it cannot be proven, the items stay as they were, and that is said. */
function write(file: ManifestFile, outcome: Outcome, told: (results: readonly Result[]) => Edit[]): FunctionOutput {
  const { results, edits, styles } = outcome;
  const failed = results.some(({ severity }) => severity === 'error');
  try {
    return { text: spliced(file, [...(failed ? [] : edits), ...told(results)], styles), results, failed };
  } catch (error) {
    if (!(error instanceof EditError) || failed) throw error;
    const unproven: Result = { message: error.message, severity: 'error' };
    return write(file, { edits: [], results: [...results, unproven], styles }, told);
  }
}

/** @throws EditError */
function spliced(file: ManifestFile, edits: readonly Edit[], styles: readonly ManifestDocument[]): string {
  const objects = new Map<number, unknown>();
  for (const { document, path, value } of edits)
    objects.set(document.index, withValueAt(objects.get(document.index) ?? document.object, path, value));
  if (objects.size === 0) return file.text;
  return editText(
    file,
    [...objects].map(([document, object]) => ({ document, object })),
    { styles },
  );
}
