/**
 * What the process's exit code says: the only place where the numbers stand. Verbs that pass on the code of a process in a
 * container (`outfit exec`) and signals (128 + number, as shells count) are the exceptions.
 */
export const EXIT = {
  done: 0,
  error: 1,
  difference: 2,
  usage: 64,
  bug: 70,
} as const;

/** Shown by `outfit help exit-codes`. */
export const EXIT_CODES_HELP = `Exit codes

  ${EXIT.done}    done
  ${EXIT.error}    an error in what was given, or a failure; nothing half-made is left behind
  ${EXIT.difference}    a difference was found, by the commands that say so (plan, --diff)
  ${EXIT.usage}   wrong usage: unknown command or flag, missing argument
  ${EXIT.bug}   a bug of Outfit; the report says where
  130  ended by Ctrl-C (128 + SIGINT), 143 by SIGTERM, 141 because nobody read the output

outfit exec exits with the code of the command that ran in the container.
outfit node status exits with ${EXIT.error} when the node does not run or does not answer.
`;

/** The exit code of a process that a signal ended. */
export function exitCodeOfSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGPIPE' | 'SIGHUP'): number {
  return 128 + { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 }[signal];
}
