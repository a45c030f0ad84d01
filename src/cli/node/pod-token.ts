import type { Pod, TokenRequest } from '../../kube/generated/objects.ts';
import { podUid } from '../../pods/pod-spec.ts';
import type { GrantedToken, TokenWish } from '../../pods/volumes/pod-tokens.ts';

/** Answers a TokenRequest of an account. @throws StatusError */
export type GrantToken = (
  account: { namespace: string; name: string },
  request: Pick<TokenRequest, 'spec'>,
) => TokenRequest;

/** Asks for a token as the kubelet does: of the Pod's account, bound to the Pod (`pkg/volume/projected`). @throws StatusError */
export function podToken(grant: GrantToken, pod: Pod, { audience, expirationSeconds }: TokenWish): GrantedToken {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const spec = {
    audiences: audience ? [audience] : [],
    expirationSeconds,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid: podUid(pod) },
  };
  const { status } = grant({ namespace, name: pod.spec?.serviceAccountName ?? '' }, { spec });
  return { token: status?.token ?? '', expiresAt: Date.parse(status?.expirationTimestamp ?? '') };
}
