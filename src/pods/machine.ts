import { readFile, statfs } from 'node:fs/promises';
import { networkInterfaces, release } from 'node:os';
import { type MachineSize, machineSize } from './machine-size.ts';

/** What a Node object says of the machine. */
export interface MachineFacts {
  size: MachineSize;
  /** The addresses by which the machine is known; the first is the one of the default route. Never empty. */
  addresses: string[];
  /** As Go names it: amd64, arm64. */
  architecture: string;
  kernelVersion: string;
  osImage: string;
  machineID: string;
  systemUUID: string;
  bootID: string;
  /** Whether the kernel enforces AppArmor profiles. */
  appArmor: boolean;
  /** Whether the kernel has SELinux, enforcing or permissive. */
  seLinux: boolean;
}

/** How facts are read. Paths are absolute. */
export interface MachineSources {
  read?: (path: string) => Promise<string>;
  interfaces?: typeof networkInterfaces;
  /** Bytes of the file system that holds the path. */
  diskBytes?: (path: string) => Promise<number>;
  architecture?: string;
  kernelVersion?: string;
  size?: (storageBytes: number) => MachineSize;
}

const GO_ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** There only where the kernel has SELinux and its file system is mounted; `1` where it enforces. */
const SELINUX = '/sys/fs/selinux/enforce';

/** Reads the facts of this machine. `home` is the state directory: its disk is the Pods' disk. A fact that cannot be read is ''. */
export async function readMachine(
  home: string,
  {
    read = (path) => readFile(path, 'utf8'),
    interfaces = networkInterfaces,
    diskBytes = diskSize,
    architecture = process.arch,
    kernelVersion = release(),
    size = machineSize,
  }: MachineSources = {},
): Promise<MachineFacts> {
  const text = (path: string) => read(path).then(trimmed, () => '');
  const [osRelease, machineID, systemUUID, bootID, routes, appArmor, seLinux, storage] = await Promise.all([
    text('/etc/os-release'),
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/proc/net/route'),
    text('/sys/module/apparmor/parameters/enabled'),
    text(SELINUX),
    diskBytes(home).catch(() => 0),
  ]);
  return {
    size: size(storage),
    addresses: addresses(interfaces(), defaultInterface(routes)),
    architecture: GO_ARCHITECTURES[architecture] ?? architecture,
    kernelVersion,
    osImage: prettyName(osRelease),
    machineID,
    systemUUID: systemUUID || machineID,
    bootID,
    appArmor: appArmor === 'Y',
    seLinux: seLinux !== '',
  };
}

/** The interface of the default route in the text of /proc/net/route. */
function defaultInterface(routes: string): string | undefined {
  const fields = routes.split('\n').map((line) => line.split(/\s+/));
  return fields.find(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')?.[0];
}

/** One IPv4 address and, of the same interface, one global IPv6 address where there is one; loopback when there is no other. */
function addresses(interfaces: ReturnType<typeof networkInterfaces>, preferred: string | undefined): string[] {
  const outer = Object.entries(interfaces).filter(([, list = []]) => list.some(({ internal }) => !internal));
  const [, list = []] = outer.find(([name]) => name === preferred) ?? outer[0] ?? [];
  const v4 = list.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const v6 = list.find(({ family, internal, scopeid }) => family === 'IPv6' && !internal && !scopeid)?.address;
  const found = [v4, v6].filter((address) => address !== undefined);
  return found.length > 0 ? found : ['127.0.0.1'];
}

function prettyName(osRelease: string): string {
  const value = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1] ?? '';
  return value.replace(/^(["'])(.*)\1$/, '$2');
}

async function diskSize(path: string): Promise<number> {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
}

function trimmed(text: string): string {
  return text.trim();
}
