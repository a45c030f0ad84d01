import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from '../setup-error.ts';

export interface Binaries {
  containerd: string;
  runc: string;
  iptables: string;
  /** Folder of the CNI plugins. */
  cniPlugins: string;
  /** PATH for containerd and the plugins it starts: they need what Debian keeps in sbin. */
  path: string;
}

export interface BinariesOptions {
  env?: NodeJS.ProcessEnv;
  isExecutable?: (path: string) => boolean;
}

/** Finds the programs a private containerd needs. @throws SetupError Missing, with all that is missing and how to get it */
export function findBinaries({ env = process.env, isExecutable = canExecute }: BinariesOptions = {}): Binaries {
  const folders = [...new Set([...(env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS])];
  const find = (name: string) => folders.map((folder) => join(folder, name)).find(isExecutable);
  const programs = new Map(Object.keys(PROGRAMS).map((name) => [name, find(name)]));
  const cniPlugins = CNI_FOLDERS.find((folder) => CNI_PLUGINS.every((plugin) => isExecutable(join(folder, plugin))));

  const missing = Object.entries(PROGRAMS).filter(([name]) => !programs.get(name));
  if (!cniPlugins)
    missing.push([`the CNI plugins ${CNI_PLUGINS.join(', ')} (in ${CNI_FOLDERS.join(' or ')})`, CNI_PACKAGE]);
  if (missing.length > 0) throw missingError(missing);
  const [containerd = '', , runc = '', iptables = ''] = programs.values();
  return { containerd, runc, iptables, cniPlugins: cniPlugins ?? '', path: folders.join(delimiter) };
}

/** Program to Debian package. */
const PROGRAMS = {
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  ip: 'iproute2',
};
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'];
const CNI_PACKAGE = 'containernetworking-plugins';
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function missingError(missing: [what: string, debianPackage: string][]): SetupError {
  const what = missing.map(([name]) => name).join(', ');
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  const wayOut = `Install with "apt-get install ${packages}", or run "npm run demo", which installs what is missing`;
  return new SetupError('Missing', `not found on this machine: ${what}. ${wayOut}.`);
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
