import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PodCgroups } from './cgroups.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'outfit-cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const folders = (...paths: string[]) => {
  for (const path of paths) mkdirSync(join(root, path), { recursive: true });
};
const file = (path: string, text: string) => writeFileSync(join(root, path), text);

describe('cgroups of version 1', () => {
  it.each([
    ['v1', []],
    ['hybrid', ['unified']],
  ] as const)('(%s) are removed in every hierarchy, of one Pod and of all', async (mode, more) => {
    const hierarchies = ['cpu', 'memory', ...more];
    folders(...hierarchies.flatMap((h) => [`${h}/outfit/aa/pod1/c1`, `${h}/outfit/aa/pod2`, `${h}/outfit/bb`]));
    if (mode === 'hybrid') file('unified/cgroup.controllers', '');
    const cgroups = new PodCgroups('/outfit/aa', root);
    expect(cgroups.mode).toBe(mode);
    expect(cgroups.path('1')).toBe('/outfit/aa/pod1');
    expect(cgroups.pods()).toEqual(['1', '2']);
    await cgroups.removePod('1');
    await cgroups.removePod('1');
    expect(cgroups.folders()).toEqual(
      hierarchies.flatMap((h) => [join(root, h, 'outfit/aa'), join(root, h, 'outfit/aa/pod2')]),
    );
    await cgroups.removeAll();
    expect(cgroups.folders()).toEqual([]);
    expect(new PodCgroups('/outfit/bb', root).folders()).toHaveLength(hierarchies.length);
  });

  it('need no delegation', () => {
    folders('cpu');
    expect(new PodCgroups('/outfit/aa', root).delegate()).toEqual([]);
  });

  it('tell the processes in them, each once', () => {
    folders('cpu/outfit/aa/pod1', 'memory/outfit/aa/pod1');
    file('cpu/outfit/aa/pod1/cgroup.procs', '12\n13\n');
    file('memory/outfit/aa/pod1/cgroup.procs', '12\n');
    expect(new PodCgroups('/outfit/aa', root).processes()).toEqual([12, 13]);
  });
});

describe('cgroups of version 2', () => {
  it('get the controllers handed down from the root', () => {
    folders('outfit/aa');
    for (const path of ['.', 'outfit', 'outfit/aa']) file(`${path}/cgroup.controllers`, 'cpu memory\n');
    for (const path of ['.', 'outfit', 'outfit/aa'])
      file(`${path}/cgroup.subtree_control`, path === '.' ? 'cpu\n' : '\n');
    const cgroups = new PodCgroups('/outfit/aa', root);
    expect(cgroups.mode).toBe('v2');
    expect(cgroups.delegate()).toEqual([]);
    // A plain file keeps the last write only; the kernel's takes each.
    expect(readFileSync(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('+memory');
    expect(readFileSync(join(root, 'outfit/cgroup.subtree_control'), 'utf8')).toBe('+memory');
  });

  it('tell which controllers could not be handed down', () => {
    file('cgroup.controllers', 'cpu memory\n');
    folders('cgroup.subtree_control'); // Writing to it fails.
    expect(new PodCgroups('/outfit/aa', root).delegate()).toEqual(['cpu', 'memory']);
  });
});

describe('the number of processes', () => {
  const limits = (hierarchy: string) =>
    ['', '/podu'].map((path) => {
      try {
        return readFileSync(join(root, hierarchy, 'outfit/aa', path, 'pids.max'), 'utf8');
      } catch {
        return undefined;
      }
    });

  it.each([
    ['v1', 'pids', () => folders('cpu', 'pids')],
    [
      'hybrid',
      'pids',
      () => {
        folders('cpu', 'pids', 'unified');
        file('unified/cgroup.controllers', '');
      },
    ],
    ['v2', '', () => file('cgroup.controllers', 'pids')],
  ] as const)('%s: is bounded for all Pods and for each, with or without a sandbox', (mode, hierarchy, machine) => {
    machine();
    const cgroups = new PodCgroups('/outfit/aa', root);
    expect(cgroups.mode).toBe(mode);
    expect(cgroups.limitAll(1000)).toBe(true);
    expect(cgroups.limitPod('u', 10)).toBe(true);
    expect(limits(hierarchy)).toEqual(['1000', '10']);
    expect(cgroups.pods()).toEqual(['u']);
  });

  it('is not bounded where the kernel has no controller for it', () => {
    folders('cpu');
    const cgroups = new PodCgroups('/outfit/aa', root);
    expect([cgroups.limitAll(1000), cgroups.limitPod('u', 10)]).toEqual([false, false]);
    expect(cgroups.pods()).toEqual([]);
  });
});
