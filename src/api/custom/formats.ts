/**
 * Whether a text has a format of OpenAPI, by kube-openapi's `strfmt`. A format that is not in the table says nothing, as in Kubernetes;
 * of Kubernetes' own table the identifiers (isbn, creditcard, ssn, bsonobjectid …) and colours are left out.
 */
export function hasFormat(text: string, format: string): boolean {
  return FORMATS[format.replaceAll('-', '')]?.(text) ?? true;
}

const matches = (pattern: RegExp) => (text: string) => pattern.test(text);
const V4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text),
  datetime: (text) =>
    /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/.test(text) &&
    isDay(text.slice(0, 10)),
  duration: matches(
    /^[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$|^[-+]?0$/,
  ),
  email: matches(/^[^\s@<>]+@[^\s@<>]+$/),
  hostname: matches(
    /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*\.?$/,
  ),
  ipv4: matches(V4),
  ipv6: isV6,
  cidr: (text) => {
    const [, address = '', bits = ''] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
    return V4.test(address) ? Number(bits) <= 32 : isV6(address) && Number(bits) <= 128;
  },
  mac: matches(/^([0-9A-Fa-f]{2})([:-][0-9A-Fa-f]{2}){5}$/),
  uri: (text) => text.startsWith('/') || URL.canParse(text),
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
};

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isV6(text: string): boolean {
  return text.includes(':') && /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
