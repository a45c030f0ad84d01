import { chmod, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolumeClaim } from '../../kube/generated/objects.ts';
import type { PodPaths } from '../paths.ts';
import type { Mounts } from '../volumes/mounts.ts';
import { removeTree } from '../volumes/remove-tree.ts';

/** Containers run as whatever user they like, so everybody may write, as with most provisioners of directories. */
const EVERYBODY = 0o777;
const DOOMED = '.deleted';

/** The directories of claims on disk. What is to go is renamed first: only such names are ever deleted without a claim that says so. */
export class ClaimDirectories {
  readonly #paths: PodPaths;
  readonly #mounts: Mounts;

  constructor(paths: PodPaths, mounts: Mounts) {
    this.#paths = paths;
    this.#mounts = mounts;
  }

  /** Idempotent. */
  async make(claim: PersistentVolumeClaim): Promise<void> {
    const directory = this.#paths.claim(claim);
    await mkdir(this.#paths.claimsDirectory, { recursive: true, mode: 0o750 });
    await mkdir(directory, { recursive: true });
    await chmod(directory, EVERYBODY);
  }

  async has(claim: PersistentVolumeClaim): Promise<boolean> {
    return stat(this.#paths.claim(claim)).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  /** From now on the directory is as good as deleted, also after a crash. One that is not there is success. */
  async doom(claim: PersistentVolumeClaim): Promise<void> {
    const directory = this.#paths.claim(claim);
    await rename(directory, directory + DOOMED).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  /** Deletes what is doomed. @throws Error for the first directory that cannot be deleted, after all were tried */
  async sweep(): Promise<void> {
    const names = (await this.#names()).filter((name) => name.endsWith(DOOMED));
    const results = await Promise.allSettled(
      names.map((name) => removeTree(join(this.#paths.claimsDirectory, name), this.#mounts)),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  /** Directories that belong to none of these claims. They are somebody's data, so nobody deletes them. */
  async strangers(claims: PersistentVolumeClaim[]): Promise<string[]> {
    const known = new Set(claims.map((claim) => this.#paths.claim(claim)));
    const all = (await this.#names()).filter((name) => !name.endsWith(DOOMED));
    return all.map((name) => join(this.#paths.claimsDirectory, name)).filter((directory) => !known.has(directory));
  }

  async #names(): Promise<string[]> {
    return readdir(this.#paths.claimsDirectory).catch(() => []);
  }
}
