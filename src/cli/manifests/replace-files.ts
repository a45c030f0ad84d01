import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../command.ts';
import { changedMeanwhile, type Identity, identityAt, sameIdentity } from './open-input.ts';

const NOTHING = '; nothing was written';

/** A file that is to hold another text. */
export interface Replacement {
  /** As messages name it. */
  name: string;
  /** The file itself, not a symlink to it. */
  path: string;
  /** What it was when it was read. */
  identity: Identity;
  texts(): Iterable<string>;
}

/**
 * Replaces files as one: all are written beside their targets and on disk before the first takes its name, each with the mode and the owner of the
 * old one. What cannot be done for one is done for none: read-only files and folders, and files that somebody else has changed since.
 * @throws Failure; after the first rename it names the files that are new already
 */
export async function replaceFiles(replacements: readonly Replacement[], signal?: AbortSignal): Promise<void> {
  for (const replacement of replacements) await requireWritable(replacement);
  const written: { replacement: Replacement; temporary: string }[] = [];
  try {
    for (const replacement of replacements) {
      signal?.throwIfAborted();
      const temporary = temporaryFor(replacement.path);
      written.push({ replacement, temporary });
      await writeBeside(replacement, temporary).catch((error: unknown) => {
        throw refused(error, replacement);
      });
    }
    for (const { replacement } of written) await requireUnchanged(replacement);
    await renameAll(written);
  } finally {
    await Promise.all(written.map(({ temporary }) => rm(temporary, { force: true })));
  }
}

/** Root may write what says that nobody should: the mode counts for it, too. */
async function requireWritable({ name, path }: Replacement): Promise<void> {
  for (const [what, place] of [
    [name, path],
    [`the folder of ${name}`, dirname(path)],
  ] as const) {
    const denied = await access(place, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (denied?.code === 'EROFS') throw new Failure(`${what} is on a read-only file system; nothing was written`);
    const readOnly = ((await stat(place)).mode & 0o222) === 0;
    if (denied || readOnly)
      throw new Failure(`${what} is read-only; nothing was written`, {
        hint: `chmod u+w ${place}, or leave out --in-place`,
      });
  }
}

async function writeBeside({ name, path, texts }: Replacement, temporary: string): Promise<void> {
  const old = await stat(path);
  const file = await open(temporary, 'wx', 0o600);
  try {
    for (const text of texts()) await file.writeFile(text);
    await takeOver(file, old, name);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The owner first: changing it takes special bits of the mode away. */
async function takeOver(
  file: FileHandle,
  { uid, gid, mode }: { uid: number; gid: number; mode: number },
  name: string,
) {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    await file.chown(uid, gid).catch((error: Error) => {
      throw new Failure(`${name} belongs to another user, and would not any more; nothing was written`, {
        hint: 'run as its owner, or leave out --in-place',
        cause: error,
      });
    });
  }
  await file.chmod(mode & 0o7777);
}

async function requireUnchanged({ name, path, identity }: Replacement): Promise<void> {
  const now = await identityAt(path);
  if (!now || !sameIdentity(now, identity)) throw changedMeanwhile(name);
}

async function renameAll(written: readonly { replacement: Replacement; temporary: string }[]): Promise<void> {
  const done: Replacement[] = [];
  for (const { replacement, temporary } of written) {
    try {
      // What may have happened since is a matter of microseconds for one file, and of all renames before it for the last.
      await requireUnchanged(replacement);
      await rename(temporary, replacement.path);
    } catch (error) {
      if (done.length === 0) throw refused(error, replacement);
      const { message } = refused(error, replacement);
      throw new Failure(
        `${message.replace(NOTHING, '')}; written before that: ${done.map(({ name }) => name).join(', ')}`,
      );
    }
    done.push(replacement);
  }
  await Promise.all([...new Set(done.map(({ path }) => dirname(path)))].map(syncFolder));
}

/** A fault of the system in words, with the name of the file. */
function refused(error: unknown, { name }: Replacement): Error {
  const { syscall, code, message } = error as NodeJS.ErrnoException;
  if (error instanceof Failure || syscall === undefined) return error as Error;
  const reason = code === 'EBUSY' ? 'it is in use as a mount point' : message.replace(/^[A-Z]+: |, .*$/gs, '');
  return new Failure(`cannot replace ${name}: ${reason}${NOTHING}`, { cause: error });
}

/** So that the new names survive a power failure, where the folder can be opened at all. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().finally(() => folder.close());
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.outfit-${randomBytes(6).toString('hex')}`);
}
