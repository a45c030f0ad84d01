/** Directives (`%YAML 1.2`) before the first document: what stands before them has to be ended. */
const DIRECTIVES = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*%/;
const MARKED = /^(---|\.\.\.)(?=[ \t\r\n]|$)/;

/**
 * The texts of several files as one stream of documents. The first is passed on byte for byte; between two there is the line that is needed to
 * keep their documents apart, and no more. A later byte order mark goes, as no reader expects one there.
 */
export function* joinStreams(files: Iterable<Iterable<string>>): Generator<string> {
  let last = '';
  for (const texts of files) {
    let begun = false;
    for (const text of texts) {
      if (text === '') continue;
      const later = last !== '' && !begun;
      if (later) yield separator(last, text);
      yield later && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
      begun = true;
      last = text;
    }
  }
}

function separator(before: string, after: string): string {
  const lineBreak = before.endsWith('\n') ? '' : '\n';
  const text = after.charCodeAt(0) === 0xfeff ? after.slice(1) : after;
  if (DIRECTIVES.test(text)) return `${lineBreak}...\n`;
  return MARKED.test(text) ? lineBreak : `${lineBreak}---\n`;
}
