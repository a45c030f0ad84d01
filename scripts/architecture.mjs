// Draws the folders of src and their imports into ARCHITECTURE.md, from the code. With --check it only says whether the drawing is current.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, 'ARCHITECTURE.md');
const arrows = folderArrows();
const drawing = ['```mermaid', 'flowchart TD', ...arrows.map(([from, to]) => `  ${from} --> ${to}`), '```'].join('\n');
const text = readFileSync(file, 'utf8');
const place = /(?<=<!-- diagram -->\n)[\s\S]*?(?=<!-- end of diagram -->)/;
if (!place.test(text))
  throw new Error('ARCHITECTURE.md has no place for the diagram: <!-- diagram --> … <!-- end of diagram -->');
const current = text.replace(place, `${drawing}\n`);

if (current === text) process.exit(0);
if (process.argv.includes('--check')) {
  console.error('The diagram in ARCHITECTURE.md is not what the imports say. Run: npm run diagram');
  process.exit(1);
}
writeFileSync(file, current);

function folderArrows() {
  const result = spawnSync(
    join(root, 'node_modules/.bin/depcruise'),
    [
      'src',
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'json',
      '--exclude',
      '\\.(test|e2e|contract)\\.ts$',
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  const folder = (path) => path.match(/^src\/([^/]+)\//)?.[1];
  const pairs = JSON.parse(result.stdout).modules.flatMap((m) =>
    m.dependencies.map((d) => `${folder(m.source)} ${folder(d.resolved)}`),
  );
  return [...new Set(pairs)]
    .map((pair) => pair.split(' '))
    .filter(([from, to]) => from !== 'undefined' && to !== 'undefined' && from !== to)
    .sort();
}
