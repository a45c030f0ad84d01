import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import type { RestContext, RestRequest } from '../rest/context.ts';
import { carryOut } from '../rest/delete.ts';
import { modify } from '../rest/update.ts';
import { fromStorage } from '../rest/versions.ts';
import type { CollectorOptions } from './collector.ts';

/** The hands of the collector: what it does goes through admission and validation, and is seen as a client's. */
export function asClient(context: RestContext): Pick<CollectorOptions, 'remove' | 'change'> {
  return {
    remove: async (resource, object, propagation) => {
      const { uid = '', name = '' } = object.metadata;
      await carryOut(context, requestOf(resource, object, 'DELETE'), { dryRun: false, uid, propagation });
      if (resource.storage.resource === 'namespaces') context.namespaces.terminate(name);
    },
    change: async (resource, object, change) => {
      await modify(context, requestOf(resource, object, 'PATCH'), (latest) =>
        latest.metadata.uid === object.metadata.uid ? change(latest) : fromStorage(resource, latest),
      );
    },
  };
}

function requestOf(resource: Resource, { metadata }: KubeObject, method: string): RestRequest {
  const http = {
    method,
    url: '',
    headers: { 'user-agent': 'kube-controller-manager' },
    readBody: async () => Buffer.alloc(0),
    signal: new AbortController().signal,
  };
  return {
    resource,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    query: new URLSearchParams(),
    identity: { name: 'system:serviceaccount:kube-system:generic-garbage-collector', groups: ['system:masters'] },
    http,
    warnings: [],
    dryRun: false,
  };
}
