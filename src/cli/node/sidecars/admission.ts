import type { Admit } from '../../../api/rest/context.ts';
import { StatusError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { admitPod } from '../../../sidecar/admission/admit.ts';
import type { NamespaceFacts, Template } from '../../../sidecar/target.ts';
import type { Store } from '../../../store/store.ts';
import type { KnownSidecars } from './known-sidecars.ts';

/** What a cluster calls the webhook that attaches sidecars; the node's refusals are worded as the webhook's. */
const WEBHOOK = 'sidecars.outfit.dev';

/** Attaches what joins to Pods that are created; all else passes. Warnings say what joined. A Pod that cannot be attached to is 403. */
export function sidecarAdmission(store: Pick<Store, 'get'>, known: KnownSidecars): Admit {
  return (object, { operation, resource, subresource, namespace, warn }) => {
    const isNewPod = operation === 'CREATE' && resource.group === '' && resource.resource === 'pods' && !subresource;
    if (!isNewPod) return object;
    const admitted = admitPod({
      pod: object as Template,
      namespace: namespaceFacts(store, namespace),
      sidecars: known.current().sidecarsOf(namespace),
    });
    if (admitted.refusal !== undefined)
      throw new StatusError(
        'Forbidden',
        `admission webhook ${JSON.stringify(WEBHOOK)} denied the request: ${admitted.refusal}`,
      );
    for (const sentence of admitted.warnings) warn(sentence);
    return admitted.pod as KubeObject;
  };
}

function namespaceFacts(store: Pick<Store, 'get'>, name: string): NamespaceFacts {
  const found = store.get({ group: '', resource: 'namespaces', namespace: '', name });
  return { metadata: { ...found?.metadata, name } };
}
