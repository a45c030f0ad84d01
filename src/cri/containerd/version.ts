import { SetupError } from '../setup-error.ts';

export interface ContainerdVersion {
  major: number;
  minor: number;
  text: string;
}

/**
 * Reads the output of `containerd --version`, whose third word is the version in all builds:
 * `containerd github.com/containerd/containerd/v2 v2.0.2 c507a0…`.
 * @throws SetupError TooOld before 1.6, the first that speaks CRI v1; Failed when it is no such output
 */
export function parseContainerdVersion(output: string): ContainerdVersion {
  const [program, , word = ''] = output.trim().split(/\s+/);
  const match = /^v?(\d+)\.(\d+)\.\S+$/.exec(word);
  if (program !== 'containerd' || !match)
    throw new SetupError('Failed', `cannot read the version of containerd from "${output.trim()}"`);
  const version = { major: Number(match[1]), minor: Number(match[2]), text: word.replace(/^v/, '') };
  if (version.major > 1 || (version.major === 1 && version.minor >= 6)) return version;
  throw new SetupError(
    'TooOld',
    `containerd ${version.text} is too old: Outfit needs 1.6 or newer, the first that speaks CRI v1. Install a newer one (Debian has it since 12), or name the socket of one that runs with --cri`,
  );
}
