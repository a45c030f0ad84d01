import type { Secret } from '../../kube/generated/objects.ts';

/** Who asks a registry. */
export interface Credentials {
  username: string;
  password: string;
}

/** Credentials by the registry that they are for, as the file of docker(1) spells it: a host, perhaps with a scheme, a port, a path. */
export type DockerConfig = ReadonlyMap<string, Credentials>;

/**
 * What a Secret of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg` holds; undefined for Secrets of other types, which are passed
 * over (`pkg/credentialprovider/secrets`).
 * @throws Error for data that is not in docker's form; it never holds any of the data
 */
export function dockerConfigOf({ type, data = {}, metadata }: Secret): DockerConfig | undefined {
  const modern = type === 'kubernetes.io/dockerconfigjson' ? data['.dockerconfigjson'] : undefined;
  const old = type === 'kubernetes.io/dockercfg' ? data['.dockercfg'] : undefined;
  const base64 = modern || old;
  if (!base64) return undefined;
  try {
    const file = record(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));
    const entries = Object.entries(modern ? record(file.auths ?? {}) : file);
    return new Map(entries.map(([registry, entry]) => [registry, credentialsOf(record(entry))]));
  } catch (error) {
    const why = error instanceof NotDockers ? error.message : 'the data is no JSON';
    throw new Error(`image pull secret "${metadata?.name}" cannot be read: ${why}`);
  }
}

class NotDockers extends Error {}

/** `auth` is base64 of `username:password`, with or without padding, and wins over the two fields. */
function credentialsOf({ username, password, auth }: Record<string, unknown>): Credentials {
  if (!auth) return { username: text(username), password: text(password) };
  const decoded = Buffer.from(text(auth), 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new NotDockers('unable to parse auth field, must be formatted as base64(username:password)');
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotDockers('an object is expected');
  return value as Record<string, unknown>;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
