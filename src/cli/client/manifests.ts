import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../kube/object.ts';
import { type Context, Failure, type Option } from '../command.ts';

export const FILE_OPTIONS: Option[] = [
  {
    name: 'filename',
    short: 'f',
    type: 'string',
    multiple: true,
    value: 'FILE',
    summary: 'file, folder or - (stdin); may repeat',
  },
  { name: 'recursive', short: 'R', type: 'boolean', summary: 'also the folders below a folder given with -f' },
];

/** One object of a manifest, and where it was read. */
export interface ManifestObject {
  object: KubeObject & { apiVersion: string; kind: string };
  source: string;
}

/**
 * Reads manifests: YAML or JSON, several documents, Lists taken apart. All files are read before anything is returned, so that
 * a mistake in the last one leaves nothing half-made.
 * @throws Failure with file, line and column
 */
export async function readManifests(
  files: string[],
  recursive: boolean,
  context: Pick<Context, 'stdin' | 'cwd'>,
): Promise<ManifestObject[]> {
  const objects: ManifestObject[] = [];
  for (const source of (await Promise.all(files.map((f) => filesOf(f, recursive, context.cwd)))).flat()) {
    const text = source === '-' ? await readAll(context.stdin) : await readText(source, context.cwd);
    objects.push(...objectsIn(text, source === '-' ? 'STDIN' : source));
  }
  if (objects.length === 0)
    throw new Failure('no objects passed to create', { hint: 'the files hold no Kubernetes object' });
  return objects;
}

/** The objects of one text. Pure. @throws Failure */
export function objectsIn(text: string, source: string): ManifestObject[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: true, version: '1.2', merge: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const error = document.errors[0];
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      const [reason, ...frame] = error.message.split('\n');
      const words = reason!.replace(/ at line \d+, column \d+:?$/, '');
      throw new Failure([`error parsing ${source}:${line}:${col}: ${words}`, ...frame].join('\n').trimEnd());
    }
    const position = document.contents?.range ? lineCounter.linePos(document.contents.range[0]) : undefined;
    return flatten(document.toJS() as unknown, `${source}${position ? `:${position.line}` : ''}`, source);
  });
}

function flatten(value: unknown, place: string, source: string): ManifestObject[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Failure(
      `${place}: a Kubernetes object is expected, not ${Array.isArray(value) ? 'a list' : typeof value}`,
    );
  const object = value as Record<string, unknown>;
  for (const field of ['apiVersion', 'kind'])
    if (typeof object[field] !== 'string' || object[field] === '')
      throw new Failure(`error validating "${source}": error validating data: ${field} not set`);
  if (Array.isArray(object.items) && (object.kind as string).endsWith('List'))
    return object.items.flatMap((item) => flatten(item, place, source));
  return [{ object: object as ManifestObject['object'], source }];
}

async function filesOf(file: string, recursive: boolean, cwd: string): Promise<string[]> {
  if (file === '-') return ['-'];
  if (/^https?:\/\//.test(file)) throw new Failure(`"${file}": fetch it first, and give the file`);
  const info = await stat(resolve(cwd, file)).catch(() => undefined);
  if (!info) throw new Failure(`the path "${file}" does not exist`);
  if (!info.isDirectory()) return [file];
  const entries = await readdir(resolve(cwd, file), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory()) found.push(...(recursive ? await filesOf(join(file, entry.name), true, cwd) : []));
    else if (/\.(ya?ml|json)$/.test(entry.name)) found.push(join(file, entry.name));
  return found;
}

async function readText(file: string, cwd: string): Promise<string> {
  return readFile(resolve(cwd, file), 'utf8').catch((error: Error) => {
    throw new Failure(`cannot read ${file}: ${error.message}`, { cause: error });
  });
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
