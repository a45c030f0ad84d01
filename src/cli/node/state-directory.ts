import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../command.ts';

/** Makes the state directory where it is missing. @throws Failure when this user may not, or nothing can be written there */
export function prepareStateDirectory(home: string): void {
  requireRoot();
  makeHome(home);
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Failure('a node needs root: it makes network links, mounts and cgroups', {
    hint: 'sudo outfit node start',
  });
}

function makeHome(home: string): void {
  try {
    makeFolder(home);
    accessSync(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Failure(`the state directory ${home} cannot be written: ${(error as Error).message}`, {
      hint: 'choose another one with OUTFIT_HOME',
      cause: error,
    });
  }
}

/** With its parents. Not by `recursive`: where a file system makes no folders (/proc), that never returns (seen on Node 20). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
