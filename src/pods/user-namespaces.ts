import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { UserNamespace } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import type { PodPaths } from './paths.ts';
import { podUid } from './pod-spec.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';

/** Ids of one Pod; ranges begin at multiples of it, and the first is the machine's own (`userns_manager.go`). */
const LENGTH = 65_536;
/** Ids have 32 bits, and the last one means none. */
const BLOCKS = 65_535;

/** What of the machine's ids is somebody's: blocks that hold any of it are left alone. */
const ACCOUNTS = ['/etc/passwd', '/etc/group'];
const DELEGATED = ['/etc/subuid', '/etc/subgid'];

export interface UserNamespacesOptions {
  paths: Pick<PodPaths, 'podsDirectory' | 'userNamespace'>;
  /** Text of a file of the machine; absolute path. */
  read?: (path: string) => Promise<string>;
}

/**
 * The ids of Pods with `hostUsers: false` (KEP-127): a range for each, which no other Pod and no account of the machine has, kept in a file
 * of the Pod until its directory is deleted, so that it has the same ones after a restart of the node.
 */
export class UserNamespaces {
  readonly #paths: UserNamespacesOptions['paths'];
  readonly #read: (path: string) => Promise<string>;
  /** Two Pods never choose at the same time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ paths, read = (path) => readFile(path, 'utf8') }: UserNamespacesOptions) {
    this.#paths = paths;
    this.#read = read;
  }

  /**
   * undefined for a Pod with the machine's users.
   * @throws ConfigError when the runtime cannot, or no range is free, in the kubelet's words
   */
  of(pod: Pod, runtime: RuntimeAbilities): Promise<UserNamespace | undefined> {
    if (pod.spec?.hostUsers !== false) return Promise.resolve(undefined);
    if (!runtime.userNamespaces) return Promise.reject(new ConfigError(refusal(runtime)));
    const mine = this.#turn.then(() => this.#kept(podUid(pod)));
    this.#turn = mine.catch(() => {});
    return mine.then(namespaceFrom);
  }

  async #kept(uid: string): Promise<number> {
    const file = this.#paths.userNamespace(uid);
    const known = await firstIdIn(file);
    if (known !== undefined) return known;
    const first = await this.#free();
    await keep(file, first);
    return first;
  }

  async #free(): Promise<number> {
    const pods = await readdir(this.#paths.podsDirectory).catch(() => []);
    const ranges = await Promise.all(
      pods.map((uid) => firstIdIn(this.#paths.userNamespace(uid)).catch(() => undefined)),
    );
    const taken = await this.#blocksOfTheMachine();
    for (const first of ranges) if (first !== undefined) taken.add(first / LENGTH);
    for (let block = 1; block < BLOCKS; block += 1) if (!taken.has(block)) return block * LENGTH;
    throw new ConfigError('create user namespace: could not find an empty slot to allocate a user namespace');
  }

  async #blocksOfTheMachine(): Promise<Set<number>> {
    const text = (path: string) => this.#read(path).catch(() => '');
    const [accounts, delegated] = await Promise.all([ACCOUNTS, DELEGATED].map((paths) => Promise.all(paths.map(text))));
    const single = lines(accounts).map(([, , id]) => ({ first: Number(id), length: 1 }));
    const ranges = lines(delegated).map(([, first, length]) => ({ first: Number(first), length: Number(length) }));
    return new Set([...single, ...ranges].flatMap(blocksOf));
  }
}

function refusal({ isKnown }: RuntimeAbilities): string {
  const why = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
  return isKnown ? why : `${why}: the handler "" is not known`;
}

function namespaceFrom(hostId: number): UserNamespace {
  const mapping = { containerId: 0, hostId, length: LENGTH };
  return { uids: [mapping], gids: [{ ...mapping }] };
}

/** The kubelet's file: `{"uidMappings":[{"hostId":65536,"containerId":0,"length":65536}],"gidMappings":[…]}`. @throws ConfigError */
async function firstIdIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '') return undefined;
  const first = hostIdOf(text);
  if (first === undefined) throw new ConfigError(`user namespace: invalid user namespace mappings file: ${file}`);
  return first;
}

function hostIdOf(text: string): number | undefined {
  try {
    const { uidMappings } = JSON.parse(text) as { uidMappings?: { hostId?: unknown; length?: unknown }[] };
    const { hostId, length } = uidMappings?.[0] ?? {};
    const isOurs = Number.isInteger(hostId) && (hostId as number) >= LENGTH && (hostId as number) % LENGTH === 0;
    return isOurs && length === LENGTH ? (hostId as number) : undefined;
  } catch {
    return undefined;
  }
}

/** On disk before it is used: after a crash another Pod must not get the same. */
async function keep(file: string, hostId: number): Promise<void> {
  const mappings = [{ hostId, containerId: 0, length: LENGTH }];
  await mkdir(dirname(file), { recursive: true });
  const fresh = join(dirname(file), '.userns');
  await written(fresh, JSON.stringify({ uidMappings: mappings, gidMappings: mappings }));
  await rename(fresh, file);
  await synced(dirname(file));
}

async function written(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function synced(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function lines(texts: string[] = []): string[][] {
  return texts.flatMap((text) => text.split('\n')).map((line) => line.split(':'));
}

function blocksOf({ first, length }: { first: number; length: number }): number[] {
  if (!(first >= 0) || !(length >= 1)) return [];
  const [from, to] = [first, first + length - 1].map((id) => Math.floor(id / LENGTH)) as [number, number];
  return Array.from({ length: Math.min(to, BLOCKS) - from + 1 }, (_, index) => from + index);
}
