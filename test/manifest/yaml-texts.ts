import fc from 'fast-check';

/**
 * Manifests as people write them, for property tests: indentation of any width, lists at the column of their key or deeper, block and flow,
 * all kinds of scalars, comments, blank lines, CRLF, markers, a final line break or none.
 */
export function yamlText(options: { flow?: boolean; crlf?: boolean } = {}): fc.Arbitrary<string> {
  return fc
    .record({
      root: blockMap(3, options.flow ?? true),
      eol: options.crlf === false ? fc.constant('\n') : fc.constantFrom('\n', '\n', '\r\n'),
      header: fc.constantFrom('', '---\n', '# Source: chart/templates/x.yaml\n', '---\n# one\n\n', '\n', '--- # two\n'),
      footer: fc.constantFrom('\n', '', '\n\n', '\n# the end\n', '\n# the end', '\n...\n', '  # last\n'),
      step: fc.integer({ min: 1, max: 4 }),
      listOffset: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ root, eol, header, footer, step, listOffset }) => {
      const body = root.lines({ column: 0, step, listOffset }).join('\n');
      const safeFooter = footer.startsWith('  #') && /[|>][+-]?\n[^\n]*$/.test(body) ? '\n' : footer;
      return (header + body + safeFooter).replaceAll('\n', eol);
    });
}

/** JSON texts: compact, or printed with spaces or tabs. */
export function jsonText(): fc.Arbitrary<string> {
  return fc
    .tuple(jsonObject(), fc.constantFrom(undefined, 1, 2, 4, '\t'), fc.constantFrom('', '\n'))
    .map(([object, space, end]) => JSON.stringify(object, null, space) + end);
}

/** An object of plain JSON values such as manifests hold. */
export function jsonObject(): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(plainKey(), jsonValue(), { maxKeys: 4 });
}

/** Any JSON value, strings with everything that needs quotes included. */
export function jsonValue(): fc.Arbitrary<unknown> {
  const text = fc.oneof(
    fc.constantFrom(
      'a',
      'yes',
      '1',
      '0x1',
      '- a',
      'a: b',
      'a #b',
      '',
      ' ',
      "it's",
      '"q"',
      '{x}',
      '[',
      'a, b',
      '*a',
      '&b',
      '!c',
    ),
    fc.constantFrom(
      'one\ntwo\n',
      'one\ntwo',
      '\n',
      ' a\nb',
      'a\n\n',
      'tab\there',
      'ünï',
      '😀',
      '%',
      '@x',
      '`',
      '~',
      'null',
      '12:30',
      '#',
    ),
    fc.string({ maxLength: 8 }),
  );
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      text,
      fc.constantFrom(null, true, false, 0, -1, 1.5, 80, 1e21),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(plainKey(), tie('value'), { maxKeys: 3 }),
    ),
  })).value;
}

interface Frame {
  column: number;
  step: number;
  listOffset: number;
}

/** A value that can be laid out: in the line of its key (`inline`), or as lines of its own. */
interface Part {
  inline?: (frame: Frame) => string[];
  block?: (frame: Frame) => string[];
  list?: boolean;
}

const SCALARS = [
  'a',
  'web-app',
  'nginx:1.25',
  '80',
  '0644',
  'true',
  'yes',
  '~',
  'null',
  '1.5',
  '-c',
  'http://a:80/b?c=d',
  'a#b',
  '"x: y"',
];
const QUOTED = [
  "'it''s'",
  "''",
  '""',
  '"tab\\t"',
  '"\\u00e9"',
  "'# no'",
  '"a\\"b"',
  '"\\x41"',
  'two words',
  'ü',
  '"{{ x }}"',
  '$(HOME)',
];

function plainKey(): fc.Arbitrary<string> {
  return fc.constantFrom(
    'name',
    'image',
    'spec',
    'env',
    'a.b/c',
    'on',
    'x',
    'command',
    'labels',
    '1',
    'y-z',
    'volumes',
  );
}

function keys(max: number): fc.Arbitrary<string[]> {
  return fc.uniqueArray(
    fc.oneof(
      plainKey().filter((key) => key !== 'on'),
      fc.constantFrom('"q k"', "'s'", 'foo bar'),
    ),
    {
      minLength: 1,
      maxLength: max,
    },
  );
}

const comment = fc.constantFrom('', '', '', '', ' # note', '   # two: words');
/** Lines above an entry; `%` stands for its indentation. */
const above = fc.constantFrom<string[]>(
  [],
  [],
  [],
  [],
  [''],
  ['%# about'],
  ['%  # deeper'],
  ['', '%#x: y'],
  ['# far left'],
);

function scalar(): fc.Arbitrary<Part> {
  return fc
    .tuple(fc.constantFrom(...SCALARS, ...QUOTED), comment)
    .map(([text, after]) => ({ inline: () => [text + after] }));
}

function literal(): fc.Arbitrary<Part> {
  const header = fc.constantFrom('|', '|-', '|+', '>', '>-', '| # c');
  const lines = fc.array(fc.constantFrom('text', 'a: b', '# not a comment', '  more', '', '- x'), {
    minLength: 1,
    maxLength: 4,
  });
  return fc.tuple(header, lines, fc.integer({ min: 1, max: 3 })).map(([head, content, width]) => {
    const whole = ['first', ...content];
    return {
      inline: ({ column }) => [head, ...whole.map((line) => (line === '' ? '' : ' '.repeat(column + width) + line))],
    };
  });
}

function flow(depth: number): fc.Arbitrary<string> {
  const leaf = fc.constantFrom('a', '1', 'true', "'q'", '"d, e"', 'x y', 'a:b', '-v', '{}', '[]');
  if (depth === 0) return leaf;
  const separator = fc.constantFrom(', ', ',', ' , ');
  const padding = fc.constantFrom('', ' ');
  const items = fc.array(flow(depth - 1), { maxLength: 3 });
  const pairKeys = fc.uniqueArray(fc.constantFrom('a', 'b', '"c"', 'd e'), { maxLength: 3 });
  return fc.oneof(
    leaf,
    fc.tuple(items, separator, padding).map(([list, comma, pad]) => `[${pad}${list.join(comma)}${pad}]`),
    fc
      .tuple(pairKeys, fc.array(flow(depth - 1), { minLength: 3, maxLength: 3 }), separator, padding)
      .map(
        ([names, values, comma, pad]) => `{${pad}${names.map((key, i) => `${key}: ${values[i]}`).join(comma)}${pad}}`,
      ),
  );
}

function part(depth: number, withFlow: boolean): fc.Arbitrary<Part> {
  const empty = fc.constantFrom<Part>({ inline: () => [''] }, { inline: () => [' # nothing'] });
  const collections: fc.Arbitrary<Part>[] =
    depth === 0 ? [] : [blockMap(depth - 1, withFlow), blockList(depth - 1, withFlow)];
  const flows = fc.tuple(flow(2), comment, fc.boolean()).map(([text, after, below]): Part => {
    // Helm prints an empty map in the line below its key.
    return below ? { block: ({ column }) => [' '.repeat(column) + text + after] } : { inline: () => [text + after] };
  });
  return fc.oneof(
    { weight: 4, arbitrary: scalar() },
    { weight: 1, arbitrary: literal() },
    { weight: 1, arbitrary: empty },
    ...(withFlow ? [{ weight: 2, arbitrary: flows }] : []),
    ...collections.map((arbitrary) => ({ weight: 3, arbitrary })),
  );
}

function blockMap(depth: number, withFlow: boolean): fc.Arbitrary<Part & { lines: (frame: Frame) => string[] }> {
  return keys(4).chain((names) =>
    fc
      .array(fc.tuple(part(depth, withFlow), comment, above, fc.constantFrom(' ', ' ', '  ')), {
        minLength: names.length,
        maxLength: names.length,
      })
      .map((entries) => {
        const lines = (frame: Frame) =>
          names.flatMap((key, i) => {
            const [value, after, before, gap] = entries[i]!;
            return [
              ...before.map((line) => spread(line, frame)),
              ...entryLines(`${' '.repeat(frame.column)}${key}:`, value, after, gap, frame),
            ];
          });
        return { block: lines, lines };
      }),
  );
}

function entryLines(head: string, value: Part, after: string, gap: string, frame: Frame): string[] {
  if (value.inline) {
    const [first = '', ...rest] = value.inline(frame);
    return [first === '' || first.startsWith(' #') ? head + first : head + gap + first, ...rest];
  }
  const column = frame.column + (value.list ? frame.listOffset : frame.step);
  return [head + after, ...value.block!({ ...frame, column })];
}

function blockList(depth: number, withFlow: boolean): fc.Arbitrary<Part> {
  const item = fc.tuple(part(depth, withFlow), above, fc.constantFrom(' ', ' ', '   '), fc.boolean(), comment);
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => ({
    list: true,
    block: (frame: Frame) =>
      items.flatMap(([value, before, gap, below, after]) => {
        const dash = `${' '.repeat(frame.column)}-`;
        const lead = before.map((line) => spread(line, frame));
        if (value.inline) {
          const [first = '', ...rest] = value.inline(frame);
          return [...lead, first === '' || first.startsWith(' #') ? dash + first : dash + gap + first, ...rest];
        }
        const column = frame.column + 1 + gap.length;
        const [first = '', ...rest] = value.block!({ ...frame, column });
        // A collection moves up behind its dash where no comment stands above it.
        if (
          !below &&
          first.slice(column).trim() !== '' &&
          !first.trim().startsWith('#') &&
          first.startsWith(' '.repeat(column))
        ) {
          return [...lead, dash + gap + first.slice(column), ...rest];
        }
        return [...lead, dash + after, first, ...rest];
      }),
  }));
}

function spread(line: string, { column }: Frame): string {
  return line.replace('%', ' '.repeat(column));
}
