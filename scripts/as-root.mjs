// Containers need root: a script that was started by somebody else starts itself again with sudo.
import { spawnSync } from 'node:child_process';

/** Returns only in a process that is root. */
export function becomeRoot() {
  if (process.getuid?.() === 0) return;
  console.log('containers need root: going on with sudo');
  const result = spawnSync('sudo', ['-E', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(result.status ?? 1);
}
