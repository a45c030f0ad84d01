/**
 * The formats of names, labels and the like, with the sentences of apimachinery `pkg/util/validation/validation.go`. Each function returns
 * what is wrong, one sentence each; an empty list means that the text is fine.
 */

/** A regular expression and the sentence on a text that breaks it: made once, as names are checked by the thousand. */
interface Format {
  whole: RegExp;
  sentence: string;
}

const LABEL_CHARACTERS = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const UNDERSCORE_LABEL_CHARACTERS = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const QUALIFIED_CHARACTERS = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const LABEL = format(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL_CHARACTERS,
  ['my-name', '123-abc'],
);
const SUBDOMAIN = format(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  `${LABEL_CHARACTERS}(\\.${LABEL_CHARACTERS})*`,
  ['example.com'],
);
const UNDERSCORE_SUBDOMAIN = format(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  `${UNDERSCORE_LABEL_CHARACTERS}(\\.${UNDERSCORE_LABEL_CHARACTERS})*`,
  ['example.com'],
);
const DNS_1035 = format(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  ['my-name', 'abc-123'],
);
const QUALIFIED = format(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED_CHARACTERS,
  ['MyName', 'my.name', '123-abc'],
);
const LABEL_VALUE = format(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${QUALIFIED_CHARACTERS})?`,
  ['MyValue', 'my_value', '12345'],
);
const CONFIG_KEY = format(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  '[-._a-zA-Z0-9]+',
  ['key.name', 'KEY_NAME', 'key-name'],
);
const HEADER_NAME = format("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', [
  'X-Header-Name',
]);

/** Container, port and volume names: RFC 1123 label, at most 63 characters. */
export function isDns1123Label(text: string): string[] {
  return [
    ...maxLength(text, 63),
    // Kubernetes says "subdomain" when only the dots are too much.
    ...(!LABEL.whole.test(text) && SUBDOMAIN.whole.test(text) ? ['must not contain dots'] : check(LABEL, text)),
  ];
}

/** Names of most objects: RFC 1123 subdomain, at most 253 characters. */
export function isDns1123Subdomain(text: string): string[] {
  return [...maxLength(text, 253), ...check(SUBDOMAIN, text)];
}

/** As isDns1123Subdomain, but underscores are fine too (names in nodeAffinity and dnsConfig.searches). */
export function isDns1123SubdomainWithUnderscore(text: string): string[] {
  return [...maxLength(text, 253), ...check(UNDERSCORE_SUBDOMAIN, text)];
}

/** Names of Services: begins with a letter. */
export function isDns1035Label(text: string): string[] {
  return [...maxLength(text, 63), ...check(DNS_1035, text)];
}

/** Keys of labels and annotations: `name` or `prefix.example/name`. */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2)
    return [
      `a qualified name ${QUALIFIED.sentence} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const errors: string[] = [];
  if (prefix === '') errors.push('prefix part must be non-empty');
  else if (prefix !== undefined) errors.push(...isDns1123Subdomain(prefix).map((m) => `prefix part ${m}`));
  if (name === '') errors.push('name part must be non-empty');
  else errors.push(...maxLength(name, 63).map((m) => `name part ${m}`));
  errors.push(...check(QUALIFIED, name).map((m) => `name part ${m}`));
  return errors;
}

export function isLabelValue(text: string): string[] {
  return [...maxLength(text, 63), ...check(LABEL_VALUE, text)];
}

/** Names of environment variables since v1.30: any printable ASCII but '='. */
export function isEnvVarName(text: string): string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets: file names of at most 253 characters. */
export function isConfigMapKey(text: string): string[] {
  const errors = [...maxLength(text, 253), ...check(CONFIG_KEY, text)];
  if (text === '.') errors.push("must not be '.'");
  else if (text === '..') errors.push("must not be '..'");
  else if (text.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Port names: IANA service names of at most 15 characters. */
export function isPortName(text: string): string[] {
  const errors: string[] = [];
  if (text.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export function isPortNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** Header names of HTTP probes. */
export function isHttpHeaderName(text: string): string[] {
  return check(HEADER_NAME, text);
}

/** IPv4 without leading zeros, or IPv6 without zone. */
export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

function isIpv4(text: string): boolean {
  return (
    /^(\d{1,3})(\.\d{1,3}){3}$/.test(text) && text.split('.').every((p) => Number(p) < 256 && String(Number(p)) === p)
  );
}

function isIpv6(text: string): boolean {
  if (!text.includes(':') || /[^0-9a-fA-F:.]/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && (!isIpv4(last) || text.endsWith('::'))) return false;
  const hex = embedded ? groups.slice(0, -1) : groups;
  if (!hex.every((g) => /^[0-9a-fA-F]{1,4}$/.test(g))) return false;
  const count = hex.length + (embedded ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** The sentence has apimachinery's own spacing before "or". */
function format(rule: string, characters: string, examples: readonly string[]): Format {
  return {
    whole: new RegExp(`^(?:${characters})$`),
    sentence: `${rule} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${characters}')`,
  };
}

function check({ whole, sentence }: Format, text: string): string[] {
  return whole.test(text) ? [] : [sentence];
}

function maxLength(text: string, max: number): string[] {
  return byteLength(text) > max ? [`must be no more than ${max} characters`] : [];
}

/** Go's len() of a string. */
export function byteLength(text: string): number {
  // Names are ASCII nearly always, and an encoder with its buffer costs more than all other checks of a name.
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return new TextEncoder().encode(text).length;
  return text.length;
}
