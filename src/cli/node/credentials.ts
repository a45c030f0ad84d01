import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type Credential,
  createAuthority,
  createClientCertificate,
  createServerCertificate,
} from '../../api/pki/certificates.ts';
import { needsRenewal } from '../../api/pki/needs-renewal.ts';

/** What the API server and its one user show each other. */
export interface Credentials {
  authority: Credential;
  server: Credential;
  admin: Credential;
}

/**
 * Reads the certificates of this node, and makes those that are missing, damaged, or have less than a third of their life left.
 * When the authority is new, so is everything that it signed. Files are 0600.
 * @param addresses that the server listens on beside loopback: a certificate without one of them is made anew
 * @returns them, and whether any was made
 */
export async function loadCredentials(
  folder: string,
  now: Date,
  addresses: string[] = [],
): Promise<{ credentials: Credentials; renewed: boolean }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const old = await Promise.all(NAMES.map((name) => readCredential(folder, name)));
  const [oldAuthority, ...oldSigned] = old.map((c) => (c && !needsRenewal(c.certificate, now) ? c : undefined));
  const [oldServer, oldAdmin] = oldSigned.map((c) =>
    c && oldAuthority && isSignedBy(c, oldAuthority) ? c : undefined,
  );
  const authority = oldAuthority ?? (await createAuthority({ now }));
  const [server, admin] = await Promise.all([
    covering(oldServer, addresses) ??
      createServerCertificate(authority, { names: [hostname().toLowerCase()], addresses, now }),
    oldAdmin ?? createClientCertificate(authority, { now }),
  ]);
  const credentials = { authority, server, admin };
  const renewed = authority !== oldAuthority || server !== oldServer || admin !== oldAdmin;
  if (renewed) for (const name of NAMES) await writeCredential(folder, name, credentials[name]);
  return { credentials, renewed };
}

function covering(server: Credential | undefined, addresses: string[]): Credential | undefined {
  if (!server || addresses.length === 0) return server;
  const certificate = new X509Certificate(server.certificate);
  return addresses.every((address) => certificate.checkIP(address) !== undefined) ? server : undefined;
}

/** A node that is killed while it writes leaves the new authority beside what the old one signed. */
function isSignedBy({ certificate }: Credential, authority: Credential): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey);
}

const NAMES = ['authority', 'server', 'admin'] as const;

async function readCredential(folder: string, name: string): Promise<Credential | undefined> {
  try {
    const [certificate, key] = await Promise.all(
      ['crt', 'key'].map((suffix) => readFile(join(folder, `${name}.${suffix}`), 'utf8')),
    );
    return belongTogether(certificate!, key!) ? { certificate: certificate!, key: key! } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** False where one of them is damaged, and where only one of the two was written before the node was killed. */
function belongTogether(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

async function writeCredential(folder: string, name: string, { certificate, key }: Credential): Promise<void> {
  await writePrivate(join(folder, `${name}.key`), key);
  await writePrivate(join(folder, `${name}.crt`), certificate);
}

/** Replaces a file that only its owner may read, never half-written. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

/** A kubeconfig that any client takes as it is: the server, whom to trust, and the admin's certificate. */
export function kubeconfigText(server: string, { authority, admin }: Credentials): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: outfit
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(authority.certificate)}
users:
- name: outfit-admin
  user:
    client-certificate-data: ${base64(admin.certificate)}
    client-key-data: ${base64(admin.key)}
contexts:
- name: outfit
  context:
    cluster: outfit
    user: outfit-admin
    namespace: default
current-context: outfit
preferences: {}
`;
}
