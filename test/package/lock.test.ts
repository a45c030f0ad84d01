import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };

/** A registry that does not list every platform leaves holes in the lock file, and `npm ci` then fails everywhere. */
test('the lock file has the binaries of every platform', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !placesOf(path, name).some((place) => place in packages)),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for a package that `path` asks for: beside it, and in every folder above. */
function placesOf(path: string, name: string): string[] {
  const parents = path
    .split('/node_modules/')
    .map((_, i, parts) => parts.slice(0, parts.length - i).join('/node_modules/'));
  return [...parents, ''].map((parent) => (parent ? `${parent}/node_modules/${name}` : `node_modules/${name}`));
}
