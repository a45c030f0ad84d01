import type { FieldPath } from '../manifest/field-path.ts';
import { listItems } from '../manifest/list-items.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';

/** An object of a file: a document, or an item of a List in one. */
export interface FileObject {
  file: string;
  document: ManifestDocument;
  /** From the document's object to this one. */
  path: FieldPath;
  object: Record<string, unknown>;
}

/** All objects of a file in the order of its text, those of Lists one by one. */
export function objectsIn({ file, documents }: ManifestFile): FileObject[] {
  return documents.flatMap((document) => listItems(document.object).map((item) => ({ file, document, ...item })));
}
