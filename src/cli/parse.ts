import { parseArgs } from 'node:util';
import { type Args, type Command, type Option, UsageError } from './command.ts';
import { suggest } from './suggest.ts';

/** Every command has these. */
export const COMMON_OPTIONS: Option[] = [
  { name: 'help', short: 'h', type: 'boolean', summary: 'show the help of this command' },
];

type Value = string | boolean;

/**
 * Parses what stands after the command's name. As with kubectl, flags and arguments may be mixed, `-o=wide`, `-owide` and `-o wide`
 * are the same, and `--wait=false` switches a boolean off.
 * @throws UsageError for an unknown flag (with a suggestion), a missing value, a repeated single flag's last value wins.
 */
export function parse(command: Pick<Command, 'name' | 'options'>, argv: string[]): Args {
  const options = [...command.options, ...COMMON_OPTIONS];
  const given = new Map<string, Value[]>();
  const positionals: string[] = [];
  let rest: string[] | undefined;
  for (const token of tokensOf(options, argv)) {
    if (token.kind === 'option-terminator') rest = argv.slice(token.index + 1);
    else if (token.kind === 'positional') {
      if (rest === undefined) positionals.push(token.value);
    } else {
      const option = options.find((o) => o.name === token.name);
      if (!option) throw unknownFlag(command.name, token.rawName, options);
      given.set(option.name, [...(given.get(option.name) ?? []), valueGiven(option, token)]);
    }
  }
  return argsOf(command.name, options, given, positionals, rest);
}

function tokensOf(options: Option[], argv: string[]) {
  const config = Object.fromEntries(
    options.map((o) => [o.name, { type: o.type, multiple: true, ...(o.short && { short: o.short }) }]),
  );
  return parseArgs({ args: argv, options: config, strict: false, allowPositionals: true, tokens: true }).tokens;
}

interface OptionToken {
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function valueGiven(option: Option, token: OptionToken): Value {
  if (option.type === 'boolean') {
    if (token.value === undefined || token.value === 'true') return true;
    if (token.value === 'false') return false;
    throw new UsageError(`invalid value "${token.value}" for ${token.rawName}: true or false`);
  }
  if (token.value === undefined) throw new UsageError(`flag needs an argument: ${token.rawName}`);
  const short = !token.rawName.startsWith('--');
  return short && token.inlineValue && token.value.startsWith('=') ? token.value.slice(1) : token.value;
}

function unknownFlag(command: string, rawName: string, options: Option[]): UsageError {
  const near = suggest(
    rawName.replace(/^-+/, ''),
    options.filter((o) => !o.hidden).map((o) => o.name),
  );
  const hint = near ? `did you mean --${near}?` : `"outfit ${command} --help" lists the flags`;
  return new UsageError(`unknown flag: ${rawName}`, hint);
}

function argsOf(
  command: string,
  options: Option[],
  given: Map<string, Value[]>,
  positionals: string[],
  rest: string[] | undefined,
): Args {
  const declared = (name: string): Option => {
    const option = options.find((o) => o.name === name);
    if (!option) throw new Error(`command "${command}" reads the undeclared option "${name}"`);
    return option;
  };
  const last = (name: string): Value | undefined => given.get(declared(name).name)?.at(-1) ?? declared(name).default;
  return {
    positionals,
    rest,
    has: (name) => given.has(declared(name).name),
    flag: (name) => last(name) === true,
    value: (name) => {
      const value = last(name);
      return typeof value === 'string' ? value : undefined;
    },
    values: (name) => (given.get(declared(name).name) ?? []).filter((v) => typeof v === 'string'),
  };
}
