import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianPackage, debFileName, parsePackages, resolvePackages } from './debian-package.ts';
import { ImageError, writeError } from './image-error.ts';
import { CommandError, type RunCommand } from './run-command.ts';

export interface AptOptions {
  /** Where downloaded packages are kept. */
  cache: string;
  run: RunCommand;
  onProgress: (step: string) => void;
  signal?: AbortSignal;
}

/** A package with its .deb file on this machine. */
export interface Download {
  package: DebianPackage;
  file: string;
}

/**
 * Downloads packages with all that they depend on, from where this machine's apt gets them; apt checks their signatures. Those in the cache are
 * not fetched again. Where apt has no lists, or lists so old that the mirror has gone on, they are brought up to date first.
 * @throws ImageError Unavailable, Unsupported (no apt on this machine), DiskFull, NotWritable
 */
export async function downloadPackages(
  wanted: { install: string[]; exclude: string[] },
  options: AptOptions,
): Promise<Download[]> {
  try {
    return await tryDownload(wanted, options);
  } catch (error) {
    const isOutdated = error instanceof CommandError || (error instanceof ImageError && error.code === 'Unavailable');
    if (!isOutdated) throw error;
    options.onProgress('bringing the lists of Debian packages up to date');
    await update(options);
  }
  try {
    return await tryDownload(wanted, options);
  } catch (error) {
    throw error instanceof CommandError ? unavailable(error) : error;
  }
}

async function tryDownload(wanted: { install: string[]; exclude: string[] }, options: AptOptions): Promise<Download[]> {
  options.onProgress('looking up Debian packages');
  const packages = await resolvePackages(wanted, (names) => show(names, options));
  const downloads = packages.map((p) => ({ package: p, file: join(options.cache, debFileName(p)) }));
  const missing = [];
  for (const download of downloads) if (!(await isWhole(download))) missing.push(download);
  if (missing.length > 0) await fetch(missing, options);
  return downloads;
}

async function show(names: string[], { run, signal }: AptOptions): Promise<Map<string, DebianPackage>> {
  if (names.length === 0) return new Map();
  const args = ['show', '--no-all-versions', '--', ...names];
  try {
    return parsePackages(await run.text('apt-cache', args, { ...(signal && { signal }) }));
  } catch (error) {
    // It fails when it knows none of them.
    if (error instanceof CommandError && /No packages found/.test(error.stderr)) return new Map();
    throw error;
  }
}

/** Only whole files get their place in the cache: apt writes to a directory of its own first. */
async function fetch(missing: Download[], { cache, run, onProgress, signal }: AptOptions): Promise<void> {
  const partial = join(cache, `partial-${process.pid}`);
  const count = missing.length === 1 ? '1 Debian package' : `${missing.length} Debian packages`;
  onProgress(`downloading ${count}: ${missing.map((d) => d.package.name).join(', ')}`);
  try {
    await mkdir(partial, { recursive: true });
  } catch (error) {
    throw writeError(error, cache);
  }
  // As root apt would drop to the user _apt, which cannot write here.
  const args = ['-q', '-o', 'APT::Sandbox::User=root', 'download'];
  const versions = missing.map(({ package: p }) => `${p.name}=${p.version}`);
  try {
    await run.text('apt-get', [...args, ...versions], { cwd: partial, ...(signal && { signal }) });
    for (const { package: p, file } of missing) await rename(join(partial, debFileName(p)), file);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  for (const download of missing) {
    if (!(await isWhole(download)))
      throw new ImageError('Corrupt', `${download.file} is not what the package index promises`);
  }
}

async function isWhole({ package: { sha256 }, file }: Download): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch {
    return false;
  }
  return hash.digest('hex') === sha256;
}

async function update({ run, signal }: AptOptions): Promise<void> {
  try {
    await run.text('apt-get', ['-q', 'update'], { ...(signal && { signal }) });
  } catch (error) {
    throw error instanceof CommandError ? unavailable(error) : error;
  }
}

function unavailable(cause: CommandError): ImageError {
  return new ImageError('Unavailable', `Debian packages are not to be had: ${cause.message}`, { cause });
}
