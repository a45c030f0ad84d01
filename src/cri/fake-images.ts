import { createHash } from 'node:crypto';
import { type Image, RuntimeError } from './runtime.ts';

/** What a registry answers to a pull: bytes, or an error. */
export type PullScript = { bytes?: number } | RuntimeError;

/** The images of a fake runtime: those present, and what the registry would answer. Names are understood as containerd does: `nginx` is `docker.io/library/nginx:latest`. */
export class FakeImages {
  readonly #present = new Map<string, Image>();
  readonly #registry = new Map<string, PullScript>();

  add(name: string, image: Partial<Image> = {}): Image {
    const full = fullImageName(name);
    const digest = createHash('sha256').update(full).digest('hex');
    const repository = full.replace(/[:@][^/]*$/, '');
    const made = {
      id: `sha256:${digest}`,
      repoTags: [full],
      repoDigests: [`${repository}@sha256:${digest}`],
      size: 1000,
    };
    this.#present.set(full, { ...made, ...image });
    return this.#present.get(full)!;
  }

  /** Says what pulling `name` gives. An image without a script is NotFound in the registry. */
  script(name: string, script: PullScript): void {
    this.#registry.set(fullImageName(name), script);
  }

  find(name: string): Image | undefined {
    return (
      this.#present.get(fullImageName(name)) ?? this.list().find((i) => i.id === name || i.repoDigests.includes(name))
    );
  }

  pull(name: string): { image: Image; bytes: number } {
    const full = fullImageName(name);
    const script =
      this.#registry.get(full) ??
      new RuntimeError('NotFound', `failed to resolve reference "${full}": ${full}: not found`);
    if (script instanceof RuntimeError) throw script;
    return {
      image: this.#present.get(full) ?? this.add(full, { size: script.bytes ?? 1000 }),
      bytes: script.bytes ?? 1000,
    };
  }

  remove(name: string): void {
    const image = this.find(name);
    for (const [key, value] of this.#present) if (value === image) this.#present.delete(key);
  }

  list(): Image[] {
    return [...this.#present.values()];
  }
}

function fullImageName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? name : `docker.io/${rest.length > 0 ? name : `library/${name}`}`;
  return /[:@][^/]*$/.test(path) ? path : `${path}:latest`;
}
