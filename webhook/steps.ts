import type { KubeApi } from '../controller/kube/api.ts';
import type { Clock } from '../controller/kube/clock.ts';
import type { Log } from '../controller/log.ts';
import { outcomeOf, type WebhookMetrics } from './metrics.ts';
import { mutate } from './mutate.ts';
import { POLICIES } from './policies/index.ts';
import type { ModeOverrides } from './policies/policy.ts';
import type { AdmissionRequest, Verdict } from './review.ts';
import { internalError, type Step } from './server.ts';
import { validate } from './validate.ts';
import { worldFor, type WorldDeps } from './world.ts';

export interface StepsDeps {
  kube: Pick<KubeApi, 'get' | 'list'>;
  live: WorldDeps['live'];
  /** See WorldDeps. */
  controllerAgeMs: WorldDeps['controllerAgeMs'];
  trustedUsers: readonly string[];
  zoneLabels: readonly string[];
  modes: ModeOverrides;
  clock: Clock;
  log: Log;
  metrics: WebhookMetrics;
}

/** The two admission steps with their log line and metrics: one line per review. */
export function createSteps(deps: StepsDeps): { mutate: Step; validate: Step } {
  const { modes, trustedUsers, metrics } = deps;
  return {
    mutate: observed(deps, 'mutate', (request) =>
      Promise.resolve({ verdict: mutate(request), policies: [] }),
    ),
    validate: observed(deps, 'validate', async (request) => {
      const { verdict, judged } = await validate(
        {
          policies: POLICIES,
          modes,
          trustedUsers,
          world: (kind, asked) => worldFor(deps, kind, asked),
        },
        request,
      );
      metrics.findings(judged);
      return { verdict, policies: [...new Set(judged.map(({ policy }) => policy.id))] };
    }),
  };
}

type Work = (request: AdmissionRequest) => Promise<{ verdict: Verdict; policies: string[] }>;

function observed({ clock, log, metrics }: StepsDeps, step: string, work: Work): Step {
  return async (request) => {
    const start = clock.now();
    let verdict: Verdict;
    let policies: string[] = [];
    let failure: unknown;
    try {
      ({ verdict, policies } = await work(request));
    } catch (error) {
      failure = error;
      verdict = internalError(error);
    }
    const ms = clock.now() - start;
    metrics.review(step, request, verdict, ms / 1000);
    const line = {
      step,
      uid: request.uid,
      user: request.user,
      operation: request.operation,
      kind: request.kind.kind,
      ns: request.namespace,
      name: request.name,
      verdict: outcomeOf(verdict),
      ...(policies.length > 0 ? { policies } : {}),
      ...(request.dryRun ? { dryRun: true } : {}),
      ms,
    };
    if (failure === undefined) log.info(line, 'review');
    else log.error({ ...line, err: failure }, 'review failed');
    return verdict;
  };
}
