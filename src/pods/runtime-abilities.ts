import type { RuntimeStatus } from '../cri/runtime.ts';

/** What only some runtimes can do for a Pod. */
export interface RuntimeAbilities {
  /** The runtime tells what it can: containerd does since 2.0. */
  isKnown: boolean;
  recursiveReadOnly: boolean;
  userNamespaces: boolean;
  supplementalGroupsPolicy: boolean;
}

/** Of a runtime that tells nothing. */
export const NO_ABILITIES: RuntimeAbilities = {
  isKnown: false,
  recursiveReadOnly: false,
  userNamespaces: false,
  supplementalGroupsPolicy: false,
};

/** Pods have no runtime handlers here but the runtime's default one. */
const DEFAULT_HANDLER = '';

/** What the runtime said last that it can: nothing before it was asked. The user's own may be another one after a restart of it. */
export class KnownAbilities {
  #known = NO_ABILITIES;

  get current(): RuntimeAbilities {
    return this.#known;
  }

  learn(status: Pick<RuntimeStatus, 'handlers' | 'features'>): void {
    this.#known = abilitiesOf(status);
  }
}

function abilitiesOf({ handlers, features }: Pick<RuntimeStatus, 'handlers' | 'features'>): RuntimeAbilities {
  const handler = handlers.find(({ name }) => name === DEFAULT_HANDLER);
  return {
    isKnown: handler !== undefined,
    recursiveReadOnly: handler?.recursiveReadOnlyMounts ?? false,
    userNamespaces: handler?.userNamespaces ?? false,
    supplementalGroupsPolicy: features?.supplementalGroupsPolicy ?? false,
  };
}
