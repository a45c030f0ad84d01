import { existsSync, renameSync, statSync } from 'node:fs';
import pino, { type Logger } from 'pino';

const ROTATE_BYTES = 10 << 20;
const LOOK_EVERY_MS = 60_000;

/** A logger for commands that show their failures themselves. */
export function quietLog(): Logger {
  return pino({ level: 'silent' });
}

/** The node's log: one JSON line an event, on standard error with `foreground`, else in a file that is rotated once it has 10 MiB. */
export function nodeLog(path: string | undefined, level: string): Logger {
  const options = { level, base: null };
  if (path === undefined) return pino(options, pino.destination({ dest: 2, sync: true }));
  rotate(path);
  const file = pino.destination({ dest: path, append: true, mode: 0o600, sync: true });
  setInterval(() => {
    if (rotate(path)) file.reopen();
  }, LOOK_EVERY_MS).unref();
  return pino(options, file);
}

function rotate(path: string): boolean {
  if (!existsSync(path) || statSync(path).size < ROTATE_BYTES) return false;
  renameSync(path, `${path}.1`);
  return true;
}
