import jsonPatch from 'fast-json-patch';
import { API_KINDS } from '../schemas/kinds/index.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import type { Problem } from '../schemas/problem.ts';
import { type HoldsRule, ruleErrors } from '../schemas/rule-errors.ts';
import { shapeErrors } from '../schemas/shape-errors.ts';
import { storedForm } from '../schemas/stored-form.ts';
import { unknownFields } from '../schemas/unknown-fields.ts';
import { isRecord } from '../schemas/walk.ts';
import { type Answer, applyBypass, problemOf, readBypass } from '../webhook/bypass.ts';
import { CLEANUP_USERS } from '../webhook/configurations.ts';
import { createContext } from '../webhook/context.ts';
import { mutate } from '../webhook/mutate.ts';
import { POLICIES } from '../webhook/policies/index.ts';
import type {
  Judged,
  ModeOverrides,
  Operation,
  Policy,
  PolicyContext,
  PolicyKind,
} from '../webhook/policies/policy.ts';
import { runPolicies } from '../webhook/policies/run.ts';
import { showValue } from '../webhook/policies/finding-text.ts';
import type { World } from '../webhook/policies/world.ts';
import { sameJson } from '../schemas/canonical.ts';
import type { AdmissionRequest, Verdict } from '../webhook/review.ts';
import { createCelRules } from './cel.ts';
import { metadataErrors, unknownOutside } from './metadata.ts';
import { pointerOf, segmentsOfPath } from '../schemas/paths.ts';
import { printable } from './printable.ts';

/** What found something: a check of the API server, or a policy by its code. */
export type Check =
  'kind' | 'metadata' | 'unknown-field' | 'duplicate-key' | 'schema' | 'rule' | `MG${string}`;

/** One thing wrong with one object. */
export interface ManifestFinding {
  severity: 'error' | 'warning';
  check: Check;
  /** Id of the policy, where one found it. */
  policy?: string;
  /** JSON pointer (RFC 6901); empty for the object as a whole. */
  path: string;
  value?: unknown;
  message: string;
  allowed?: string;
  fix: string;
  /** Message and fix in one short line, where a policy gives one. */
  brief?: string;
}

export interface JudgeOptions {
  /** The stored object, for an update. */
  old?: KubeObject;
  /** By default UPDATE if there is a stored object, else CREATE. */
  operation?: Operation;
  /** For objects that name none. */
  namespace?: string;
  user?: string;
  /** User names that may write children, beside those of Kubernetes' own clean-up. */
  trustedUsers?: readonly string[];
  /** What the policies may know. By default nothing but that there are no templates. */
  world?: World;
  modes?: ModeOverrides;
  /** For each policy that the object asks to set aside by annotation: may the user? None if absent. */
  bypass?: ReadonlyMap<string, Answer>;
  policies?: readonly Policy[];
  /** False: the API server alone, without our two webhooks. */
  webhooks?: boolean;
  /** By default CEL itself. Hand over one for many objects: it keeps the parsed texts. */
  holds?: HoldsRule;
}

interface ManifestVerdict {
  verdict: 'accepted' | 'denied';
  /** Errors first, then by path. */
  findings: ManifestFinding[];
  /** The object with all that admission adds; absent if its shape is wrong, and on DELETE. */
  stored?: KubeObject;
}

export const OFFLINE_WORLD: World = { templates: { core: {}, cell: {}, shard: {} } };
const DEFAULT_USER = 'kubernetes-admin';

/**
 * What the API server would say to a request for one object of ours, our webhooks included, asked by
 * a client that wants no unknown fields (kubectl's default): metadata, unknown fields, defaults,
 * schema, rules in CEL, policies. Pure. Policies are asked only if types are right.
 * @throws if the kind is none of ours
 */
export function judgeManifest(object: KubeObject, options: JudgeOptions = {}): ManifestVerdict {
  const operation = options.operation ?? (options.old ? 'UPDATE' : 'CREATE');
  if (operation === 'DELETE') return verdictOf(policyFindings(undefined, object, options));
  const kind = API_KINDS.find((candidate) => candidate.kind === object.kind);
  if (!kind) throw new Error(`${object.kind} is no kind of the API`);
  const { status: _, ...withoutStatus } = object;
  const sent = named(kind.status ? withoutStatus : object);
  const early = [
    ...metadataErrors(sent.metadata).map(fromProblem('metadata')),
    ...[
      ...unknownOutside({ ...object }, kind.status !== undefined),
      ...unknownFields(kind.kind, sent),
    ].map(fromProblem('unknown-field')),
  ];
  if (!isRecord(sent.metadata)) return verdictOf(early);
  const admitted = admit(sent, operation, options);
  const shape = shapeErrors(kind.kind, admitted);
  if (shape.length > 0) return verdictOf([...early, ...shape.map(fromProblem('schema'))]);
  const cel = options.holds ?? createCelRules();
  // since 1.30 the API server leaves alone what was stored before a rule came to be
  const holds: HoldsRule = (rule, self, old) =>
    (!rule.transition && old !== undefined && sameJson(self, old)) || cel(rule, self, old);
  // rules about the name need one: that it is missing has been said
  const judged = typeof sent.metadata.name === 'string' ? kind : { ...kind, rules: [] };
  const rules = ruleErrors(judged, admitted, options.old, holds).map(fromProblem('rule'));
  const policies =
    judged === kind ? policyFindings(admitted, options.old, options) : ([] as ManifestFinding[]);
  return { ...verdictOf([...early, ...rules, ...policies]), stored: admitted };
}

/** Pruned, defaulted by the CRD, defaulted by our webhook. */
function admit(object: KubeObject, operation: Operation, options: JudgeOptions): KubeObject {
  const { group, version, kind } = KINDS[object.kind as keyof typeof KINDS];
  const arrived = storedForm(kind, object);
  if (options.webhooks === false) return arrived;
  const { patch } = mutateSafely({
    uid: '',
    kind: { group, version, kind },
    name: object.metadata.name,
    namespace: namespaceOf(object, options),
    operation,
    user: options.user ?? DEFAULT_USER,
    dryRun: true,
    object: arrived,
    ...(options.old ? { oldObject: options.old } : {}),
  });
  if (!patch || patch.length === 0) return arrived;
  const document = structuredClone(arrived);
  jsonPatch.applyPatch(document, patch as jsonPatch.Operation[]);
  return storedForm(kind, document);
}

/** What the webhook would add. An object that it cannot read is left to the schema. */
function mutateSafely(request: AdmissionRequest): Verdict {
  try {
    return mutate(request);
  } catch (error) {
    if (shapeErrors(request.kind.kind, request.object).length === 0) throw error;
    return { allowed: true };
  }
}

function policyFindings(
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  options: JudgeOptions,
): ManifestFinding[] {
  const subject = object ?? old;
  if (!subject || options.webhooks === false) return [];
  const context = createContext({
    operation: object ? (old ? 'UPDATE' : 'CREATE') : 'DELETE',
    kind: subject.kind as PolicyKind,
    name: subject.metadata.name,
    namespace: namespaceOf(subject, options),
    user: options.user ?? DEFAULT_USER,
    trustedUsers: [...(options.trustedUsers ?? []), ...CLEANUP_USERS],
    world: options.world ?? OFFLINE_WORLD,
    ...(object ? { object } : {}),
    ...(old ? { old } : {}),
  });
  const judged = runPolicies(options.policies ?? POLICIES, context, options.modes);
  return setAside(judged, context, options).map(fromJudged);
}

/** Denials that the object asks to set aside, and the user may, are warnings; the others say why not. */
function setAside(judged: Judged[], context: PolicyContext, options: JudgeOptions): Judged[] {
  const { object, old, user, namespace } = context;
  const asked = readBypass((object ?? old)?.metadata.annotations, options.policies ?? POLICIES);
  if (!asked) return judged;
  const problem = problemOf(asked);
  const answers =
    problem === undefined ? (options.bypass ?? nobodySays(asked.ids)) : new Map<string, Answer>();
  return applyBypass(asked, judged, answers, { user, namespace }).judged.map((one) => {
    const { mode, policy, finding } = one;
    if (mode !== 'deny' || !asked.ids.includes(policy.id)) return one;
    const why = problem ?? whyNot(answers.get(policy.id));
    return {
      ...one,
      finding: { ...finding, message: `${finding.message} (not set aside: ${why})` },
    };
  });
}

const nobodySays = (ids: readonly string[]): Map<string, Answer> =>
  new Map(ids.map((id) => [id, { allowed: false, why: NOBODY_ASKED }]));

const NOBODY_ASKED =
  'whether you have the right to is known in the cluster only, see --against-cluster';

const whyNot = (answer: Answer | undefined): string =>
  answer?.allowed === false ? answer.why : 'nobody could say whether you have the right to';

function verdictOf(findings: readonly ManifestFinding[]): ManifestVerdict {
  const denied = findings.some(({ severity }) => severity === 'error');
  return {
    verdict: denied ? 'denied' : 'accepted',
    findings: findings.toSorted(
      (a, b) =>
        Number(a.severity === 'warning') - Number(b.severity === 'warning') ||
        compareText(a.path, b.path) ||
        compareText(a.check, b.check),
    ),
  };
}

const fromProblem =
  (check: Check) =>
  ({ path, ...rest }: Problem): ManifestFinding => ({
    severity: 'error',
    check,
    path: pointerOf(segmentsOfPath(path)),
    ...rest,
  });

function fromJudged({ policy, finding, mode, bypass }: Judged): ManifestFinding {
  const { path, allowed, fix, brief } = finding;
  const aside = bypass ? ` (set aside by ${bypass.user}: ${bypass.reason})` : '';
  const message = `${finding.message}${aside}`;
  return {
    severity: mode === 'deny' ? 'error' : 'warning',
    check: policy.code as Check,
    policy: policy.id,
    path,
    ...('value' in finding ? { value: finding.value } : {}),
    message,
    allowed,
    fix,
    ...(brief === undefined ? {} : { brief }),
  };
}

/** With the name that the API server would make of `generateName`: five more characters. */
function named(object: KubeObject): KubeObject {
  const { name, generateName } = (object.metadata ?? {}) as {
    name?: string;
    generateName?: string;
  };
  if (name || typeof generateName !== 'string' || generateName === '') return object;
  return { ...object, metadata: { ...object.metadata, name: `${generateName}xxxxx` } };
}

const namespaceOf = (object: KubeObject, options: JudgeOptions): string =>
  object.metadata.namespace ?? options.namespace ?? 'default';

/** By UTF-16 code units: the same on every machine. */
const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** The text of a finding in one line: where, what, what is allowed, what to do, who says so. */
export function describe({ path, value, ...finding }: ManifestFinding): string {
  const subject = [path, value === undefined ? '' : showValue(value)]
    .filter((part) => part !== '')
    .join(' = ');
  const what = subject === '' ? finding.message : `${subject}: ${finding.message}`;
  const allowed = finding.allowed === undefined ? '' : ` Allowed: ${finding.allowed}.`;
  const { check, policy, fix } = finding;
  const anchor = policy === undefined ? check : `${check} ${policy}`;
  return printable(`${what}.${allowed} Fix: ${fix}. [${anchor}]`);
}
