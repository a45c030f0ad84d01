import type { KubeObject } from '../../kube/object.ts';
import { Failure } from '../command.ts';
import { JsonPathError, jsonPathTemplate } from './jsonpath.ts';
import { type Resource, typeName } from './resources.ts';

/** How `get` prints: as the server's table, or the objects by a function. */
export type Output =
  | { form: 'table'; wide: boolean }
  | { form: 'objects'; text: (value: KubeObject) => Promise<string> }
  | { form: 'name' };

/** Reads `-o`. @throws Failure for an unknown format or a wrong template, in kubectl's words */
export function outputOf(format: string | undefined): Output {
  if (format === undefined || format === '' || format === 'wide') return { form: 'table', wide: format === 'wide' };
  if (format === 'name') return { form: 'name' };
  if (format === 'json') return { form: 'objects', text: async (value) => kubectlJson(value) };
  if (format === 'yaml')
    return { form: 'objects', text: async (value) => (await import('./yaml-output.ts')).toKubectlYaml(value) };
  const template = /^jsonpath=(.*)$/s.exec(format)?.[1];
  if (template === undefined)
    throw new Failure(
      `unable to match a printer suitable for the output format "${format}", allowed formats are: json,jsonpath,name,wide,yaml`,
    );
  const fill = templateOf(template);
  return { form: 'objects', text: async (value) => fill(value) };
}

/** Several objects as one, as kubectl prints them. */
export function listOf(items: KubeObject[]): KubeObject {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}

/** `pod/web-app`. */
export const nameOf = (resource: Resource, name: string): string => `${typeName(resource)}/${name}`;

function templateOf(template: string): (value: unknown) => string {
  try {
    return jsonPathTemplate(template);
  } catch (error) {
    if (error instanceof JsonPathError) throw new Failure(`error parsing jsonpath ${template}, ${error.message}`);
    throw error;
  }
}

/** JSON as Go writes it: keys in their order, and what HTML gives a meaning as an escape. */
function kubectlJson(value: unknown): string {
  const text = JSON.stringify(sorted(value), null, 4);
  return `${text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
