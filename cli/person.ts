import type { KubeApi } from '../kube/api.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import { ANNOTATIONS } from '../schemas/labels.ts';
import { BYPASS } from '../webhook/access.ts';
import { type Answer, readBypass } from '../webhook/bypass.ts';
import { POLICIES } from '../webhook/policies/index.ts';

/** One object that is about to be applied. */
export interface Target {
  object: KubeObject;
  namespace: string;
}

/** Under which name the cluster knows the person; undefined if it does not say. */
export async function userName(kube: KubeApi): Promise<string | undefined> {
  try {
    const review = (await kube.raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
    })) as { status?: { userInfo?: { username?: string } } };
    return review.status?.userInfo?.username;
  } catch {
    return undefined;
  }
}

/** Whether the person may set aside the policies that the object asks to set aside. */
export async function askBypass(
  kube: KubeApi,
  { object, namespace }: Target,
): Promise<ReadonlyMap<string, Answer>> {
  const asked = object.metadata.annotations?.[ANNOTATIONS.bypassPolicies];
  if (typeof asked !== 'string') return new Map();
  const ids = readBypass(object.metadata.annotations, POLICIES)?.ids ?? [];
  const answers = await Promise.all(
    ids.map(async (id) => {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const review = (await kube.raw('POST', path, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { ...BYPASS, namespace, name: id } },
      })) as { status?: { allowed?: boolean; denied?: boolean } };
      const allowed = review.status?.allowed === true && !review.status.denied;
      const answer: Answer = allowed
        ? { allowed }
        : {
            allowed: false,
            why: `you have no right to ${BYPASS.verb} ${BYPASS.resource}.${BYPASS.group}/${id} in namespace ${namespace}`,
          };
      return [id, answer] as const;
    }),
  );
  return new Map(answers);
}
