import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NodePlaces } from '../places.ts';
import { cniConflist, type PodNetwork } from './cni.ts';
import { type ConfigSettings, containerdConfig } from './config.ts';
import { type RegistrySettings, registryHosts } from './registry-hosts.ts';

export interface Configuration extends ConfigSettings {
  network: PodNetwork;
  registries: RegistrySettings;
}

/** Writes what containerd reads at its start. Tells whether a containerd that runs with the old files must be started anew. */
export function writeConfiguration(configuration: Configuration): boolean {
  const { places, network, registries } = configuration;
  for (const folder of [places.containerd.root, places.containerd.state, places.runcRoot])
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  const conflist = join(places.cni.configuration, `10-${places.cni.network}.conflist`);
  writeRegistryHosts(places, registries);
  const changed = [
    writeIfChanged(conflist, `${JSON.stringify(cniConflist(places, network), undefined, 2)}\n`),
    writeIfChanged(places.containerd.config, containerdConfig(configuration)),
  ];
  return changed.includes(true);
}

/** Says which hosts are asked for images. containerd reads these files at every pull, so this may be called while it runs. */
export function writeRegistryHosts({ containerd }: NodePlaces, registries: RegistrySettings): void {
  const next = `${containerd.certificates}.next`;
  rmSync(next, { recursive: true, force: true });
  for (const [registry, text] of registryHosts(registries)) {
    mkdirSync(join(next, registry), { recursive: true });
    writeFileSync(join(next, registry, 'hosts.toml'), text);
  }
  rmSync(containerd.certificates, { recursive: true, force: true });
  renameSync(next, containerd.certificates);
}

function writeIfChanged(path: string, text: string): boolean {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.next`, text);
  renameSync(`${path}.next`, path);
  return true;
}
