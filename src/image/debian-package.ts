import { matchesAny } from './glob.ts';
import { ImageError } from './image-error.ts';

/** One package as its index describes it. */
export interface DebianPackage {
  name: string;
  version: string;
  architecture: string;
  /** Of the .deb file, hexadecimal. Absent where the package is installed but no source of packages has it. */
  sha256: string | undefined;
  /** Alternatives of each dependency, Pre-Depends included. */
  depends: string[][];
  provides: string[];
}

/** Reads what `apt-cache show` prints: stanzas in the format of control files (deb822). The first of several versions counts. */
export function parsePackages(text: string): Map<string, DebianPackage> {
  const packages = new Map<string, DebianPackage>();
  for (const stanza of text.split(/\n\n+/)) {
    const fields = parseStanza(stanza);
    const name = fields.get('package');
    if (name && !packages.has(name)) packages.set(name, packageOf(name, fields));
  }
  return packages;
}

/**
 * The wanted packages with all that they depend on, by name. `show` looks packages up; what it does not know is missing from its answer. A
 * dependency is left out when any of its alternatives is excluded.
 * @throws ImageError Unavailable when a package is not to be had
 */
export async function resolvePackages(
  { install, exclude }: { install: string[]; exclude: string[] },
  show: (names: string[]) => Promise<Map<string, DebianPackage>>,
): Promise<DebianPackage[]> {
  const chosen = new Map<string, DebianPackage>();
  let wanted: string[][] = install.map((name) => [name]);
  while (wanted.length > 0) {
    const known = await show([...new Set(wanted.flat())].filter((name) => !chosen.has(name)));
    const added: DebianPackage[] = [];
    for (const alternatives of wanted) {
      if (alternatives.some((name) => chosen.has(name) || isProvided(name, chosen))) continue;
      const found = alternatives.map((name) => known.get(name)).find((p) => p !== undefined);
      if (!found) throw missing(alternatives);
      chosen.set(found.name, found);
      added.push(found);
    }
    const isWanted = (alternatives: string[]): boolean => !alternatives.some((name) => matchesAny(exclude, name));
    wanted = added.flatMap(({ depends }) => depends).filter(isWanted);
  }
  return [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The name that `apt-get download` gives the file. */
export function debFileName({ name, version, architecture }: DebianPackage): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`;
}

function parseStanza(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n')) {
    const [, name, value] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? [];
    if (name) fields.set(name.toLowerCase(), value ?? '');
  }
  return fields;
}

function packageOf(name: string, fields: Map<string, string>): DebianPackage {
  const field = (key: string): string => fields.get(key) ?? '';
  return {
    name,
    version: field('version'),
    architecture: field('architecture'),
    sha256: fields.get('sha256'),
    depends: [...relations(field('pre-depends')), ...relations(field('depends'))],
    provides: relations(field('provides')).flat(),
  };
}

/** `a (>= 1) | b:any, c` as [[a, b], [c]]. */
function relations(text: string): string[][] {
  const clauses = text.split(',').filter((clause) => clause.trim() !== '');
  return clauses.map((clause) => clause.split('|').map((one) => one.trim().replace(/[\s:(].*$/s, '')));
}

function isProvided(name: string, chosen: Map<string, DebianPackage>): boolean {
  return [...chosen.values()].some(({ provides }) => provides.includes(name));
}

function missing(alternatives: string[]): ImageError {
  return new ImageError(
    'Unavailable',
    `the Debian package ${alternatives.join(' or ')} is not to be had; is the machine online, and does /etc/apt/sources.list name a mirror?`,
  );
}
