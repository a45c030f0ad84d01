import { badRequest, conflict, invalid, StatusError } from '../../kube/errors.ts';
import { required } from '../../kube/field-errors.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resources.ts';
import { faultsOf } from '../apply/check-config.ts';
import { applyConflict } from '../apply/conflict-error.ts';
import { followingLastApplied, KUBECTL, withoutOwn } from '../apply/last-applied.ts';
import { type Actor, decodeManagers, encodeManagers, type Managers, sameManagers } from '../apply/managers.ts';
import { type Applied, apply, ownAfterUpdate, type Setting } from '../apply/ownership.ts';
import { refusal } from '../auth/authorize.ts';
import { isTrue } from '../auth/verb.ts';
import { zeroObject } from '../protobuf/zero-object.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { checkPlace, createObject } from './create.ts';
import { isSame } from './equality.ts';
import { named } from './errors.ts';
import { find, keyOf } from './key.ts';
import { actorOf, nowOf, owned, settingOf } from './ownership.ts';
import { modify } from './update.ts';

/** How often an object comes and goes under an apply before it gives up. */
const ATTEMPTS = 10;

/** The manager of all that was there before the first apply, when nobody had kept account. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

/** Turns what an apply has made into an object of the kind, or refuses it. */
type Decode = (result: unknown) => KubeObject;

/**
 * Answers PATCH with `application/apply-patch+yaml`: the object gets what the configuration says and loses what its manager has stopped to say. An
 * object that is not there is created.
 * @param config as read from the body
 * @throws StatusError Conflict with a cause for each field that somebody else owns, unless `force` is set
 */
export async function applyConfiguration(
  context: RestContext,
  request: RestRequest,
  config: KubeObject,
  decode: Decode,
): Promise<Answer> {
  checkConfig(context, request, config);
  for (let attempt = 1; ; attempt++) {
    const exists = request.subresource ? find(context, request) : context.store.get(keyOf(request));
    try {
      return await (exists ? change(context, request, config, decode) : make(context, request, config, decode));
    } catch (error) {
      const outdated = error instanceof StatusError && error.reason === (exists ? 'NotFound' : 'AlreadyExists');
      if (!outdated || request.subresource || attempt === ATTEMPTS || request.dryRun) throw error;
    }
  }
}

function checkConfig(context: RestContext, request: RestRequest, config: KubeObject): void {
  const { resource, query, namespace } = request;
  if (!query.get('fieldManager'))
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ]);
  const { apiVersion = '', kind = '' } = config;
  const expected = apiVersionOf(resource);
  if (apiVersion !== expected)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${expected}`,
    );
  if (kind !== resource.kind) throw badRequest(`invalid object type: ${apiVersion}, Kind=${kind}`);
  if (config.metadata.managedFields !== undefined && config.metadata.managedFields !== null)
    throw badRequest('metadata.managedFields must be nil');
  checkPlace(request, config);
  const faults = faultsOf(settingOf(context, request).viewOf(expected)!.schema, config);
  if (faults.length === 0) return;
  const said = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  throw badRequest(
    `failed to create typed patch object (${namespace ? `${namespace}/` : ''}${request.name}; ${apiVersion}, Kind=${kind}): ${said}`,
  );
}

/** The configuration as a new object. Somebody who may patch need not be somebody who may create. */
async function make(context: RestContext, request: RestRequest, config: KubeObject, decode: Decode): Promise<Answer> {
  const { resource, namespace, name = '', identity } = request;
  const attempt = {
    verb: 'create',
    group: resource.group,
    resource: resource.resource,
    subresource: undefined,
    namespace,
    name,
  };
  if (!context.authorizer.allows(identity, attempt)) throw refusal(identity, attempt);
  const { uid, resourceVersion: _, ...metadata } = config.metadata;
  if (uid)
    throw conflict(
      named(resource),
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  const actor = applierOf(request);
  const before = zeroObject(resource);
  const { object, managers } = apply(settingOf(context, request), new Map(), actor, {
    before,
    after: { ...config, metadata: { ...metadata, name } },
    now: nowOf(context),
  });
  return createObject(context, request, decode(object), encodeManagers(managers));
}

function change(context: RestContext, request: RestRequest, config: KubeObject, decode: Decode): Promise<Answer> {
  const made = (live: KubeObject): KubeObject => {
    const { object, managers } = applyTo(context, request, live, config);
    const decoded = decode(object);
    const followed = request.query.get('fieldManager') === KUBECTL ? followingLastApplied(decoded, config) : decoded;
    return owned(followed, encodeManagers(managers));
  };
  // An apply that comes to nothing leaves even its time as it was.
  return modify(context, request, made, ({ current, next, said }) => {
    const [live, young] = [decodeManagers(current.metadata.managedFields), decodeManagers(said)];
    const unchanged = live && young && sameManagers(live, young);
    return unchanged && isSame(owned(current, undefined), owned(next, undefined))
      ? current.metadata.managedFields
      : said;
  });
}

function applyTo(context: RestContext, request: RestRequest, live: KubeObject, config: KubeObject): Applied {
  const setting = settingOf(context, request);
  const actor = applierOf(request);
  const now = nowOf(context);
  const managers = managersOf(context, request, setting, live);
  const applied = apply(setting, managers, actor, { before: live, after: config, now });
  if (isTrue(request.query, 'force')) return applied;
  const { schema } = setting.viewOf(actor.apiVersion)!;
  const conflicts = actor.manager === KUBECTL ? withoutOwn(schema, live, applied.conflicts) : applied.conflicts;
  if (conflicts.length > 0) throw applyConflict(conflicts);
  return applied;
}

function managersOf(context: RestContext, request: RestRequest, setting: Setting, live: KubeObject): Managers {
  const managers = decodeManagers(live.metadata.managedFields);
  if (managers && managers.size > 0) return managers;
  const { subresource: _, ...actor } = actorOf(request, BEFORE_FIRST_APPLY, 'Update');
  const before = zeroObject(request.resource);
  return ownAfterUpdate({ ...setting, isForeign: () => false }, new Map(), actor, {
    before,
    after: live,
    now: nowOf(context),
  });
}

const applierOf = (request: RestRequest): Actor => actorOf(request, request.query.get('fieldManager') ?? '', 'Apply');

/** @throws StatusError BadRequest */
export function requireConfig(value: unknown): KubeObject {
  if (!isRecord(value)) throw badRequest('error decoding YAML: the configuration must be an object');
  if (value.metadata !== undefined && value.metadata !== null && !isRecord(value.metadata))
    throw badRequest('error decoding YAML: metadata must be an object');
  return { ...value, metadata: value.metadata ?? {} } as KubeObject;
}
