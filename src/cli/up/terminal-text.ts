import { stripVTControlCharacters } from 'node:util';

const ESCAPE = '\u001b';
/** Colours and weights: harmless when they are ended at the end of the line. */
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;:]*m`, 'g');
const END_OF_COLOUR = `${ESCAPE}[0m`;

/**
 * What a terminal may get of a container's line: its colours stay, everything that would move the cursor or ring goes or is shown as `\x07`. Of a
 * line that was written over (`50%\r100%`) the last state is shown.
 */
export function terminalText(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1)!;
  const colours = last.match(COLOUR) ?? [];
  const pieces = last.split(COLOUR).map((piece, i) => `${plain(piece)}${colours[i] ?? ''}`);
  return colours.length > 0 ? `${pieces.join('')}${END_OF_COLOUR}` : pieces.join('');
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, (control) =>
    control === '\t' ? control : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
