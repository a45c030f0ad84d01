import { isRecord } from '../kube/json.ts';
import { type FieldPath, parseFieldPath, valueAt } from './field-path.ts';
import type { ManifestDocument, ReadDocument } from './parse.ts';
import type { Node } from './tree.ts';

/**
 * An object inside a document as a document of its own, such as an item of a list: for its places, and as a style for what is written in it
 * (`EditOptions.styles`). Its lines are those of the document around it. Undefined where there is no object.
 */
export function documentPart(document: ManifestDocument, path: FieldPath): ManifestDocument | undefined {
  const { index, lines, json, text, piece, tree } = document as ReadDocument;
  const object = valueAt(document.object, path);
  const root = nodeAt(tree.root, path);
  if (!isRecord(object) || root === undefined) return undefined;
  const position = (field: FieldPath | string) =>
    document.position([...path, ...(typeof field === 'string' ? parseFieldPath(field) : field)]);
  const part: ReadDocument = { index, object, lines, json, text, piece, tree: { ...tree, root }, position };
  return part;
}

/** The node that says what is at a path; undefined also for what comes by a merge key. */
function nodeAt(root: Node, path: FieldPath): Node | undefined {
  let node: Node | undefined = follow(root);
  for (const step of path) {
    if (node?.kind === 'seq') node = node.items[Number(step)];
    else if (node?.kind === 'map') node = node.pairs.find(({ key, merge }) => key === step && !merge)?.value;
    else return undefined;
    node = node && follow(node);
  }
  return node;
}

function follow(node: Node): Node {
  return node.kind === 'alias' ? node.target : node;
}
