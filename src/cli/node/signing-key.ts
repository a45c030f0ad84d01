import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey, SigningKey } from '../../api/pki/signing-key.ts';
import { writePrivate } from './credentials.ts';

/** The key that signs the tokens of service accounts; made when there is none. Tokens outlive the process, so it is kept. */
export async function loadSigningKey(folder: string): Promise<SigningKey> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'service-accounts.key');
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const key = known === undefined ? undefined : usable(known);
  if (key) return key;
  const pem = createSigningKey();
  await writePrivate(path, pem);
  return new SigningKey(pem);
}

/** A damaged key is replaced, as damaged certificates are: Pods get new tokens at the next start. */
function usable(pem: string): SigningKey | undefined {
  try {
    return new SigningKey(pem);
  } catch {
    return undefined;
  }
}
