import { initialPodStatus } from '../../kube/defaults/pod-admission.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';

/** How the objects of one resource are written, where that differs from the general way. */
export interface Strategy {
  /** DELETE answers the object rather than a Status. */
  deleteAnswersObject: boolean;
  /** PUT of an absent object creates it. */
  createsOnUpdate: boolean;
  /** PUT without a resourceVersion overwrites whatever is there. */
  unconditionalUpdate: boolean;
  /** metadata.generation counts changes of these fields. */
  generationOf: readonly string[];
  /** Fields that clients set only through a subresource, by its name. A create begins with what `initial` gives. */
  ownedBy: Readonly<Record<string, readonly string[]>>;
  /** Subresources that change less than whole fields of the object, or keep something of them: what comes of the stored object and the wanted one. */
  views: Readonly<Record<string, (current: KubeObject, wanted: KubeObject) => KubeObject>>;
  /** Fills in what the server itself sets on create; `now` as metav1.Time. */
  initial(object: KubeObject, now: string): KubeObject;
  /** Shows that the object is being deleted. */
  marked(object: KubeObject): KubeObject;
  /** How long a deletion leaves the object time, in seconds; undefined when it goes at once. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number;
}

const GENERAL: Strategy = {
  deleteAnswersObject: false,
  createsOnUpdate: false,
  unconditionalUpdate: true,
  generationOf: [],
  ownedBy: {},
  views: {},
  initial: (object) => object,
  marked: (object) => object,
};

/** Custom resources with a subresource `status`: apiextensions-apiserver `pkg/registry/customresource/strategy.go`. */
const CUSTOM: Partial<Strategy> = {
  unconditionalUpdate: false,
  generationOf: ['spec'],
  ownedBy: { status: ['status'] },
  initial: ({ status: _, ...object }) => object,
};

/** As in Kubernetes' `pkg/registry/<group>/<kind>/strategy.go`, by the resource's storage. */
const STRATEGIES: Record<string, Partial<Strategy>> = {
  pods: {
    deleteAnswersObject: true,
    generationOf: ['spec'],
    ownedBy: { status: ['status'] },
    views: { status: withPodStatus, ephemeralcontainers: withEphemeralContainers },
    initial: (object, now) => ({ ...object, status: initialPodStatus(object as Pod, now) }),
    gracePeriod: podGracePeriod,
  },
  podtemplates: { deleteAnswersObject: true, generationOf: ['template'] },
  serviceaccounts: { deleteAnswersObject: true, unconditionalUpdate: false },
  persistentvolumeclaims: {
    deleteAnswersObject: true,
    ownedBy: { status: ['status'] },
    initial: (object) => ({ ...object, status: { phase: 'Pending' } }),
  },
  namespaces: {
    ownedBy: { status: ['status'], finalize: ['spec'] },
    initial: (object) => ({ ...object, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }),
    marked: (object) => ({ ...object, status: { ...(object.status as object), phase: 'Terminating' } }),
  },
  nodes: { ownedBy: { status: ['status'] } },
  events: { createsOnUpdate: true },
  leases: { createsOnUpdate: true, unconditionalUpdate: false },
  sidecars: CUSTOM,
  clustersidecars: CUSTOM,
};

export function strategyOf({ storage }: Pick<Resource, 'storage'>): Strategy {
  return { ...GENERAL, ...STRATEGIES[storage.resource] };
}

/** `podStatusStrategy`: owners stay as they are, and a status without QoS class is no attempt to take it away. */
function withPodStatus(current: KubeObject, wanted: KubeObject): KubeObject {
  const { ownerReferences } = current.metadata;
  const { qosClass } = (current as Pod).status ?? {};
  const status = { ...(qosClass !== undefined && { qosClass }), ...(wanted as Pod).status };
  return { ...current, metadata: { ...wanted.metadata, ownerReferences }, status } as KubeObject;
}

/** `podEphemeralContainersStrategy`: of the spec nothing else changes. */
function withEphemeralContainers(current: KubeObject, wanted: KubeObject): KubeObject {
  const { ephemeralContainers: _, ...spec } = (current as Pod).spec ?? { containers: [] };
  const { ephemeralContainers } = (wanted as Pod).spec ?? {};
  const changed = { ...spec, ...(ephemeralContainers && { ephemeralContainers }) };
  return { ...current, metadata: wanted.metadata, spec: changed } as KubeObject;
}

/**
 * A Pod that no node has, or that is done, needs no time; else what is asked for, else what its spec says (kubelet-behaviour §3.8;
 * Kubernetes `podStrategy.CheckGracefulDelete`).
 */
function podGracePeriod(pod: KubeObject, requested: number | undefined): number {
  const spec = pod.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const { phase } = (pod.status ?? {}) as { phase?: string };
  if (!spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
