import { KINDS } from '../schemas/k8s.ts';
import { createContext } from './context.ts';
import {
  describeFinding,
  isTerminating,
  runPolicies,
  type Judged,
  type ModeOverrides,
  type Policy,
  type PolicyKind,
  type World,
} from './policies/policy.ts';
import type { AdmissionRequest, Verdict } from './review.ts';

export interface ValidateDeps {
  policies: readonly Policy[];
  modes: ModeOverrides;
  trustedUsers: readonly string[];
  /** What the policies may know for this request. */
  world(kind: PolicyKind, request: AdmissionRequest): Promise<World>;
}

export interface Judgement {
  verdict: Verdict;
  judged: Judged[];
}

/** Judges a request by all policies at once. */
export async function validate(deps: ValidateDeps, request: AdmissionRequest): Promise<Judgement> {
  const { object, oldObject, operation, name, namespace, user } = request;
  const kind = kindOf(deps.policies, request);
  const subject = {
    operation,
    ...(object ? { object } : {}),
    ...(oldObject ? { old: oldObject } : {}),
  };
  if (!kind || isTerminating(subject)) return { verdict: { allowed: true }, judged: [] };
  const ctx = createContext({
    ...subject,
    kind,
    name,
    namespace,
    user,
    trustedUsers: deps.trustedUsers,
    world: await deps.world(kind, request),
  });
  const judged = runPolicies(deps.policies, ctx, deps.modes);
  return { verdict: verdictOf(judged), judged };
}

/** The answer for a list of findings: refused if one of them denies, with the text of all. */
export function verdictOf(judged: readonly Judged[]): Verdict {
  const denials = judged.filter(({ mode }) => mode === 'deny');
  const warnings = judged.filter(({ mode }) => mode === 'warn').map(describeFinding);
  if (denials.length === 0) return { allowed: true, warnings };
  const texts = denials.map(describeFinding);
  return {
    allowed: false,
    code: 403,
    reason: 'Forbidden',
    message:
      texts.length === 1 ? texts.join() : `${texts.length} problems:\n- ${texts.join('\n- ')}`,
    causes: denials.map(({ policy, finding }) => ({
      field: finding.path,
      reason: policy.code,
      message: finding.message,
    })),
    warnings,
  };
}

function kindOf(policies: readonly Policy[], request: AdmissionRequest): PolicyKind | undefined {
  const { group, kind } = request.kind;
  if (group !== KINDS.MultigresCluster.group) return undefined;
  return policies.flatMap((policy) => policy.kinds).find((known) => known === kind);
}
