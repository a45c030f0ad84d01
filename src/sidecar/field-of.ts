import { isRecord } from '../kube/json.ts';
import { keyOf } from './keys.ts';
import type { Template } from './target.ts';

/** A path of keys as Kubernetes writes fields, with indices where the template has the element: `spec.containers[0].env[2]`. */
export function fieldOf(template: Template, path: readonly string[]): string {
  const [root = '', ...rest] = path;
  let text = root === 'metadata' ? 'metadata' : `spec.${root}`;
  let node: unknown =
    root === 'metadata' ? template.metadata : (template.spec as Record<string, unknown> | undefined)?.[root];
  let field = root;
  for (const segment of rest) {
    if (Array.isArray(node)) {
      const list = field;
      const index = node.findIndex((item) => keyOf(list, item) === segment);
      text += `[${index < 0 ? segment : index}]`;
      node = node[index];
    } else {
      text += field === 'labels' || field === 'annotations' ? `[${segment}]` : `.${segment}`;
      node = isRecord(node) ? node[segment] : undefined;
      field = segment;
    }
  }
  return text;
}
