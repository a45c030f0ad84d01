import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Credential, createAuthority, createClientCertificate, createServerCertificate } from './certificates.ts';
import { needsRenewal } from './needs-renewal.ts';

const now = new Date('2026-01-01T00:00:00Z');
const after = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
let ca: Credential;
let server: Credential;
let client: Credential;

beforeAll(async () => {
  ca = await createAuthority({ now });
  server = await createServerCertificate(ca, { names: ['box', 'localhost'], addresses: ['10.0.0.1'], now });
  client = await createClientCertificate(ca, { now });
});

describe('certificates', () => {
  test('the authority signs itself and may sign others', () => {
    const certificate = new X509Certificate(ca.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.validTo).toBe('Jan  1 00:00:00 2036 GMT');
  });

  test('the server certificate covers loopback, the Service names and what was given, once each', () => {
    const certificate = new X509Certificate(server.certificate);
    expect(certificate.subjectAltName?.split(', ')).toEqual([
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:10.0.0.1',
      'DNS:localhost',
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:kubernetes.default.svc.cluster.local',
      'DNS:box',
    ]);
    expect(certificate.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
    expect(certificate.checkIssued(new X509Certificate(ca.certificate))).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  test('the client certificate names user and groups', () => {
    expect(new X509Certificate(client.certificate).subject).toBe('O=system:masters\nCN=outfit-admin');
  });

  test.each([
    ['authority', () => ca],
    ['server', () => server],
    ['client', () => client],
  ])('the key belongs to the certificate: %s', (_, credential) => {
    const { certificate, key } = credential();
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  test('a leaf never outlives its authority', async () => {
    const late = await createClientCertificate(ca, { now: after(3600) });
    expect(new X509Certificate(late.certificate).validTo).toBe(new X509Certificate(ca.certificate).validTo);
  });
});

describe('needsRenewal', () => {
  test.each([
    ['fresh', 0, false],
    ['a third and a day left', 242, false],
    ['less than a third left', 244, true],
    ['over', 400, true],
    ['not valid yet', -1, true],
  ])('%s', (_, days, expected) => {
    expect(needsRenewal(server.certificate, after(days))).toBe(expected);
  });

  test.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'unreadable: %j',
    (pem) => {
      expect(needsRenewal(pem, now)).toBe(true);
    },
  );
});
