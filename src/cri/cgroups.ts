import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** hybrid: the controllers are version 1, with an empty version 2 tree beside them. */
export type CgroupMode = 'v1' | 'v2' | 'hybrid';

/**
 * The Pods' cgroups below one parent. runc makes them when a sandbox starts; nobody but us takes them away. Limits are not set
 * here. Paths are relative to each hierarchy, as CRI's cgroup_parent wants them.
 */
export class PodCgroups {
  readonly mode: CgroupMode;
  readonly #parent: string;
  readonly #root: string;

  constructor(parent: string, root = '/sys/fs/cgroup') {
    this.#parent = parent;
    this.#root = root;
    this.mode = cgroupMode(root);
  }

  /** A Pod's cgroup_parent. */
  path(podUid: string): string {
    return `${this.#parent}/pod${podUid}`;
  }

  /**
   * Version 2 only: makes the parent and hands the controllers down to it. Returns those that could not be handed down (the usual
   * reason: this machine is itself a container whose cgroup holds processes); limits of that kind will not hold.
   */
  delegate(): string[] {
    if (this.mode !== 'v2') return [];
    const names = this.#parent.split('/').filter(Boolean);
    const folders = names.map((_, count) => join(this.#root, ...names.slice(0, count)));
    mkdirSync(join(this.#root, this.#parent), { recursive: true });
    return [...new Set(folders.flatMap(handDown))];
  }

  /**
   * All Pods together may have so many processes and threads (the kernel counts both), from now on. False where the machine cannot be told.
   * Nothing is ended for it: what is above the limit already only cannot fork.
   */
  limitAll(tasks: number): boolean {
    return this.#limit(this.#parent, tasks);
  }

  /** As `limitAll`, for one Pod, whose sandbox need not be there yet. */
  limitPod(podUid: string, tasks: number): boolean {
    return this.#limit(this.path(podUid), tasks);
  }

  /** Removes a Pod's cgroups after its sandbox is gone, in all hierarchies. Rejects when processes are left in one. */
  async removePod(podUid: string): Promise<void> {
    await removeTrees(this.#folders(this.path(podUid)));
  }

  /** Removes the parent with all below it, and the grandparent unless others use it. */
  async removeAll(): Promise<void> {
    await removeTrees(this.#folders(this.#parent));
    const grandparent = dirname(this.#parent);
    if (grandparent === '/') return;
    for (const folder of this.#folders(grandparent)) removeIfEmpty(folder);
  }

  /** Cgroups of Pods that exist now, by Pod uid. */
  pods(): string[] {
    const names = this.#folders(this.#parent).flatMap((folder) => subfolders(folder));
    return [...new Set(names.filter((name) => name.startsWith('pod')).map((name) => name.slice(3)))];
  }

  /** All folders that exist now, the parent's own first. */
  folders(): string[] {
    return this.#folders(this.#parent).flatMap(tree);
  }

  /** Numbers of the processes in them. */
  processes(): number[] {
    const numbers = this.folders().flatMap((folder) =>
      read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number),
    );
    return [...new Set(numbers)];
  }

  #limit(path: string, tasks: number): boolean {
    const folder = join(this.#root, this.mode === 'v2' ? '' : 'pids', path);
    // Version 1 without the controller: a folder would only be a folder.
    if (this.mode !== 'v2' && !existsSync(join(this.#root, 'pids'))) return false;
    try {
      mkdirSync(folder, { recursive: true });
    } catch {
      return false;
    }
    if (this.mode === 'v2') tryWrite(join(dirname(folder), 'cgroup.subtree_control'), '+pids');
    return tryWrite(join(folder, 'pids.max'), String(tasks));
  }

  #folders(path: string): string[] {
    return hierarchies(this.#root, this.mode)
      .map((hierarchy) => join(hierarchy, path))
      .filter((folder) => existsSync(folder));
  }
}

function cgroupMode(root = '/sys/fs/cgroup'): CgroupMode {
  if (existsSync(join(root, 'cgroup.controllers'))) return 'v2';
  return existsSync(join(root, 'unified', 'cgroup.controllers')) ? 'hybrid' : 'v1';
}

/** In version 1 each folder is a hierarchy; links such as cpu -> cpu,cpuacct are left out. */
function hierarchies(root: string, mode: CgroupMode): string[] {
  return mode === 'v2' ? [root] : subfolders(root).map((name) => join(root, name));
}

/** The kernel takes the controllers one by one or all or none; one that is refused must not hold back the others. */
function handDown(folder: string): string[] {
  const available = read(join(folder, 'cgroup.controllers')).trim().split(/\s+/).filter(Boolean);
  const enabled = new Set(read(join(folder, 'cgroup.subtree_control')).trim().split(/\s+/));
  return available.filter(
    (controller) => !enabled.has(controller) && !tryWrite(join(folder, 'cgroup.subtree_control'), `+${controller}`),
  );
}

async function removeTrees(roots: string[]): Promise<void> {
  const deadline = Date.now() + BUSY_MS;
  for (const folder of roots.flatMap((root) => tree(root).reverse())) {
    for (let wait = 1; !removeIfEmpty(folder); wait = Math.min(wait * 2, 50)) {
      if (Date.now() > deadline) throw new Error(`the cgroup ${folder} cannot be removed: processes are left in it`);
      await sleep(wait);
    }
  }
}

/** A process that was killed leaves its cgroup a moment later. */
const BUSY_MS = 2_000;

/** False when it is in use. */
function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** The folder and all below, parents first. */
function tree(folder: string): string[] {
  return [folder, ...subfolders(folder).flatMap((name) => tree(join(folder, name)))];
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function tryWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}
