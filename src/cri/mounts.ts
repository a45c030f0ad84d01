import { readFileSync } from 'node:fs';

/** The mount points below a folder, in the order they were made; the folder itself may be somebody's disk and does not count. @param mountinfo text of /proc/self/mountinfo */
export function mountsBelow(folder: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  const points = mountinfo.split('\n').map((line) => unescapeOctal(line.split(' ')[4] ?? ''));
  return points.filter((point) => point.startsWith(`${folder}/`));
}

/** The kernel writes blanks and backslashes as three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
