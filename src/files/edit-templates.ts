import { editText } from '../manifest/edit-text.ts';
import { EditError } from '../manifest/errors.ts';
import type { FieldPath } from '../manifest/field-path.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import type { Template } from '../sidecar/target.ts';
import type { PlacedFinding } from './finding.ts';

/** What one Pod template of a document becomes. */
export interface TemplateEdit {
  document: ManifestDocument;
  path: FieldPath;
  template: Template;
}

export interface EditedFile {
  /** Byte for byte the old text where nothing changed. */
  text: string;
  changed: boolean;
  /** What the documents say now, in their order. */
  objects: Record<string, unknown>[];
  /** An error where the new text could not be proven to say what was meant; then the text is the old one. */
  findings: PlacedFinding[];
}

/** Splices new Pod templates into a file's text and proves it. */
export function editTemplates(
  file: ManifestFile,
  edits: readonly TemplateEdit[],
  styles: readonly ManifestDocument[] = [],
): EditedFile {
  const objects = file.documents.map(({ object }) => object);
  for (const { document, path, template } of edits)
    objects[document.index] = setAt(objects[document.index], path, template) as Record<string, unknown>;
  const documents = [...new Set(edits.map(({ document }) => document.index))];
  try {
    const text = editText(
      file,
      documents.map((document) => ({ document, object: objects[document] })),
      { styles },
    );
    return { text, changed: text !== file.text, objects, findings: [] };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return { ...unedited(file), findings: [fromEditError(error, file)] };
  }
}

/** The file as it is. */
export function unedited(file: ManifestFile): EditedFile {
  return { text: file.text, changed: false, objects: file.documents.map(({ object }) => object), findings: [] };
}

function fromEditError({ code, document, path, message }: EditError, file: ManifestFile): PlacedFinding {
  const place = file.documents[document]?.position(path) ?? { line: 1, column: 1 };
  return {
    severity: 'error',
    code,
    file: file.file,
    ...place,
    field: '',
    message: message.replace(`${file.file}: `, ''),
  };
}

/** A copy with another value at a path; everything beside the path is shared. */
function setAt(value: unknown, path: FieldPath, next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (Array.isArray(value)) return value.with(Number(step), setAt(value[Number(step)], rest, next));
  const map = value as Record<string, unknown>;
  return { ...map, [step]: setAt(map[step], rest, next) };
}
