import { posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, type Header } from 'tar-stream';
import type { FileTree } from './file-tree.ts';
import { matchesAny } from './glob.ts';
import type { RunCommand } from './run-command.ts';

/** Adds those files of a .deb to the tree whose paths (with a leading slash, below /usr where merged) match one of `keep`. */
export async function unpackDeb(
  file: string,
  { tree, keep, run, signal }: { tree: FileTree; keep: string[]; run: RunCommand; signal?: AbortSignal },
): Promise<void> {
  const tar = extract();
  const source = run.stream('dpkg-deb', ['--fsys-tarfile', file], { ...(signal && { signal }) });
  source.on('error', (error) => tar.destroy(error));
  source.pipe(tar);
  for await (const entry of tar) {
    const path = tree.canonical(entry.header.name);
    const content = await buffer(entry);
    if (entry.header.type !== 'directory' && matchesAny(keep, path)) addEntry(tree, path, entry.header, content);
  }
}

function addEntry(tree: FileTree, path: string, header: Header, content: Buffer): void {
  const { type, mode = 0o644, uid = 0, gid = 0, linkname } = header;
  if (type === 'file' || type === 'contiguous-file') tree.set(path, { type: 'file', content, mode, uid, gid });
  else if (type === 'symlink') tree.set(path, { type: 'symlink', target: linkname!, mode: 0o777, uid, gid });
  else if (type === 'link') {
    const original = tree.get(posix.resolve('/', linkname!));
    if (original) tree.set(path, original);
  }
}
