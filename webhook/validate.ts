import { KINDS } from '../schemas/k8s.ts';
import { applyBypass, idsToAsk, readBypass, type Answer } from './bypass.ts';
import { createContext } from './context.ts';
import { malformed } from './malformed.ts';
import type { NamespaceModes } from './modes.ts';
import { isTerminating, type Judged, type Policy, type PolicyKind } from './policies/policy.ts';
import { runPolicies } from './policies/run.ts';
import { anchorOf, describeBriefly, describeFinding } from './policies/finding-text.ts';
import type { World } from './policies/world.ts';
import { subjectOf, type AdmissionRequest, type Verdict } from './review.ts';

interface ValidateDeps {
  policies: readonly Policy[];
  trustedUsers: readonly string[];
  /** The modes in force in a namespace. */
  modes(namespace: string): Promise<NamespaceModes>;
  /** What the policies may know for this request. */
  world(kind: PolicyKind, request: AdmissionRequest): Promise<World>;
  /** Asked only when there is a denial that the object asks to set aside. */
  mayBypass(request: AdmissionRequest, ids: readonly string[]): Promise<Map<string, Answer>>;
}

/** Denials that are told in full. */
const MOST_DENIALS = 50;
/** Characters of one finding's text. */
const LONGEST = 2000;

export interface Judgement {
  verdict: Verdict;
  judged: Judged[];
  /** Policies that were set aside for a request that passes because of it. */
  bypassed?: { ids: string[]; reason: string };
}

/** Judges a request by all policies at once. */
export async function validate(deps: ValidateDeps, request: AdmissionRequest): Promise<Judgement> {
  const { name, namespace, user } = request;
  const kind = kindOf(deps.policies, request);
  const subject = subjectOf(request);
  if (!kind || isTerminating(subject)) return { verdict: { allowed: true }, judged: [] };
  const [{ modes, warnings }, world] = await Promise.all([
    deps.modes(namespace),
    deps.world(kind, request),
  ]);
  const ctx = createContext({
    ...subject,
    kind,
    name,
    namespace,
    user,
    trustedUsers: deps.trustedUsers,
    world,
  });
  const judged = runPolicies(deps.policies, ctx, modes);
  const failed = judged.find(({ failure }) => failure);
  const bad = failed?.failure && malformed(request, failed.failure.error);
  if (bad) return { verdict: bad, judged: [] };
  return conclude(deps, request, { judged, warnings });
}

/** The verdict, after a bypass where one is asked for and allowed. */
async function conclude(
  deps: ValidateDeps,
  request: AdmissionRequest,
  { judged, warnings }: { judged: Judged[]; warnings: readonly string[] },
): Promise<Judgement> {
  const bypass = judged.some(({ mode }) => mode === 'deny')
    ? readBypass((request.object ?? request.oldObject)?.metadata.annotations, deps.policies)
    : undefined;
  if (!bypass) return { verdict: verdictOf(judged, { warnings }), judged };
  const ids = idsToAsk(bypass, judged);
  const answers = ids.length > 0 ? await deps.mayBypass(request, ids) : new Map<string, Answer>();
  const outcome = applyBypass(bypass, judged, answers, request);
  const verdict = verdictOf(outcome.judged, { warnings, notes: outcome.notes });
  if (!verdict.allowed) return { verdict, judged: outcome.judged };
  return {
    verdict: {
      ...verdict,
      auditAnnotations: {
        'bypassed-policies': outcome.used.join(','),
        'bypass-reason': bypass.reason,
      },
    },
    judged: outcome.judged,
    bypassed: { ids: outcome.used, reason: bypass.reason },
  };
}

/**
 * The answer for a list of findings: refused if one of them denies, with the text of all.
 * @param words `warnings` besides those of the findings; `notes` end the text of a refusal
 */
function verdictOf(
  judged: readonly Judged[],
  words: { warnings: readonly string[]; notes?: readonly string[] },
): Verdict {
  const denials = judged.filter(({ mode }) => mode === 'deny');
  const warnings = [
    ...judged
      .filter(({ mode }) => mode === 'warn')
      .map((one) => (one.bypass ? sentenceOf(one) : describeBriefly(one))),
    ...words.warnings,
  ];
  if (denials.length === 0) return { allowed: true, warnings };
  const texts = denials.map(sentenceOf);
  const codes = [...new Set(denials.map(({ policy }) => policy.code))];
  const shown = texts.slice(0, MOST_DENIALS);
  const rest = texts.length - shown.length;
  if (rest > 0) shown.push(`and ${rest} more, which show when these are solved`);
  const problems =
    texts.length === 1 ? texts.join() : `${texts.length} problems:\n- ${shown.join('\n- ')}`;
  return {
    allowed: false,
    code: 403,
    reason: 'Forbidden',
    message: [
      problems,
      `More: kubectl multigres policies ${codes.join(' ')}`,
      ...(words.notes ?? []),
    ].join('\n'),
    causes: denials.slice(0, MOST_DENIALS).map(({ policy, finding }) => ({
      field: finding.path,
      reason: policy.code,
      message: finding.message,
    })),
    warnings,
  };
}

function sentenceOf(judged: Judged): string {
  const { bypass } = judged;
  const whole = describeFinding(judged);
  // Names in it may be as long as an object can be; the anchor stands at the end.
  const text =
    whole.length > LONGEST ? `${whole.slice(0, LONGEST)}... ${anchorOf(judged.policy)}` : whole;
  return bypass ? `bypassed by ${bypass.user} (${bypass.reason}): ${text}` : text;
}

function kindOf(policies: readonly Policy[], request: AdmissionRequest): PolicyKind | undefined {
  const { group, kind } = request.kind;
  if (group !== KINDS.MultigresCluster.group) return undefined;
  for (const { kinds } of policies) {
    const known = kinds.find((one) => one === kind);
    if (known) return known;
  }
  return undefined;
}
