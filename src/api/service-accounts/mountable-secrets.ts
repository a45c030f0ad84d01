import type { Container, Pod, ServiceAccount } from '../../kube/generated/objects.ts';

const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';
/** What Go's strconv.ParseBool takes for true. */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];

/**
 * Where the account's annotation asks for it, a Pod may use only Secrets that the account lists (deprecated, and honoured up to now:
 * `plugin/pkg/admission/serviceaccount`, limitSecretReferences).
 * @throws what `refusal` makes of the first that it may not use
 */
export function requireMountable(pod: Pod, account: ServiceAccount, refusal: (why: string) => Error): void {
  const { metadata = {}, secrets = [], imagePullSecrets = [] } = account;
  if (!TRUE.includes(metadata.annotations?.[ENFORCE] ?? '')) return;
  const known = new Set(secrets.map(({ name }) => name));
  const wrong = secretUses(pod).find(({ secret }) => !known.has(secret));
  if (wrong)
    throw refusal(
      `${wrong.where}secret.secretName="${wrong.secret}" is not allowed because service account ${metadata.name} does not reference that secret`,
    );
  const pullable = new Set(imagePullSecrets.map(({ name }) => name));
  for (const [index, { name }] of (pod.spec?.imagePullSecrets ?? []).entries())
    if (!pullable.has(name))
      throw refusal(
        `imagePullSecrets[${index}].name="${name}" is not allowed because service account ${metadata.name} does not reference that imagePullSecret`,
      );
}

interface SecretUse {
  where: string;
  secret: string;
}

function secretUses({ spec }: Pod): SecretUse[] {
  const { volumes = [], initContainers = [], containers = [] } = spec ?? { containers: [] };
  return [
    ...volumes.flatMap(({ secret }) => (secret ? [{ where: 'volume with ', secret: secret.secretName ?? '' }] : [])),
    ...initContainers.flatMap((container) => environmentUses(container, 'init container')),
    ...containers.flatMap((container) => environmentUses(container, 'container')),
  ];
}

function environmentUses({ name, env = [] }: Container, kind: string): SecretUse[] {
  return env.flatMap(({ name: variable, valueFrom }) => {
    const secret = valueFrom?.secretKeyRef?.name;
    return secret === undefined ? [] : [{ where: `${kind} ${name} with envVar ${variable} referencing `, secret }];
  });
}
