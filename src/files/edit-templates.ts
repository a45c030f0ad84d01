import { editText } from '../manifest/edit-text.ts';
import { EditError } from '../manifest/errors.ts';
import { type FieldPath, formatFieldPath } from '../manifest/field-path.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import type { Template } from '../sidecar/target.ts';
import { fromManifestError, hasErrors, type PlacedFinding } from './finding.ts';
import type { FileTarget } from './targets.ts';

/** What the engine made of one Pod template; the very template of the target where nothing is to change. */
export interface TemplateResult {
  at: FileTarget;
  template: Template;
  findings: PlacedFinding[];
}

export interface EditedFile {
  /** Byte for byte the old text where nothing changed, and where there is an error among the findings. */
  text: string;
  changed: boolean;
  /** What the documents say now, in their order. */
  objects: Record<string, unknown>[];
  /** Faults of the text, what the engine found, and an error where the new text could not be proven to say what was meant. */
  findings: PlacedFinding[];
}

/** Splices new Pod templates into a file's text, unless something is wrong anywhere in the file, and proves the new text. */
export function editTemplates(
  file: ManifestFile,
  results: readonly TemplateResult[],
  styles: readonly ManifestDocument[] = [],
): EditedFile {
  const findings = [...file.errors.map(fromManifestError), ...results.flatMap((result) => result.findings)];
  const objects = file.documents.map(({ object }) => object);
  const unedited = { text: file.text, changed: false, objects, findings };
  if (hasErrors(findings)) return unedited;
  const edited = new Map<number, Record<string, unknown>>();
  for (const { at, template } of results) {
    const { index, object } = at.document;
    if (template !== at.target.template)
      edited.set(index, setAt(edited.get(index) ?? object, at.template.template, template) as Record<string, unknown>);
  }
  if (edited.size === 0) return unedited;
  try {
    const edits = [...edited].map(([document, object]) => ({ document, object }));
    const text = editText(file, edits, { styles });
    return { ...unedited, text, changed: text !== file.text, objects: objects.map((old, i) => edited.get(i) ?? old) };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return { ...unedited, findings: [...findings, fromEditError(error, file)] };
  }
}

function fromEditError({ code, document, path, reason }: EditError, file: ManifestFile): PlacedFinding {
  const place = file.documents[document]?.position(path) ?? { line: 1, column: 1 };
  return { severity: 'error', code, file: file.file, ...place, field: formatFieldPath(path), message: reason };
}

/** A copy with another value at a path; everything beside the path is shared. */
function setAt(value: unknown, path: FieldPath, next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (Array.isArray(value)) return value.with(Number(step), setAt(value[Number(step)], rest, next));
  const map = value as Record<string, unknown>;
  return { ...map, [step]: setAt(map[step], rest, next) };
}
