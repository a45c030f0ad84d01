const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const MAX_LENGTH = 63;
const RANDOM_LENGTH = 5;

/**
 * A name for `metadata.generateName`: the base, cut to 58 characters, and five characters of an alphabet that spells no words
 * (apiserver `storage/names/generate.go`). `random` gives numbers in [0, 1).
 */
export function generateName(base: string, random: () => number = Math.random): string {
  let suffix = '';
  for (let i = 0; i < RANDOM_LENGTH; i++) suffix += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return base.slice(0, MAX_LENGTH - RANDOM_LENGTH) + suffix;
}
