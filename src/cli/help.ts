import type { Command, Option } from './command.ts';
import { COMMON_OPTIONS } from './parse.ts';

/** The overview: `outfit help`, and `outfit node` for a group. */
export function overview(commands: Pick<Command, 'name' | 'summary'>[], group?: string): string {
  const shown = group ? commands.filter((c) => c.name.startsWith(`${group} `)) : commands;
  const width = Math.max(...shown.map((c) => c.name.length));
  const lines = shown.map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`);
  if (group) return `Usage: outfit ${group} COMMAND [flags]\n\nCommands:\n${lines.join('\n')}\n`;
  return `Outfit attaches sidecars to Kubernetes Pods, and runs Pods with real containers on one Linux machine.

Usage: outfit COMMAND [flags]

Commands:
${lines.join('\n')}

Help:
  outfit COMMAND --help     flags and examples of a command
  outfit help exit-codes    what the exit codes mean
  outfit help environment   the environment variables that are read
`;
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const parts = [
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    command.usage.map((u, i) => `${i === 0 ? 'Usage:' : '      '} outfit ${command.name} ${u}`.trimEnd()).join('\n'),
  ];
  if (command.description) parts.push(command.description.trim());
  parts.push(`Flags:\n${optionLines([...command.options, ...COMMON_OPTIONS]).join('\n')}`);
  if (command.examples.length > 0)
    parts.push(`Examples:\n${command.examples.map((e) => `  # ${e.summary}\n  ${e.command}`).join('\n\n')}`);
  return `${parts.join('\n\n')}\n`;
}

export const ENVIRONMENT_HELP = `Environment

  OUTFIT_HOME   state directory of the node (default: /var/lib/outfit); one node a directory
  KUBECONFIG    read by the client verbs only when --context is given; otherwise they speak to the node of OUTFIT_HOME
  OUTFIT_CACHE  where "image build" keeps Debian packages (default: cache/ in the state directory)
  NO_COLOR      when set, no colours, also on a terminal
`;

function optionLines(options: Option[]): string[] {
  const shown = options.filter((o) => !o.hidden);
  const names = shown.map(
    (o) => `${o.short ? `-${o.short}, ` : '    '}--${o.name}${o.type === 'string' ? ` ${o.value ?? 'VALUE'}` : ''}`,
  );
  const width = Math.max(...names.map((n) => n.length));
  return shown.map((o, i) => `  ${names[i]!.padEnd(width)}  ${o.summary}${defaultText(o)}`);
}

function defaultText(option: Option): string {
  if (option.default === undefined || option.default === false || option.default === '') return '';
  return ` (default: ${option.default})`;
}
