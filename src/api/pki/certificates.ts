import type { webcrypto } from 'node:crypto';
import type { X509CertificateGenerator as Generator, X509Certificate } from '@peculiar/x509';

/** A certificate and its private key (PKCS#8), both PEM. */
export interface Credential {
  certificate: string;
  key: string;
}

const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_LIFE = 3652 * DAY;
const LEAF_LIFE = 365 * DAY;
/** Clients whose clock is a little behind must take a fresh certificate too. */
const BACKDATED = 5 * 60 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The names by which Kubernetes clients call an API server, whatever the machine. */
const SERVER_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];
const SERVER_ADDRESSES = ['127.0.0.1', '::1'];

/** A self-signed certificate authority that lives ten years. */
export async function createAuthority({ now = new Date() }: { now?: Date } = {}): Promise<Credential> {
  const x509 = await load();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: ['outfit-ca'] }],
    ...validity(now, AUTHORITY_LIFE),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/**
 * The API server's certificate, for one year: 127.0.0.1, ::1, localhost, the names of the `kubernetes` Service, and what is given.
 * @param options.names further host names, the machine's own for one
 * @param options.addresses further IP addresses that the server listens on
 */
export async function createServerCertificate(
  authority: Credential,
  { names = [], addresses = [], now = new Date() }: { names?: string[]; addresses?: string[]; now?: Date } = {},
): Promise<Credential> {
  const x509 = await load();
  const alternatives = [
    ...unique([...SERVER_ADDRESSES, ...addresses]).map((value) => ({ type: 'ip' as const, value })),
    ...unique([...SERVER_NAMES, ...names]).map((value) => ({ type: 'dns' as const, value })),
  ];
  return issue(authority, {
    subject: [{ CN: ['outfit-apiserver'] }],
    usage: x509.ExtendedKeyUsage.serverAuth,
    extensions: [new x509.SubjectAlternativeNameExtension(alternatives)],
    now,
  });
}

/** A client certificate for one year; Kubernetes reads the user from CN and the groups from O. */
export async function createClientCertificate(
  authority: Credential,
  { user = 'outfit-admin', groups = ['system:masters'], now = new Date() }: ClientCertificateOptions = {},
): Promise<Credential> {
  const x509 = await load();
  return issue(authority, {
    subject: [...groups.map((group) => ({ O: [group] })), { CN: [user] }],
    usage: x509.ExtendedKeyUsage.clientAuth,
    extensions: [],
    now,
  });
}

export interface ClientCertificateOptions {
  user?: string;
  groups?: string[];
  now?: Date;
}

interface Leaf {
  subject: { [name: string]: string[] }[];
  usage: string;
  extensions: NonNullable<Parameters<typeof Generator.create>[0]['extensions']>;
  now: Date;
}

async function issue(authority: Credential, { subject, usage, extensions, now }: Leaf): Promise<Credential> {
  const x509 = await load();
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await generateKeys();
  const life = validity(now, LEAF_LIFE);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: issuer.subjectName,
    notBefore: life.notBefore,
    notAfter: new Date(Math.min(life.notAfter.getTime(), issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...extensions,
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/** Imported only here: making certificates is rare, and the library costs a third of a second and some megabytes. */
async function load(): Promise<typeof import('@peculiar/x509')> {
  await import('@abraham/reflection');
  return import('@peculiar/x509');
}

function validity(now: Date, life: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(now.getTime() - BACKDATED);
  return { notBefore, notAfter: new Date(now.getTime() + life) };
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; 64 random bits are what CAs are asked for at least. */
function serial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return Buffer.from(bytes).toString('hex');
}

const generateKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
const pem = (certificate: X509Certificate): string => `${certificate.toString('pem').trim()}\n`;
const unique = (values: string[]): string[] => [...new Set(values)];

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64').replace(/(.{64})(?!$)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
}

function importKey(text: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
  return crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
