import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { FieldPath } from '../../src/manifest/field-path.ts';
import { podTemplates } from '../../src/manifest/pod-templates.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['examples', 'test/cases'];

type Dict = { [key: string]: never };

/** Every Pod and Pod template of the examples and the test cases as a Pod, each once, in the order of the files. */
export function realPods(): Dict[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .toSorted()
      .map((name) => join(ROOT, folder, name)),
  );
  const pods = files.flatMap(podsOf).map((pod) => JSON.stringify(pod));
  return [...new Set(pods)].map((text) => JSON.parse(text) as Dict);
}

function podsOf(file: string): object[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) => {
    if (document.errors.length > 0) return [];
    const object = document.toJS() as Record<string, unknown> | null;
    if (typeof object !== 'object' || object === null) return [];
    return podTemplates(object)
      .filter(({ leave }) => leave === undefined)
      .map(({ metadata, spec }) => podOf(metadata && at(object, metadata), at(object, spec)));
  });
}

function podOf(metadata: unknown, spec: unknown): object {
  const { labels, annotations } = (metadata ?? {}) as { labels?: object; annotations?: object };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { labels, annotations }, spec };
}

function at(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], object);
}
