import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import { mayBypass } from './access.ts';
import { createDeadline } from './deadline.ts';
import { malformed } from './malformed.ts';
import { outcomeOf, type WebhookMetrics } from './metrics.ts';
import { resolveModes } from './modes.ts';
import { mutate } from './mutate.ts';
import { POLICIES } from './policies/index.ts';
import type { PolicySource } from './policy-source.ts';
import type { AdmissionRequest, Verdict } from './review.ts';
import { internalError, type Step } from './server.ts';
import { short } from './text.ts';
import { validate, type Judgement } from './validate.ts';
import { worldFor, type WorldDeps } from './world.ts';

export interface StepsDeps {
  kube: Pick<KubeApi, 'get' | 'list' | 'raw'>;
  live: WorldDeps['live'];
  /** See WorldDeps. */
  controllerAgeMs: WorldDeps['controllerAgeMs'];
  trustedUsers: readonly string[];
  zoneLabels: readonly string[];
  policySource: PolicySource;
  events: Pick<EventRecorder, 'event'>;
  clock: Clock;
  log: Log;
  metrics: WebhookMetrics;
  /**
   * A review that takes longer is refused with a text, in milliseconds; below the `timeoutSeconds: 10`
   * of the configurations. Default 5000.
   */
  reviewMs?: number;
}

const REVIEW_MS = 5000;

/** The two admission steps with their log line and metrics: one line per review. */
export function createSteps(deps: StepsDeps): { mutate: Step; validate: Step } {
  const { policySource, trustedUsers } = deps;
  return {
    mutate: observed(deps, 'mutate', (request) => {
      const answer = (verdict: Verdict) => Promise.resolve({ verdict, judged: [] });
      try {
        return answer(mutate(request));
      } catch (error) {
        // The schema is checked after us and says what is wrong with the object.
        if (malformed(request, error)) return answer({ allowed: true });
        throw error;
      }
    }),
    validate: observed(deps, 'validate', (request) => {
      const { settings, modes } = policySource.config();
      return validate(
        {
          policies: POLICIES,
          trustedUsers,
          modes: async (namespace) =>
            resolveModes(POLICIES, modes, namespace, await policySource.labelsOf(namespace)),
          world: (kind, asked) => worldFor({ ...deps, settings: () => settings }, kind, asked),
          mayBypass: (asked, ids) => mayBypass(deps, asked, ids),
        },
        request,
      );
    }),
  };
}

/** A bypass leaves a trace where people look: an Event of the object, and a number. */
function recordBypass(
  { events, metrics }: StepsDeps,
  { object, oldObject, user, operation }: AdmissionRequest,
  bypassed: Judgement['bypassed'],
): void {
  const subject = object ?? oldObject;
  if (!bypassed || !subject) return;
  for (const id of bypassed.ids) metrics.bypass(id);
  const { generation } = subject.metadata;
  const version = generation === undefined ? '' : `, generation ${generation}`;
  events.event(
    subject,
    'Warning',
    'PolicyBypassed',
    `${user} bypassed ${bypassed.ids.join(', ')} (${operation}${version}): ${bypassed.reason}`,
  );
}

/** Does the work of a review in time. What is told is what became of the answer that leaves, no other. */
function observed(
  deps: StepsDeps,
  step: string,
  work: (request: AdmissionRequest) => Promise<Judgement>,
): Step {
  const { clock, reviewMs = REVIEW_MS } = deps;
  const inTime = createDeadline(clock, reviewMs);
  return async (request) => {
    const start = clock.now();
    let judgement: Judgement;
    let failure: unknown;
    try {
      judgement = await inTime(work(request));
      failure = judgement.judged.find((one) => one.failure)?.failure?.error;
    } catch (error) {
      const bad = malformed(request, error);
      if (!bad) failure = error;
      judgement = { verdict: bad ?? internalError(error), judged: [] };
    }
    const ms = clock.now() - start;
    return {
      verdict: judgement.verdict,
      told: () => tell(deps, request, judgement, { step, ms, failure }),
    };
  };
}

/** The line of a review, its numbers, and the Event of a bypass. */
function tell(
  deps: StepsDeps,
  request: AdmissionRequest,
  judgement: Judgement,
  { step, ms, failure }: { step: string; ms: number; failure: unknown },
): void {
  const { log, metrics } = deps;
  const { verdict, judged, bypassed } = judgement;
  metrics.review(step, request, verdict, ms / 1000);
  if (!request.dryRun) {
    metrics.findings(judged);
    recordBypass(deps, request, bypassed);
  }
  const policies = [...new Set(judged.map(({ policy }) => policy.id))];
  const line = {
    step,
    uid: short(request.uid),
    user: short(request.user),
    operation: request.operation,
    kind: short(request.kind.kind),
    ns: short(request.namespace),
    name: short(request.name),
    verdict: outcomeOf(verdict),
    ...(policies.length > 0 ? { policies } : {}),
    ...(bypassed ? { bypassed: bypassed.ids, reason: bypassed.reason } : {}),
    ...(request.dryRun ? { dryRun: true } : {}),
    ms,
  };
  if (failure === undefined) log.info(line, 'review');
  else log.error({ ...line, err: failure }, 'review failed');
}
