import { Document, isScalar, type Scalar, stringify, visit } from 'yaml';

/** YAML as kubectl prints it: keys sorted, lists not indented, no line folded, text that could be read as something else quoted. */
export function toKubectlYaml(value: unknown): string {
  const document = new Document(JSON.parse(JSON.stringify(value)), {
    version: '1.1',
    aliasDuplicateObjects: false,
    sortMapEntries: true,
  });
  visit(document, { Scalar: (_, node) => styleOf(node) });
  return document.toString({ lineWidth: 0, indentSeq: false, singleQuote: true, nullStr: 'null' });
}

/** Written plain, these would be read as a number, a boolean, null, a date, a merge key or a base-60 number by YAML 1.1 readers. */
const AMBIGUOUS =
  /^(?:~|null|Null|NULL|y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|<<|[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[\da-fA-F_]+|[-+]?(?:\d[\d_]*)(?::[0-5]?\d)*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|[-+]?\.\d[\d_]*(?:[eE][-+]?\d+)?|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?)$/;

function styleOf(node: Scalar): void {
  if (!isScalar(node) || typeof node.value !== 'string') return;
  if (node.value === '' || AMBIGUOUS.test(node.value)) node.type = 'QUOTE_DOUBLE';
  else if (node.value.includes('\n')) node.type = 'BLOCK_LITERAL';
  else if (node.value.includes("'") && mustBeQuoted(node.value)) node.type = 'QUOTE_SINGLE';
}

/** The library would choose double quotes for a text with a single quote in it; kubectl's does not. */
function mustBeQuoted(text: string): boolean {
  const printed = stringify(text, { version: '1.1', lineWidth: 0, singleQuote: true });
  return printed.startsWith('"') && !/[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]/.test(text);
}
