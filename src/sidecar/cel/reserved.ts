/**
 * `namespace` is a reserved word of CEL; Kubernetes' own expressions say `namespaceObject`. Here both work: the word becomes the other
 * wherever it stands as a variable, outside of strings and not as a field (`pod.metadata.namespace`).
 */
export function renameReserved(text: string): string {
  return text.replace(PARTS, (part) => (part === 'namespace' ? 'namespaceObject' : part));
}

/** A string, a field after its dot, or a name. */
const PARTS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\.\s*[A-Za-z_]\w*|[A-Za-z_]\w*/gs;
