import { existsSync, renameSync, statSync } from 'node:fs';
import pino, { type Logger } from 'pino';

const ROTATE_BYTES = 10 << 20;
const LOOK_EVERY_MS = 60_000;
/** Of lines that wait for room on the disk; more are dropped. */
const BACKLOG_BYTES = 1 << 20;

/** A logger for commands that show their failures themselves. */
export function quietLog(): Logger {
  return pino({ level: 'silent' });
}

/** The node's log: one JSON line an event, on standard error with `foreground`, else in a file that is rotated once it has 10 MiB. */
export function nodeLog(path: string | undefined, level: string): Logger {
  const options = { level, base: null };
  if (path === undefined) return pino(options, patient(pino.destination({ dest: 2, sync: true })));
  rotate(path);
  const file = patient(
    pino.destination({ dest: path, append: true, mode: 0o600, sync: true, maxLength: BACKLOG_BYTES }),
  );
  setInterval(() => {
    if (rotate(path)) file.reopen();
  }, LOOK_EVERY_MS).unref();
  return pino(options, file);
}

/** A disk that is full, or a reader that is gone, must not end the node: what cannot be written waits or is lost. */
function patient<T extends { on(event: 'error', listener: () => void): unknown }>(destination: T): T {
  destination.on('error', () => {});
  return destination;
}

function rotate(path: string): boolean {
  if (!existsSync(path) || statSync(path).size < ROTATE_BYTES) return false;
  renameSync(path, `${path}.1`);
  return true;
}
