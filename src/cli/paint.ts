import type { Context } from './command.ts';

/** Puts colours on text, or leaves it as it is. */
export type Paint = Readonly<Record<Colour, (text: string) => string>>;

type Colour = keyof typeof CODES;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Colours are for terminals, and for people who want them (`NO_COLOR`). */
export function paintFor(stream: Context['stdout'], { env }: Pick<Context, 'env'>): Paint {
  return stream.isTTY && !env.NO_COLOR ? COLOURED : PLAIN;
}

const COLOURED = paintBy((code) => (text) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`));
const PLAIN: Paint = paintBy(() => (text) => text);

function paintBy(by: (code: number) => (text: string) => string): Paint {
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, by(code)])) as unknown as Paint;
}
