import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { CommandError, commandRunner, type RunCommand } from '../command.ts';
import type { PodNetwork } from '../containerd/cni.ts';
import type { NodePlaces } from '../places.ts';
import { SetupError } from '../setup-error.ts';
import { parseRoutes, refuseConflicts } from './conflicts.ts';
import {
  hostPortRules,
  idleHostPortChains,
  markedRules,
  parseRules,
  type Rule,
  restoreInput,
  wantedRules,
} from './rules.ts';

export interface HostNetworkOptions {
  places: NodePlaces;
  log: Logger;
  run?: RunCommand;
}

/** What the node changed in the host's network, as long as the machine runs. */
export interface NetworkRecord extends PodNetwork {
  /** The node's state directory, for the messages of other nodes. */
  home: string;
  /** From set-up to tear-down: a bridge of this name is ours. */
  inUse: boolean;
  /** The host forwarded no packets before. */
  enabledForwarding: boolean;
}

/**
 * Makes the host ready for the Pods' network: refuses a bridge or subnet that is somebody else's, turns forwarding on, adds our three
 * iptables rules. The bridge itself is made by CNI with the first Pod. Does nothing where it is done already (also after a crash).
 * @throws SetupError Taken, NotPermitted or Failed
 */
export async function setUpHostNetwork(network: PodNetwork, options: HostNetworkOptions): Promise<void> {
  const { places } = options;
  const record = readRecord(places);
  const ours = record?.inUse ? record.bridge : undefined;
  const bridgeIs = !existsSync(linkFolder(network.bridge)) ? 'free' : ours === network.bridge ? 'ours' : 'foreign';
  refuseConflicts(network, {
    bridgeIs,
    routes: parseRoutes(readFileSync('/proc/net/route', 'utf8')),
    otherNodes: otherNodes(places),
  });
  if (record && (record.bridge !== network.bridge || record.podCidr !== network.podCidr))
    await tearDownHostNetwork(options);

  const forwards = readFileSync(IP_FORWARD, 'utf8').trim() === '1';
  writeRecord(places, {
    ...network,
    home: places.home,
    inUse: true,
    enabledForwarding: record?.enabledForwarding || !forwards,
  });
  if (!forwards) setForwarding('1');
  await ensureRules(network, options);
}

/**
 * Takes away what setUpHostNetwork and CNI left, once the Pods are gone: rules, host-port chains, the bridge with what hangs on it.
 * Forwarding stays on: others may rely on it by now (reset turns it off). Safe to repeat.
 */
export async function tearDownHostNetwork(options: HostNetworkOptions): Promise<void> {
  const { places, run = commandRunner() } = options;
  await removeRules(places, run);
  const record = readRecord(places);
  if (!record?.inUse) return;
  await removeBridge(record.bridge, run);
  writeRecord(places, { ...record, inUse: false });
}

/**
 * Forwarding off again if it was this node that turned it on, and no bridge or tunnel of somebody else could be using it now; then
 * the record is forgotten. For reset, after tearDownHostNetwork.
 */
export function forgetHostNetwork(places: NodePlaces, log: Logger): void {
  if (readRecord(places)?.enabledForwarding) {
    const others = readdirSync(LINKS).filter(
      (link) => existsSync(`${LINKS}/${link}/bridge`) || existsSync(`${LINKS}/${link}/tun_flags`),
    );
    if (others.length === 0) setForwarding('0');
    else log.info({ links: others }, 'net.ipv4.ip_forward stays 1, these may need it');
  }
  rmSync(places.networkRecord, { force: true });
}

export function readRecord({ networkRecord }: Pick<NodePlaces, 'networkRecord'>): NetworkRecord | undefined {
  try {
    return JSON.parse(readFileSync(networkRecord, 'utf8')) as NetworkRecord;
  } catch (error) {
    // Half a record was left by a node that was killed, before records were put in place whole.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The records of the machine's other nodes whose network is set up. */
function otherNodes({ run, networkRecord }: NodePlaces): NetworkRecord[] {
  const parent = dirname(run);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((id) => join(parent, id, basename(networkRecord)))
    .filter((file) => file !== networkRecord)
    .flatMap((file) => readRecord({ networkRecord: file }) ?? [])
    .filter(({ inUse, home }) => inUse && home !== undefined);
}

/** Every rule on this machine that is this node's: its own three, and those CNI made for its Pods' host ports. */
export async function ourRules({ ruleComment, cni }: NodePlaces, run: RunCommand = commandRunner()): Promise<Rule[]> {
  const rules = parseRules(await iptables(run, 'iptables-save', []));
  return [...markedRules(rules, ruleComment), ...hostPortRules(rules, cni.network).rules];
}

/** Removes the host ports that CNI made for some of this node's sandboxes. */
export async function removeHostPorts(
  { cni }: NodePlaces,
  isOf: (sandboxId: string) => boolean,
  run: RunCommand,
): Promise<void> {
  const found = hostPortRules(parseRules(await iptables(run, 'iptables-save', [])), cni.network, isOf);
  const input = restoreInput({ remove: found.rules, removeChains: found.chains });
  if (input) await restore(run, input);
}

/** Deletes a bridge and the host's ends of Pods' cables on it. Nothing happens when there is no such bridge. */
export async function removeBridge(bridge: string, run: RunCommand): Promise<void> {
  if (!existsSync(`${linkFolder(bridge)}/bridge`)) return;
  for (const link of [...readdirSync(`${linkFolder(bridge)}/brif`), bridge]) {
    await run('ip', ['link', 'delete', link]).catch((error) => {
      // A cable goes by itself when its Pod's network namespace does.
      if (existsSync(linkFolder(link))) throw error;
    });
  }
}

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const LINKS = '/sys/class/net';

function writeRecord({ networkRecord }: NodePlaces, record: NetworkRecord): void {
  mkdirSync(dirname(networkRecord), { recursive: true, mode: 0o711 });
  // The node may be killed at any moment: the record is there whole, or as it was.
  writeFileSync(`${networkRecord}.new`, JSON.stringify(record));
  renameSync(`${networkRecord}.new`, networkRecord);
}

function setForwarding(value: '0' | '1'): void {
  try {
    writeFileSync(IP_FORWARD, value);
  } catch (error) {
    const text = `cannot set net.ipv4.ip_forward to ${value}, which Pods need to reach the network: ${(error as Error).message}`;
    throw new SetupError('NotPermitted', text, { cause: error });
  }
}

function linkFolder(name: string): string {
  return `${LINKS}/${name}`;
}

async function ensureRules(
  { podCidr }: PodNetwork,
  { places, run = commandRunner(), log }: HostNetworkOptions,
): Promise<void> {
  const wanted = wantedRules(podCidr, places.ruleComment);
  const present = markedRules(parseRules(await iptables(run, 'iptables-save', [])), places.ruleComment);
  if (present.length === wanted.length && present.every(({ text }) => text.includes(podCidr))) return;
  await restore(run, restoreInput({ remove: present, add: wanted }));
  log.debug({ podCidr }, 'iptables rules added');
}

async function removeRules({ ruleComment, cni }: NodePlaces, run: RunCommand): Promise<void> {
  const before = parseRules(await iptables(run, 'iptables-save', []));
  const ports = hostPortRules(before, cni.network);
  const ours = restoreInput({
    remove: [...markedRules(before, ruleComment), ...ports.rules],
    removeChains: ports.chains,
  });
  if (ours) await restore(run, ours);
  const rest = before.filter((rule) => !ports.rules.includes(rule));
  const idle = idleHostPortChains(rest);
  const shared = restoreInput({ remove: idle.rules, removeChains: idle.chains });
  // Another network's Pod may have taken a host port just now; then they are its chains.
  if (shared) await restore(run, shared).catch(() => {});
}

/** One transaction; waits for whoever holds the lock. */
function restore(run: RunCommand, input: string): Promise<string> {
  return iptables(run, 'iptables-restore', ['--noflush', '-w', '5'], input);
}

async function iptables(run: RunCommand, program: string, args: string[], input?: string): Promise<string> {
  try {
    return await run(program, args, input);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.code === 'ENOENT')
      throw new SetupError('Missing', `${program} is not installed: apt-get install iptables`, { cause: error });
    const code = /permission denied|must be root/i.test(error.stderr) ? 'NotPermitted' : 'Failed';
    throw new SetupError(code, `cannot change the host's packet filter: ${error.message}`, { cause: error });
  }
}
