import type { KubeApi } from '../kube/api.ts';
import { apiPath } from '../kube/api.ts';
import { sleep, type Clock } from '../kube/clock.ts';
import { isKubeError } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import type { MultigresClusterSpec } from '../schemas/types.ts';
import { textOf } from '../schemas/text.ts';

interface SelfCheckDeps {
  kube: Pick<KubeApi, 'raw'>;
  clock: Clock;
  log: Log;
  namespace: string;
  /** How long to go on trying, in milliseconds. */
  limitMs: number;
}

const PAUSE_MS = 1000;

/**
 * Asks the API server, as a dry run, to create a cluster, until its answer shows the hand of the
 * webhook: that all of API server, Service, certificate and CA bundle work together. This is what
 * an installation waits for. Resolves with false when the time is over.
 */
export async function selfCheck(deps: SelfCheckDeps): Promise<boolean> {
  const { clock, log, limitMs } = deps;
  const start = clock.now();
  for (let attempt = 1; ; attempt++) {
    const problem = await tryOnce(deps);
    const ms = clock.now() - start;
    if (problem === undefined) {
      log.info({ attempt, ms }, 'the API server reaches the webhook');
      return true;
    }
    if (ms >= limitMs) {
      log.error({ attempt, ms, problem }, 'the API server does not reach the webhook');
      return false;
    }
    log.debug({ attempt, problem }, 'not yet');
    await sleep(clock, PAUSE_MS);
  }
}

async function tryOnce({ kube, namespace }: SelfCheckDeps): Promise<string | undefined> {
  const kind = KINDS.MultigresCluster;
  const object = {
    apiVersion: `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: { name: 'self-check', namespace },
    spec: {
      postgresPasswordSecretRef: { name: 'self-check', key: 'password' },
      cells: [{ name: 'self-check', zoneId: 'self-check' }],
    },
  };
  try {
    const path = `${apiPath(kind, namespace)}?dryRun=All`;
    const answer = (await kube.raw('POST', path, object)) as KubeObject<MultigresClusterSpec>;
    // Neither the object nor the CRD's defaults have it: only the webhook writes it.
    return answer.spec?.durabilityPolicy
      ? undefined
      : 'the answer holds no defaults of the webhook';
  } catch (error) {
    const text = textOf(error);
    // A refusal by a policy comes from the webhook as well.
    return isKubeError(error, 'denied') && /denied the request/.test(text) ? undefined : text;
  }
}
