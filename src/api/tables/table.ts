import type { KubeObject } from '../../kube/object.ts';

/** A column as clients are told of it. Priority 0 is always shown, 1 with `-o wide`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  format: '' | 'name';
  description: string;
  priority: 0 | 1;
}

export type Cell = string | number | null;

/** How objects of one kind are shown as rows. */
export interface TableKind<T = KubeObject> {
  columns: readonly Column[];
  /** One cell for each column. The object is as stored. */
  cells(object: T, now: Date): Cell[];
  /** Conditions of the row, by which clients tell finished objects. */
  conditions?(object: T): { type: string; status: string; reason: string; message: string }[];
}

export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among its kind in its namespace.',
  priority: 0,
};

export const AGE = column('Age', 'Time since the object was created.');

export function column(name: string, description: string, options: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', description, priority: 0, ...options };
}

/** What kubectl shows where there is nothing. */
export const orNone = (text: string | undefined): string => text || '<none>';
