import type { KubeApi } from '../kube/api.ts';
import { sleep, type Clock } from '../kube/clock.ts';
import type { Log } from '../kube/log.ts';
import { compact } from '../schemas/compact.ts';
import { textOf } from '../schemas/text.ts';
import type { Answer } from './bypass.ts';
import type { AdmissionRequest } from './review.ts';

/** The verb and the resource that RBAC rules about bypasses name. */
export const BYPASS = { group: 'multigres.com', resource: 'policies', verb: 'bypass' } as const;

/** All questions of one review together get this long: a review ends after 5 s. */
const DEADLINE_MS = 2000;

interface AccessReview {
  status?: { allowed?: boolean; denied?: boolean; evaluationError?: string };
}

interface AccessDeps {
  kube: Pick<KubeApi, 'raw'>;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  deadlineMs?: number;
}

/** Asks the API server, one SubjectAccessReview per id, whether the request's user may bypass policies. */
export async function mayBypass(
  deps: AccessDeps,
  request: AdmissionRequest,
  ids: readonly string[],
): Promise<Map<string, Answer>> {
  const { clock, deadlineMs = DEADLINE_MS } = deps;
  const done = new AbortController();
  const late = sleep(clock, deadlineMs, done.signal).then((): Answer => ({
    allowed: false,
    why: `the API server did not say within ${deadlineMs / 1000} s whether ${request.user} may; try again`,
  }));
  try {
    const answers = await Promise.all(
      ids.map(async (id) => [id, await Promise.race([ask(deps, request, id), late])] as const),
    );
    return new Map(answers);
  } finally {
    done.abort();
  }
}

async function ask(
  { kube, log }: AccessDeps,
  { namespace, user, userUid, groups, extra }: AdmissionRequest,
  id: string,
): Promise<Answer> {
  try {
    const answer = (await kube.raw('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: compact({
        user,
        uid: userUid,
        groups,
        extra,
        resourceAttributes: { ...BYPASS, namespace, name: id },
      }),
    })) as AccessReview;
    if (answer.status?.allowed === true && !answer.status.denied) return { allowed: true };
    return {
      allowed: false,
      why: `${user || 'an unnamed user'} has no right to ${BYPASS.verb} ${BYPASS.resource}.${BYPASS.group}/${id} in namespace ${namespace}`,
    };
  } catch (error) {
    log.warn({ err: error, ns: namespace, user, policy: id }, 'cannot ask who may bypass a policy');
    const text = textOf(error);
    return { allowed: false, why: `the API server could not say whether ${user} may: ${text}` };
  }
}
