import { type Command, type Context, Failure, Interrupt, tell, UsageError } from './command.ts';
import { EXIT, EXIT_CODES_HELP, exitCodeOfSignal } from './exit-codes.ts';
import { commandHelp, ENVIRONMENT_HELP, overview } from './help.ts';
import { parse } from './parse.ts';
import { suggest } from './suggest.ts';

type Registry = Record<string, () => Promise<Command>>;

/**
 * The whole command line as a function: reads `argv` (without node and script), runs one command and resolves to the exit code.
 * It never rejects and never ends the process.
 */
export async function outfit(
  argv: string[],
  context: Context,
  commands: { shown: Registry; hidden: Registry },
): Promise<number> {
  try {
    return await dispatch(argv, context, commands);
  } catch (error) {
    return report(error, context);
  }
}

async function dispatch(argv: string[], context: Context, { shown, hidden }: { shown: Registry; hidden: Registry }) {
  const [first, second] = argv;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h')
    return help(argv.slice(1), context, shown);
  const all = { ...shown, ...hidden };
  const name = [`${first} ${second}`, first === '--version' ? 'version' : first].find((n) => all[n]);
  if (name === undefined) return unknown(argv, context, shown);
  const command = await all[name]!();
  const rest = argv.slice(name.split(' ').length);
  const args = parse(command, rest);
  if (args.flag('help')) {
    context.stdout.write(commandHelp(command));
    return EXIT.done;
  }
  return (await command.run(args, context)) ?? EXIT.done;
}

async function help(words: string[], context: Context, shown: Registry): Promise<number> {
  const topic = words.filter((w) => !w.startsWith('-')).join(' ');
  const command = await shown[topic]?.();
  if (command) context.stdout.write(commandHelp(command));
  else if (topic === 'exit-codes') context.stdout.write(EXIT_CODES_HELP);
  else if (topic === 'environment') context.stdout.write(ENVIRONMENT_HELP);
  else if (topic === '' || isGroup(topic, shown))
    context.stdout.write(overview(await loadAll(shown), topic || undefined));
  else throw unknownTopic(topic, [...Object.keys(shown), 'exit-codes', 'environment']);
  return EXIT.done;
}

async function unknown([first, second]: string[], context: Context, shown: Registry): Promise<number> {
  if (!isGroup(first!, shown)) throw unknownCommand(first!, Object.keys(shown));
  if (second === '--help' || second === '-h') return help([first!], context, shown);
  if (second === undefined || second.startsWith('-')) {
    context.stderr.write(overview(await loadAll(shown), first));
    return EXIT.usage;
  }
  throw unknownCommand(`${first} ${second}`, Object.keys(shown));
}

const isGroup = (word: string, shown: Registry): boolean => Object.keys(shown).some((n) => n.startsWith(`${word} `));
const loadAll = (shown: Registry): Promise<Command[]> => Promise.all(Object.values(shown).map((load) => load()));

function unknownCommand(typed: string, names: string[]): UsageError {
  const words = [...new Set([...names, ...names.map((n) => n.split(' ')[0]!)])];
  const near = suggest(typed, words);
  return new UsageError(
    `unknown command "${typed}"`,
    near ? `did you mean "outfit ${near}"?` : '"outfit help" lists the commands',
  );
}

/** Failures of system calls that are the machine's, wherever they come up, and the way out. */
const MACHINE_FAULTS: Record<string, string> = {
  EACCES: 'use sudo, or the user that this belongs to',
  EPERM: 'use sudo, or the user that this belongs to',
  EROFS: 'choose a place that can be written',
  ENOSPC: 'make room on the disk',
  EDQUOT: 'make room on the disk',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise the limit of open files (fs.file-max)',
};

function report(error: unknown, context: Context): number {
  const interrupt = context.signal.aborted && context.signal.reason;
  if (interrupt instanceof Interrupt) return exitCodeOfSignal(interrupt.signal);
  if (error instanceof Failure || error instanceof UsageError) {
    const whole = error instanceof Failure && error.whole;
    tell(context, whole ? error.message : `${red('error:', context)} ${error.message}`);
    if (error.hint) tell(context, `hint: ${error.hint}`);
    return error instanceof Failure ? EXIT.error : EXIT.usage;
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && code !== undefined && code in MACHINE_FAULTS) {
    tell(context, `${red('error:', context)} ${message}\nhint: ${MACHINE_FAULTS[code]}`);
    return EXIT.error;
  }
  tell(context, `This is a bug of Outfit: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  tell(context, 'Please report it with the command that you typed and the lines above.');
  return EXIT.bug;
}

function unknownTopic(typed: string, topics: string[]): UsageError {
  const near = suggest(typed, topics);
  return new UsageError(
    `there is no help on "${typed}"`,
    near ? `did you mean "outfit help ${near}"?` : '"outfit help" lists the commands',
  );
}

const red = (text: string, { stderr, env }: Context): string =>
  stderr.isTTY && !env.NO_COLOR ? `\x1b[31m${text}\x1b[0m` : text;
