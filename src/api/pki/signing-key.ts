import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** ECDSA on P-256 with SHA-256 (RFC 7518 §3.4); signatures are r and s side by side. */
const ALGORITHM = 'ES256';
const ENCODING = 'ieee-p1363';

/** A new private key for tokens, PKCS#8 PEM. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Signs tokens and knows its own signatures. */
export class SigningKey {
  readonly algorithm = ALGORITHM;
  /** As kube-apiserver names keys: the SHA-256 of the public key (`pkg/serviceaccount/jwt.go`, keyIDFromPublicKey). */
  readonly id: string;
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  /** @param pem the private key. @throws Error when it is none of ES256 */
  constructor(pem: string) {
    this.#private = createPrivateKey(pem);
    if (this.#private.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new Error('the key for service account tokens is not one of the curve P-256');
    this.#public = createPublicKey(this.#private);
    this.id = createHash('sha256')
      .update(this.#public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  sign(text: string): Buffer {
    return sign('sha256', Buffer.from(text), { key: this.#private, dsaEncoding: ENCODING });
  }

  verify(text: string, signature: Buffer): boolean {
    return verify('sha256', Buffer.from(text), { key: this.#public, dsaEncoding: ENCODING }, signature);
  }

  /** The public half, for whoever wants to verify tokens (RFC 7517). */
  jwk(): JsonWebKey {
    return { use: 'sig', kid: this.id, alg: ALGORITHM, ...this.#public.export({ format: 'jwk' }) };
  }
}
