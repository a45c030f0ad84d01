/**
 * The formats of names, labels and the like, with the sentences of apimachinery `pkg/util/validation/validation.go`. Each function returns
 * what is wrong, one sentence each; an empty list means that the text is fine.
 */

const LABEL_CHARACTERS = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_CHARACTERS = `${LABEL_CHARACTERS}(\\.${LABEL_CHARACTERS})*`;
const QUALIFIED_CHARACTERS = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE_CHARACTERS = `(${QUALIFIED_CHARACTERS})?`;

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const DNS_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

/** Container, port and volume names: RFC 1123 label, at most 63 characters. */
export function isDns1123Label(text: string): string[] {
  return [
    ...maxLength(text, 63),
    ...(matches(LABEL_CHARACTERS, text)
      ? []
      : // Kubernetes says "subdomain" when only the dots are too much.
        matches(SUBDOMAIN_CHARACTERS, text)
        ? ['must not contain dots']
        : [regexError(LABEL_TEXT, LABEL_CHARACTERS, 'my-name', '123-abc')]),
  ];
}

/** Names of most objects: RFC 1123 subdomain, at most 253 characters. */
export function isDns1123Subdomain(text: string): string[] {
  return [
    ...maxLength(text, 253),
    ...check(SUBDOMAIN_CHARACTERS, text, regexError(SUBDOMAIN_TEXT, SUBDOMAIN_CHARACTERS, 'example.com')),
  ];
}

/** As isDns1123Subdomain, but underscores are fine too (names in nodeAffinity and dnsConfig.searches). */
export function isDns1123SubdomainWithUnderscore(text: string): string[] {
  const label = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
  const characters = `${label}(\\.${label})*`;
  const sentence =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [...maxLength(text, 253), ...check(characters, text, regexError(sentence, characters, 'example.com'))];
}

/** Names of Services: begins with a letter. */
export function isDns1035Label(text: string): string[] {
  const characters = '[a-z]([-a-z0-9]*[a-z0-9])?';
  return [
    ...maxLength(text, 63),
    ...check(characters, text, regexError(DNS_1035_TEXT, characters, 'my-name', 'abc-123')),
  ];
}

/** Keys of labels and annotations: `name` or `prefix.example/name`. */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2)
    return [
      `a qualified name ${regexError(QUALIFIED_TEXT, QUALIFIED_CHARACTERS, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const errors: string[] = [];
  if (prefix === '') errors.push('prefix part must be non-empty');
  else if (prefix !== undefined) errors.push(...isDns1123Subdomain(prefix).map((m) => `prefix part ${m}`));
  if (name === '') errors.push('name part must be non-empty');
  else errors.push(...maxLength(name, 63).map((m) => `name part ${m}`));
  if (!matches(QUALIFIED_CHARACTERS, name))
    errors.push(`name part ${regexError(QUALIFIED_TEXT, QUALIFIED_CHARACTERS, 'MyName', 'my.name', '123-abc')}`);
  return errors;
}

export function isLabelValue(text: string): string[] {
  return [
    ...maxLength(text, 63),
    ...check(
      LABEL_VALUE_CHARACTERS,
      text,
      regexError(LABEL_VALUE_TEXT, LABEL_VALUE_CHARACTERS, 'MyValue', 'my_value', '12345'),
    ),
  ];
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
  const characters = '[-._a-zA-Z0-9]+';
  const sentence = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  const errors = [
    ...maxLength(text, 253),
    ...check(characters, text, regexError(sentence, characters, 'key.name', 'KEY_NAME', 'key-name')),
  ];
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
  const characters = '[-A-Za-z0-9]+';
  const sentence = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return check(characters, text, regexError(sentence, characters, 'X-Header-Name'));
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

/** The sentence on a text that breaks a regular expression, with apimachinery's own spacing before "or". */
function regexError(sentence: string, characters: string, ...examples: string[]): string {
  return `${sentence} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${characters}')`;
}

function check(characters: string, text: string, message: string): string[] {
  return matches(characters, text) ? [] : [message];
}

function matches(characters: string, text: string): boolean {
  return new RegExp(`^(?:${characters})$`).test(text) && !text.endsWith('\n');
}

function maxLength(text: string, max: number): string[] {
  return byteLength(text) > max ? [`must be no more than ${max} characters`] : [];
}

/** Go's len() of a string. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
