import { type Provenance, readProvenance, writeProvenance } from '../provenance.ts';
import { ATTACHED } from '../sidecar.ts';
import type { Template } from '../target.ts';

/** A Pod whose attached sidecars are partly nobody's here. */
export interface WithoutForeign {
  /** The Pod as if what the unknown sidecars brought were its own. */
  template: Template;
  /** The names of these. */
  names: readonly string[];
  /** Writes them into the provenance of a result again. */
  restore(result: Template): Template;
}

/**
 * Sets aside what is attached to a Pod by sidecars that are not known here: they were attached elsewhere, as by `outfit attach` in a pipeline,
 * and taking them off would be nobody's wish. `attach` by itself takes off whatever is attached and does not join.
 */
export function setForeignAside(template: Template, isKnown: (name: string) => boolean): WithoutForeign {
  const { provenance } = readProvenance(template);
  const foreign = (provenance?.sidecars ?? []).filter(({ name }) => !isKnown(name));
  if (provenance === undefined || foreign.length === 0) return { template, names: [], restore: (result) => result };
  const own = provenance.sidecars.filter(({ name }) => isKnown(name));
  return {
    template: withProvenance(template, own.length > 0 ? { ...provenance, sidecars: own } : undefined),
    names: foreign.map(({ name }) => name),
    restore(result) {
      const now = readProvenance(result).provenance;
      return withProvenance(result, {
        sidecars: [...foreign, ...(now?.sidecars ?? [])],
        // The older ones first, so that another time gives the same text.
        empty: { ...provenance.empty, ...now?.empty, ...provenance.empty },
        made: [...new Set([...(provenance.made ?? []), ...(now?.made ?? [])])],
      });
    },
  };
}

function withProvenance(template: Template, provenance: Provenance | undefined): Template {
  const { [ATTACHED]: _, ...others } = template.metadata?.annotations ?? {};
  const annotations = provenance === undefined ? others : { ...others, [ATTACHED]: writeProvenance(provenance) };
  const { annotations: __, ...metadata } = template.metadata ?? {};
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {};
  return { ...template, metadata: { ...metadata, ...kept } };
}
