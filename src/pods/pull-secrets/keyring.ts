import { parseImageName } from '../../kube/image-name.ts';
import type { Credentials, DockerConfig } from './docker-config.ts';

/** How docker(1) calls Docker Hub in its file. */
const DOCKER_HUB = 'index.docker.io';

/**
 * The credentials that fit an image, in the order in which they are to be tried: those of more special paths first, then in the order of the
 * configurations (the kubelet's `BasicDockerKeyring`). None: the image is pulled without.
 * @throws InvalidImageName
 */
export function credentialsFor(image: string, configs: DockerConfig[]): Credentials[] {
  const { registry, repository } = parseImageName(image);
  return configs.flatMap((config) => {
    const places = [...config].map(([key, credentials]) => ({ place: placeOf(key), credentials }));
    const fitting = places.filter(({ place }) => fits(place, { host: registry, path: `/${repository}` }));
    const hub = registry === 'docker.io' ? places.filter(({ place }) => place.host === DOCKER_HUB) : [];
    return (fitting.length > 0 ? fitting : hub).sort(byPlaceDescending).map(({ credentials }) => credentials);
  });
}

interface Place {
  /** With its port, if it has one. */
  host: string;
  /** '' or beginning with a slash. */
  path: string;
}

/** docker(1) writes `https://index.docker.io/v1/`: the scheme and the version of the registry's API say nothing. */
function placeOf(key: string): Place {
  const plain = key.replace(/^https?:\/\//, '');
  const slash = plain.indexOf('/');
  const host = slash < 0 ? plain : plain.slice(0, slash);
  const path = (slash < 0 ? '' : plain.slice(slash)).replace(/^\/v[12](?=\/)/, '');
  return { host, path: path === '/' ? '' : path };
}

/** Each part of the host may have globs, which do not reach over dots; the path is the beginning of the image's. */
function fits(place: Place, image: Place): boolean {
  const [wanted, asked] = [splitHost(place.host), splitHost(image.host)];
  return (
    wanted.port === asked.port &&
    wanted.parts.length === asked.parts.length &&
    image.path.startsWith(place.path) &&
    wanted.parts.every((part, index) => glob(part).test(asked.parts[index] ?? ''))
  );
}

function splitHost(host: string): { parts: string[]; port: string } {
  const [, name = host, port = ''] = /^(.*):(\d*)$/.exec(host) ?? [];
  return { parts: name.split('.'), port };
}

function glob(part: string): RegExp {
  const pattern = part
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`);
}

function byPlaceDescending(a: { place: Place }, b: { place: Place }): number {
  const [first, second] = [a, b].map(({ place }) => place.host + place.path) as [string, string];
  return first < second ? 1 : first > second ? -1 : 0;
}
