import { X509Certificate } from 'node:crypto';

/**
 * Whether a certificate should be made anew: less than a third of its life is left, it is not valid yet, or it cannot be read.
 * @param pem the certificate
 */
export function needsRenewal(pem: string, now: Date): boolean {
  const life = lifeOf(pem);
  if (!life) return true;
  const { from, to } = life;
  return now.getTime() < from || to - now.getTime() < (to - from) / 3;
}

function lifeOf(pem: string): { from: number; to: number } | undefined {
  try {
    const certificate = new X509Certificate(pem);
    return { from: Date.parse(certificate.validFrom), to: Date.parse(certificate.validTo) };
  } catch {
    return undefined;
  }
}
