import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Command, type Context, Failure, Interrupt, UsageError } from './command.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { runOutfit } from './testing-outfit.ts';

const greet: Command = {
  name: 'greet',
  summary: 'greet somebody',
  usage: ['NAME [flags]'],
  options: [
    { name: 'loud', short: 'l', type: 'boolean', summary: 'in capitals' },
    { name: 'output', short: 'o', type: 'string', value: 'FORMAT', summary: 'format' },
    { name: 'wait', type: 'boolean', summary: 'wait', default: true },
  ],
  examples: [{ command: 'outfit greet Ann', summary: 'Greet Ann' }],
  async run(args, context) {
    const [name] = args.positionals;
    if (name === undefined) throw new UsageError('expected a name', 'outfit greet NAME');
    if (name === 'nobody') throw new Failure('there is nobody', { hint: 'greet somebody' });
    if (name === 'server') throw new Failure('Error from server (NotFound): pods "x" not found', { whole: true });
    if (name === 'secret')
      throw Object.assign(new Error('EACCES: permission denied, open /x'), { code: 'EACCES', syscall: 'open' });
    if (name === 'crash') throw new TypeError('boom');
    if (name === 'slow') throw context.signal.reason;
    context.stdout.write(
      `${args.flag('loud')} ${args.value('output')} ${args.flag('wait')} ${args.rest?.join('+')} ${name}\n`,
    );
    return name === 'seven' ? 7 : undefined;
  },
};
const other: Command = { ...greet, name: 'node start', summary: 'start the node' };
const commands = { shown: { greet: async () => greet, 'node start': async () => other }, hidden: {} };

const run = (argv: string[], more: Parameters<typeof runOutfit>[1] = {}) => runOutfit(argv, { commands, ...more });

describe('the command line', () => {
  test.each([
    { argv: ['greet', 'Ann'], stdout: 'false undefined true undefined Ann\n' },
    { argv: ['greet', '-l', 'Ann'], stdout: 'true undefined true undefined Ann\n' },
    { argv: ['greet', 'Ann', '--loud', '--wait=false'], stdout: 'true undefined false undefined Ann\n' },
    { argv: ['greet', 'Ann', '-o', 'wide'], stdout: 'false wide true undefined Ann\n' },
    { argv: ['greet', 'Ann', '-owide'], stdout: 'false wide true undefined Ann\n' },
    { argv: ['greet', 'Ann', '-o=wide'], stdout: 'false wide true undefined Ann\n' },
    { argv: ['greet', 'Ann', '--output=-1'], stdout: 'false -1 true undefined Ann\n' },
    { argv: ['greet', '-lowide', 'Ann'], stdout: 'true wide true undefined Ann\n' },
    { argv: ['greet', 'Ann', '--', '-l', 'x'], stdout: 'false undefined true -l+x Ann\n' },
  ])('$argv', async ({ argv, stdout }) => {
    expect(await run(argv)).toEqual({ code: 0, stdout, stderr: '' });
  });

  test.each([
    { argv: ['greet', 'seven'], code: 7, stderr: '' },
    { argv: ['greet', 'nobody'], code: 1, stderr: 'error: there is nobody\nhint: greet somebody\n' },
    { argv: ['greet', 'server'], code: 1, stderr: 'Error from server (NotFound): pods "x" not found\n' },
    {
      argv: ['greet', 'secret'],
      code: 1,
      stderr: 'error: EACCES: permission denied, open /x\nhint: use sudo, or the user that this belongs to\n',
    },
    { argv: ['greet'], code: 64, stderr: 'error: expected a name\nhint: outfit greet NAME\n' },
    { argv: ['greet', '--lound'], code: 64, stderr: 'error: unknown flag: --lound\nhint: did you mean --loud?\n' },
    {
      argv: ['greet', '-x'],
      code: 64,
      stderr: 'error: unknown flag: -x\nhint: "outfit greet --help" lists the flags\n',
    },
    { argv: ['greet', '-o'], code: 64, stderr: 'error: flag needs an argument: -o\n' },
    { argv: ['greet', '--wait=maybe'], code: 64, stderr: 'error: invalid value "maybe" for --wait: true or false\n' },
    { argv: ['gret'], code: 64, stderr: 'error: unknown command "gret"\nhint: did you mean "outfit greet"?\n' },
    {
      argv: ['nodee', 'start'],
      code: 64,
      stderr: 'error: unknown command "nodee"\nhint: did you mean "outfit node"?\n',
    },
    {
      argv: ['node', 'stat'],
      code: 64,
      stderr: 'error: unknown command "node stat"\nhint: did you mean "outfit node start"?\n',
    },
    { argv: ['xyzzy'], code: 64, stderr: 'error: unknown command "xyzzy"\nhint: "outfit help" lists the commands\n' },
  ])('$argv exits with $code', async ({ argv, code, stderr }) => {
    const result = await run(argv);
    expect(result).toMatchObject({ code, stderr });
  });

  test('a bug is reported with its place, and exit code 70', async () => {
    const { code, stderr } = await run(['greet', 'crash']);
    expect(code).toBe(70);
    expect(stderr).toMatch(/^This is a bug of Outfit: TypeError: boom\n {4}at .*\n/);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a command with 128 + its number and without a word',
    async (signal) => {
      const result = await run(['greet', 'slow'], { signal: AbortSignal.abort(new Interrupt(signal)) });
      expect(result).toEqual({ code: signal === 'SIGINT' ? 130 : 143, stdout: '', stderr: '' });
    },
  );

  test('colours come on a terminal only, and not with NO_COLOR', async () => {
    const terminal = (): Context['stderr'] => Object.assign(new PassThrough(), { isTTY: true });
    const coloured = async (env: Context['env']) => {
      const stderr = terminal();
      await run(['greet', 'nobody'], { stderr, env });
      return String((stderr as PassThrough).read());
    };
    expect(await coloured({})).toBe('\x1b[31merror:\x1b[0m there is nobody\nhint: greet somebody\n');
    expect(await coloured({ NO_COLOR: '1' })).toBe('error: there is nobody\nhint: greet somebody\n');
  });
});

describe('help', () => {
  test.each([[[]], [['help']], [['--help']], [['-h']]])('%j is the overview', async (argv) => {
    const { code, stdout } = await run(argv);
    expect(code).toBe(0);
    expect(stdout).toContain('  greet       greet somebody\n  node start  start the node\n');
  });

  test.each([[['greet', '--help']], [['greet', 'Ann', '-h']], [['help', 'greet']]])(
    '%j is the help of the command',
    async (argv) => {
      expect(await run(argv)).toEqual({
        code: 0,
        stderr: '',
        stdout: `Greet somebody.

Usage: outfit greet NAME [flags]

Flags:
  -l, --loud           in capitals
  -o, --output FORMAT  format
      --wait           wait (default: true)
  -h, --help           show the help of this command

Examples:
  # Greet Ann
  outfit greet Ann
`,
      });
    },
  );

  test('a group alone is wrong usage and shows its commands', async () => {
    const { code, stdout, stderr } = await run(['node']);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain('  node start  start the node\n');
    expect((await run(['node', '--help'])).stdout).toContain('  node start  start the node\n');
  });

  test('exit codes and environment have a page', async () => {
    expect((await run(['help', 'exit-codes'])).stdout).toMatch(/^ {2}64 {3}wrong usage/m);
    expect((await run(['help', 'environment'])).stdout).toContain('OUTFIT_HOME');
    expect(await run(['help', 'exit-code'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('help exit-codes'),
    });
  });
});

describe('every command of Outfit', () => {
  test.each(Object.entries({ ...COMMANDS, ...HIDDEN_COMMANDS }))('%s is complete', async (name, load) => {
    const command = await load();
    expect(command.name).toBe(name);
    expect(command.summary).toMatch(/^[a-z].*[^.]$/);
    expect(command.usage.length).toBeGreaterThan(0);
    const names = command.options.map((o) => o.name);
    const shorts = command.options.flatMap((o) => o.short ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(shorts).size).toBe(shorts.length);
    expect(shorts).not.toContain('h');
    for (const option of command.options) expect(option.summary).not.toBe('');
    for (const example of command.examples) expect(example.command).toContain(`outfit ${name}`);
  });
});
