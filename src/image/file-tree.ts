import { posix } from 'node:path';

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
}

export type FileNode =
  | ({ type: 'file'; content: Buffer } & Attributes)
  | ({ type: 'directory' } & Attributes)
  | ({ type: 'symlink'; target: string } & Attributes);

/** The top directories that are links into /usr since Debian 12. */
const MERGED = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/**
 * The files of a layer that is being made, by absolute path. Directories on the way to a file come by themselves. Paths below /bin, /sbin and
 * /lib* are those below /usr, whichever of the two a package or recipe names, and the links at the top come by themselves too.
 */
export class FileTree {
  readonly #nodes = new Map<string, FileNode>();

  /** Adds a node, or replaces the one that is there. */
  set(path: string, node: FileNode): void {
    const place = mergedPath(path);
    for (let parent = posix.dirname(place); parent !== '/'; parent = posix.dirname(parent)) {
      if (this.#nodes.get(parent)?.type === 'directory') break;
      this.#nodes.set(parent, { type: 'directory', mode: 0o755, uid: 0, gid: 0 });
    }
    this.#nodes.set(place, node);
    const top = place.split('/')[2];
    if (place.startsWith('/usr/') && top && MERGED.includes(top)) {
      this.#nodes.set(`/${top}`, { type: 'symlink', target: `usr/${top}`, mode: 0o777, uid: 0, gid: 0 });
    }
  }

  /** The absolute path under which a file of that path is kept. */
  canonical(path: string): string {
    return mergedPath(path);
  }

  get(path: string): FileNode | undefined {
    return this.#nodes.get(mergedPath(path));
  }

  /** The file at a path, through links of the tree itself. */
  resolveFile(path: string, depth = 0): (FileNode & { type: 'file' }) | undefined {
    const place = mergedPath(path);
    const node = this.#nodes.get(place);
    if (node?.type === 'file') return node;
    if (node?.type !== 'symlink' || depth > 8) return undefined;
    return this.resolveFile(posix.resolve(posix.dirname(place), node.target), depth + 1);
  }

  /** Every path with its node, parents before children, always in the same order. */
  entries(): [path: string, node: FileNode][] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function mergedPath(path: string): string {
  const absolute = posix.resolve('/', path);
  const top = absolute.split('/')[1] ?? '';
  return MERGED.includes(top) ? `/usr${absolute}` : absolute;
}
