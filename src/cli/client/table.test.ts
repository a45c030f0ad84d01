import { expect, test } from 'vitest';
import { type Table, TablePrinter } from './table.ts';

const columns = [
  { name: 'Name', priority: 0 },
  { name: 'Ready', priority: 0 },
  { name: 'Restarts', priority: 0 },
  { name: 'IP', priority: 1 },
];
const table = (rows: unknown[][], namespace = 'default'): Table => ({
  kind: 'Table',
  columnDefinitions: columns,
  rows: rows.map((cells) => ({ cells, object: { metadata: { namespace } } })),
});

test.each([
  ['plain', { wide: false }, ['NAME      READY   RESTARTS', 'web-app   1/1     0', 'a         0/1     3 (9s ago)']],
  [
    'wide',
    { wide: true },
    [
      'NAME      READY   RESTARTS     IP',
      'web-app   1/1     0            10.0.0.7',
      'a         0/1     3 (9s ago)   <none>',
    ],
  ],
  [
    'all namespaces',
    { wide: false, namespace: true },
    [
      'NAMESPACE   NAME      READY   RESTARTS',
      'default     web-app   1/1     0',
      'default     a         0/1     3 (9s ago)',
    ],
  ],
  [
    'several kinds',
    { wide: false, prefix: 'pod/' },
    ['NAME          READY   RESTARTS', 'pod/web-app   1/1     0', 'pod/a         0/1     3 (9s ago)'],
  ],
  ['without header', { wide: false, headers: false }, ['web-app   1/1   0', 'a         0/1   3 (9s ago)']],
])('%s', (_name, options, lines) => {
  const printer = new TablePrinter(options);
  expect(
    printer.lines(
      table([
        ['web-app', '1/1', 0, '10.0.0.7'],
        ['a', '0/1', '3 (9s ago)', null],
      ]),
    ),
  ).toEqual(lines);
});

test('the rows of a watch keep to the columns of the list, and the header comes once', () => {
  const printer = new TablePrinter({ wide: false });
  expect(printer.lines(table([]))).toEqual([]);
  expect(printer.lines(table([['web-app', '1/1', 0, '']]))).toEqual([
    'NAME      READY   RESTARTS',
    'web-app   1/1     0',
  ]);
  expect(printer.lines({ kind: 'Table', rows: [{ cells: ['b', '0/1', 1, ''] }] })).toEqual(['b         0/1     1']);
  expect(printer.lines({ kind: 'Table', rows: [{ cells: ['a-long-name', '0/1', 1, ''] }] })).toEqual([
    'a-long-name   0/1     1',
  ]);
});
