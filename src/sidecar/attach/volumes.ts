import { type Joining, place } from './joining.ts';
import { freeName } from './names.ts';

/** Its volumes. One of the same name with the same source is the same volume. */
export function attachVolumes(joining: Joining): void {
  const { draft, compiled, brought } = joining;
  for (const [i, volume] of (brought.template.spec?.volumes ?? []).entries()) {
    const given = place(joining, {
      kind: 'volumes',
      code: 'VolumeConflict',
      field: `spec.template.spec.volumes[${i}].name`,
      what: `volume "${volume.name}"`,
      list: ['volumes'],
      item: volume,
    });
    if (given !== 'Rename') continue;
    const name = freeName(volume.name, compiled.name, (one) => draft.find(['volumes', one]) !== undefined);
    joining.volumeNames.set(volume.name, name);
    draft.add(compiled.name, ['volumes'], { ...volume, name });
  }
}
