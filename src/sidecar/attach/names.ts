const MAX_NAME = 63;
const MAX_PORT_NAME = 15;

/** `proxy` of sidecar mesh becomes `proxy-mesh`, and `proxy-mesh-2` when that is taken too. */
export function freeName(name: string, sidecar: string, isTaken: (name: string) => boolean): string {
  return numbered(`${name}-${sidecar}`, MAX_NAME, isTaken);
}

/** `http` becomes `http-2`: names of ports have fifteen characters at most. */
export function freePortName(name: string, isTaken: (name: string) => boolean): string {
  for (let n = 2; ; n++) {
    const candidate = cut(name, `-${n}`, MAX_PORT_NAME);
    if (!isTaken(candidate)) return candidate;
  }
}

function numbered(name: string, max: number, isTaken: (name: string) => boolean): string {
  const first = cut(name, '', max);
  if (!isTaken(first)) return first;
  for (let n = 2; ; n++) {
    const candidate = cut(name, `-${n}`, max);
    if (!isTaken(candidate)) return candidate;
  }
}

function cut(name: string, suffix: string, max: number): string {
  return `${name.slice(0, max - suffix.length).replace(/-+$/, '')}${suffix}`;
}
